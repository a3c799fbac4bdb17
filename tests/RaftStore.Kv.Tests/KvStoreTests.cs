using RaftStore.Kv.Tests.Support;

namespace RaftStore.Kv.Tests;

public sealed class KvStoreTests
{
    private readonly KvStore _store = new();
    private long _index;

    [Fact]
    public void Store_New_IsEmptyAtZero()
    {
        KvView view = _store.Current;
        Assert.Equal((0, 0, 0, 0, 0), (view.Revision, view.CompactedRevision, view.AppliedIndex, view.KeyCount, view.StoredBytes));
        Assert.Empty(view.List(Bytes.Range("", null), 0, 10, 100, reverse: false).Items);
        Assert.Empty(_store.RecordedHashes);
        Assert.Equal(KvLimits.Default, view.Limits);
    }

    [Fact]
    public void Put_TwiceThenDeletedAndPutAgain_CountsVersionsAndRevisions()
    {
        Assert.Equal(new KvResult(KvStatus.Done, 1, 1, 0, null), Apply(KvCommand.Put("a"u8, "1"u8)));
        Assert.Equal(new KvResult(KvStatus.Done, 2, 2, 0, null), Apply(KvCommand.Put("a"u8, "2"u8)));
        Assert.Equal("61=32 c1 m2 v2 l0", Item("a"));
        Assert.Equal(new KvResult(KvStatus.Done, 3, 0, 1, null), Apply(KvCommand.Delete("a"u8)));
        Assert.Null(Item("a"));
        Assert.Equal(new KvResult(KvStatus.Done, 4, 1, 0, null), Apply(KvCommand.Put("a"u8, "3"u8)));
        Assert.Equal("61=33 c4 m4 v1 l0", Item("a"));
        Assert.Equal("61=31 c1 m1 v1 l0", Item("a", revision: 1));
        Assert.Equal("61=32 c1 m2 v2 l0", Item("a", revision: 2));
        Assert.Null(Item("a", revision: 3));
        Assert.Null(Item("a", revision: 0));
    }

    [Fact]
    public void NoOpsAndWritesThatChangeNothing_MoveTheIndexAndNoRevision()
    {
        Apply(KvCommand.Put("a"u8, "1"u8));
        Assert.Equal(new KvResult(KvStatus.Done, 1, 0, 0, null), Apply([]));
        Assert.Equal(new KvResult(KvStatus.Done, 1, 0, 0, null), Apply(KvCommand.Delete("b"u8)));
        Assert.Equal(new KvResult(KvStatus.Done, 1, 0, 0, null), Apply(KvCommand.DeleteRange(Bytes.Range("x", "z"))));
        Assert.Equal(KvStatus.ConditionFailed, Apply(KvCommand.Put("a"u8, "1"u8, new KvCondition(KvConditionKind.NotExists, 0))).Status);
        Assert.Equal((5, 1), (_store.Current.AppliedIndex, _store.Current.Revision));
    }

    [Fact]
    public void Apply_BeforePublish_ShowsNothing()
    {
        KvView before = _store.Current;
        _store.Apply(1, 5, KvCommand.Put("a"u8, "1"u8));
        Assert.Same(before, _store.Current);
        Assert.False(before.TryGet("a"u8, 0, out _));
        _store.Publish();
        KvView after = _store.Current;
        Assert.True(after.TryGet("a"u8, 1, out _));
        Assert.Equal((1, 5), (after.AppliedIndex, after.ClusterTimeMs));
        _store.Publish();
        Assert.Same(after, _store.Current);
        Assert.Equal(0, before.Revision);
    }

    public static TheoryData<KvConditionKind, long, bool, bool> Conditions => new()
    {
        // kind, revision, holds on a key with mod revision 2, holds on a missing key
        { KvConditionKind.None, 0, true, true },
        { KvConditionKind.ModRevisionIs, 0, false, true },
        { KvConditionKind.ModRevisionIs, 1, false, false },
        { KvConditionKind.ModRevisionIs, 2, true, false },
        { KvConditionKind.ModRevisionIs, 3, false, false },
        { KvConditionKind.Exists, 0, true, false },
        { KvConditionKind.NotExists, 0, false, true },
    };

    [Theory]
    [MemberData(nameof(Conditions))]
    public void Condition_OnPutAndDelete_DecidesAndShowsWhatTheKeyHolds(KvConditionKind kind, long revision, bool holdsThere, bool holdsMissing)
    {
        KvCondition condition = new(kind, revision);
        Apply(KvCommand.Put("a"u8, "0"u8));
        Apply(KvCommand.Put("a"u8, "1"u8));
        foreach (byte[] command in (byte[][])[KvCommand.Put("b"u8, "n"u8, condition), KvCommand.Delete("b"u8, condition)])
        {
            // On the missing key first, with whatever the put before has made taken back.
            KvResult missing = Apply(command);
            Assert.Equal(holdsMissing ? KvStatus.Done : KvStatus.ConditionFailed, missing.Status);
            Assert.Null(missing.Previous);
            Apply(KvCommand.Delete("b"u8));
        }

        KvResult delete = holdsThere ? default : Apply(KvCommand.Delete("a"u8, condition));
        KvResult put = Apply(KvCommand.Put("a"u8, "n"u8, condition));
        Assert.Equal(holdsThere ? KvStatus.Done : KvStatus.ConditionFailed, put.Status);
        Assert.Equal(holdsThere ? null : "61=31 c1 m2 v2 l0", put.Previous is { } held ? Bytes.Describe(held) : null);
        Assert.Equal(holdsThere ? null : "61=31 c1 m2 v2 l0", delete.Previous is { } shown ? Bytes.Describe(shown) : null);
        Assert.Equal(holdsThere ? "n" : "1", Value("a"));
    }

    [Fact]
    public void Previous_WhereAskedFor_IsTheItemBefore()
    {
        Assert.Null(Apply(KvCommand.Put("a"u8, "1"u8, default, wantsPrevious: true)).Previous);
        Assert.Equal("61=31 c1 m1 v1 l0", Bytes.Describe(Apply(KvCommand.Put("a"u8, "2"u8, default, wantsPrevious: true)).Previous!.Value));
        Assert.Null(Apply(KvCommand.Put("a"u8, "3"u8)).Previous);
        Assert.Equal("61=33 c1 m3 v3 l0", Bytes.Describe(Apply(KvCommand.Delete("a"u8, default, wantsPrevious: true)).Previous!.Value));
        Assert.Null(Apply(KvCommand.Delete("a"u8, default, wantsPrevious: true)).Previous);
        Assert.Null(Apply(KvCommand.Put("a"u8, "4"u8, default, wantsPrevious: true)).Previous);
    }

    [Fact]
    public void DeleteRange_SeveralKeys_ShareOneRevision()
    {
        foreach (string key in (string[])["a", "b", "c", "d"])
        {
            Apply(KvCommand.Put(Bytes.Of(key), "v"u8));
        }

        Assert.Equal(new KvResult(KvStatus.Done, 5, 0, 2, null), Apply(KvCommand.DeleteRange(Bytes.Range("b", "d"))));
        Assert.Equal(["a", "d"], Keys(5));
        Assert.Equal(["a", "b", "c", "d"], Keys(4));
        Assert.Equal(new KvResult(KvStatus.Done, 6, 0, 2, null), Apply(KvCommand.DeleteRange(Bytes.Range("", null))));
        Assert.Equal(0, _store.Current.KeyCount);
    }

    [Fact]
    public void DeleteRange_OneKeyTooMany_ChangesNothing()
    {
        for (int i = 0; i <= KvCommand.RangeKeysMax; i++)
        {
            _store.Apply(++_index, 0, KvCommand.Put(Bytes.Numbered("k", i), []));
        }

        KvResult refused = Apply(KvCommand.DeleteRange(KeyRange.Prefix("k"u8.ToArray())));
        Assert.Equal(new KvResult(KvStatus.RangeTooLarge, 10_001, 0, 0, null), refused);
        Assert.Equal(10_001, _store.Current.KeyCount);
        Apply(KvCommand.Delete(Bytes.Numbered("k", 7)));
        Assert.Equal(new KvResult(KvStatus.Done, 10_003, 0, 10_000, null), Apply(KvCommand.DeleteRange(KeyRange.Prefix("k"u8.ToArray()))));
        Assert.Equal(0, _store.Current.KeyCount);
    }

    [Fact]
    public void Quota_Reached_RefusesPutsAndLetsDeletesFreeSpace()
    {
        KvStore store = Bytes.Store(new KvLimits { QuotaBytes = 100, HistoryAgeMs = 0, HistoryRevisionsMin = 0 });
        byte[] value = new byte[49];
        Assert.Equal(KvStatus.Done, store.Apply(1, 0, KvCommand.Put("a"u8, value)).Status);
        Assert.Equal(KvStatus.Done, store.Apply(2, 0, KvCommand.Put("b"u8, value)).Status);
        Assert.Equal(new KvResult(KvStatus.QuotaReached, 2, 0, 0, null), store.Apply(3, 0, KvCommand.Put("c"u8, [])));
        Assert.Equal(KvStatus.ConditionFailed, store.Apply(4, 0, KvCommand.Put("c"u8, [], new KvCondition(KvConditionKind.Exists, 0))).Status);
        Assert.Equal(KvStatus.Done, store.Apply(5, 0, KvCommand.Delete("a"u8)).Status);
        store.Publish();
        Assert.Equal(50, store.Current.StoredBytes);
        Assert.Equal(KvStatus.Done, store.Apply(6, 0, KvCommand.Put("c"u8, value)).Status);
        Assert.Equal(KvStatus.QuotaReached, store.Apply(7, 0, KvCommand.Put("c"u8, value)).Status);
        store.Publish();
        Assert.Equal(100, store.Current.StoredBytes);
    }

    [Fact]
    public void Limits_OfKeyAndValue_RefuseWhatIsLonger()
    {
        KvStore store = Bytes.Store(new KvLimits { KeyBytesMax = 3, ValueBytesMax = 5 });
        Assert.Equal(KvStatus.Done, store.Apply(1, 0, KvCommand.Put("abc"u8, "12345"u8)).Status);
        Assert.Equal(new KvResult(KvStatus.TooLarge, 1, 0, 0, null), store.Apply(2, 0, KvCommand.Put("abcd"u8, [])));
        Assert.Equal(KvStatus.TooLarge, store.Apply(3, 0, KvCommand.Put("abc"u8, "123456"u8)).Status);
        Assert.Equal(KvStatus.Done, store.Apply(4, 0, KvCommand.Delete("abcd"u8)).Status);
    }

    [Fact]
    public void Apply_IndexOrTimeOutOfOrder_IsABrokenInvariant()
    {
        _store.Apply(1, 10, []);
        Assert.Throws<KvInvariantException>(() => _store.Apply(1, 10, []));
        Assert.Throws<KvInvariantException>(() => _store.Apply(3, 10, []));
        Assert.Throws<KvInvariantException>(() => _store.Apply(2, 9, []));
        _store.Apply(2, 10, []);
    }

    [Fact]
    public void Apply_UnknownCommand_ThrowsAndChangesNothing()
    {
        Apply(KvCommand.Put("a"u8, "1"u8));
        string hash = _store.Current.Hash;
        UnknownCommandException unknown = Assert.Throws<UnknownCommandException>(() => _store.Apply(2, 0, [9, 1, 0, 0]));
        Assert.Contains("Entry 2", unknown.Message, StringComparison.Ordinal);
        Assert.Contains("kind 9", unknown.Message, StringComparison.Ordinal);
        _store.Publish();
        Assert.Equal(hash, _store.Current.Hash);
        Apply([]);
    }

    [Fact]
    public void View_RevisionOutsideItsHistory_IsRefused()
    {
        Apply(KvCommand.Put("a"u8, "1"u8));
        KvView view = _store.Current;
        Assert.Throws<ArgumentOutOfRangeException>(() => view.TryGet("a"u8, 2, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => view.TryGet("a"u8, -1, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => view.Count(Bytes.Range("", null), 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => view.List(Bytes.Range("", null), 2, 1, 1, reverse: false));
        Assert.Throws<ArgumentOutOfRangeException>(() => view.List(Bytes.Range("", null), 1, 0, 1, reverse: false));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void List_BytesBound_EndsThePageButNeverBeforeTheFirstItem(bool reverse)
    {
        for (int i = 0; i < 4; i++)
        {
            Apply(KvCommand.Put(Bytes.Of("k" + (char)('0' + i)), new byte[8]));
        }

        KvView view = _store.Current;
        KeyRange all = Bytes.Range("", null);
        Assert.Equal((1, true), Page(view.List(all, 4, 100, 0, reverse)));
        Assert.Equal((1, true), Page(view.List(all, 4, 100, 19, reverse)));
        Assert.Equal((2, true), Page(view.List(all, 4, 100, 20, reverse)));
        Assert.Equal((4, false), Page(view.List(all, 4, 100, 40, reverse)));
        Assert.Equal((4, false), Page(view.List(all, 4, 4, 40, reverse)));
        Assert.Equal((3, true), Page(view.List(all, 4, 3, 40, reverse)));
        Assert.Equal((0, false), Page(view.List(Bytes.Range("x", "b"), 4, 3, 40, reverse)));
    }

    [Fact]
    public void Prefix_AnyBytes_EndsBehindItsLastKey()
    {
        Assert.Equal("62", End("a"u8));
        Assert.Equal("6162", End("aa"u8));
        Assert.Equal("62", End([0x61, 0xFF, 0xFF]));
        Assert.Null(End([0xFF, 0xFF]));
        Assert.Null(End([]));
        Assert.Equal("0001", End([0, 0]));

        static string? End(ReadOnlySpan<byte> prefix) => KeyRange.Prefix(prefix.ToArray()).End is { } end ? Convert.ToHexString(end.Span) : null;
    }

    private static (int Count, bool More) Page(KvPage page) => (page.Items.Count, page.More);

    private KvResult Apply(byte[] command)
    {
        KvResult result = _store.Apply(++_index, 0, command);
        _store.Publish();
        return result;
    }

    private string? Item(string key, long? revision = null) =>
        _store.Current.TryGet(Bytes.Of(key), revision ?? _store.Current.Revision, out KvItem item) ? Bytes.Describe(item) : null;

    private string? Value(string key) => _store.Current.TryGet(Bytes.Of(key), _store.Current.Revision, out KvItem item) ? Bytes.Text(item.Value) : null;

    private string[] Keys(long revision) =>
        [.. _store.Current.List(Bytes.Range("", null), revision, 100, 1000, reverse: false).Items.Select(item => Bytes.Text(item.Key))];
}
