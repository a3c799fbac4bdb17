using RaftStore.Kv;
using RaftStore.Server.Http;

namespace RaftStore.Server.Tests.Http;

public sealed class ListCursorTests
{
    private static readonly KeyRange Range = new(new byte[] { 1, 2 }, new byte[] { 9 });

    [Fact]
    public void Cursor_Encoded_ComesBack()
    {
        ulong digest = ListCursor.Digest(Range, reverse: false, keysOnly: false);
        byte[] key = [0, 255, 7];

        Assert.Null(ListCursor.TryDecode(new ListCursor(long.MaxValue, digest, key).Encode(), digest, out ListCursor cursor));

        Assert.Equal((long.MaxValue, digest), (cursor.Revision, cursor.QueryDigest));
        Assert.Equal(key, cursor.LastKey.ToArray());
    }

    [Fact]
    public void Cursor_OfTheLongestKey_ComesBack()
    {
        byte[] key = new byte[KvCommand.KeyBytesMax];

        Assert.Null(ListCursor.TryDecode(new ListCursor(1, 2, key).Encode(), 2, out ListCursor cursor));

        Assert.Equal(key.Length, cursor.LastKey.Length);
    }

    [Fact]
    public void Cursor_ChangedOrCutAnywhere_IsRefused()
    {
        string text = new ListCursor(5, 7, "key"u8.ToArray()).Encode();
        for (int place = 0; place < text.Length; place++)
        {
            foreach (char other in "AZaz09-_")
            {
                string changed = text[..place] + other + text[(place + 1)..];
                if (changed != text)
                {
                    Assert.Equal(ProblemType.InvalidCursor, ListCursor.TryDecode(changed, 7, out _)?.Type);
                }
            }

            Assert.Equal(ProblemType.InvalidCursor, ListCursor.TryDecode(text[..place], 7, out _)?.Type);
        }
    }

    [Fact]
    public void Cursor_OfAnotherQuery_IsRefused() =>
        Assert.Contains("another query", ListCursor.TryDecode(new ListCursor(5, 7, "key"u8.ToArray()).Encode(), 8, out _)!.Detail, StringComparison.Ordinal);

    [Fact]
    public void Digest_OfDifferentQueries_Differs()
    {
        byte[] empty = [];
        ulong[] digests =
        [
            ListCursor.Digest(Range, reverse: false, keysOnly: false),
            ListCursor.Digest(Range, reverse: true, keysOnly: false),
            ListCursor.Digest(Range, reverse: false, keysOnly: true),
            ListCursor.Digest(Range with { End = null }, reverse: false, keysOnly: false),
            ListCursor.Digest(new KeyRange(new byte[] { 1 }, new byte[] { 2, 9 }), reverse: false, keysOnly: false),
            ListCursor.Digest(new KeyRange(empty, null), reverse: false, keysOnly: false),
            ListCursor.Digest(new KeyRange(empty, empty), reverse: false, keysOnly: false),
        ];

        Assert.Equal(digests.Length, digests.Distinct().Count());
        Assert.Equal(digests[0], ListCursor.Digest(new KeyRange(new byte[] { 1, 2 }, new byte[] { 9 }), reverse: false, keysOnly: false));
    }

    [Fact]
    public void Rest_AfterAKey_LeavesOutThatKeyAlone()
    {
        byte[] last = [5];

        Assert.Equal(new byte[] { 5, 0 }, ListCursor.RestAfter(Range, last, reverse: false).Start.ToArray());
        Assert.Equal(new byte[] { 9 }, ListCursor.RestAfter(Range, last, reverse: false).End!.Value.ToArray());
        Assert.Equal(last, ListCursor.RestAfter(Range, last, reverse: true).End!.Value.ToArray());
    }
}
