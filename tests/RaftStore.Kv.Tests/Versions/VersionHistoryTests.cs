using RaftStore.Kv.Versions;

namespace RaftStore.Kv.Tests.Versions;

public sealed class VersionHistoryTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void History_RandomAppendsAndDrops_EveryHeaderStaysAsItWas(int seed)
    {
        Random random = new(seed);
        VersionHistory? history = null;
        Queue<KeyVersion> model = new();
        List<(VersionHistory Header, KeyVersion[] Expected)> held = [];
        for (int revision = 1; revision <= 3_000; revision++)
        {
            bool grows = revision / 500 % 2 == 0;
            if (history is null || random.Next(100) < (grows ? 70 : 35))
            {
                KeyVersion version = Version(revision);
                history = VersionHistory.Append(history, version);
                model.Enqueue(version);
            }
            else
            {
                Assert.Same(model.Peek(), history.Oldest);
                history = history.DropOldest();
                model.Dequeue();
            }

            Assert.Equal(model.Count == 0, history is null);
            if (history is not null)
            {
                held.Add((history, [.. model]));
                Assert.InRange(history.DroppedInMemory, 0, model.Count - 1);
            }
        }

        foreach ((VersionHistory header, KeyVersion[] expected) in held)
        {
            Assert.True(header.Versions.SequenceEqual(expected));
        }
    }

    [Fact]
    public void At_EveryRevision_IsTheNewestVersionUpToIt()
    {
        VersionHistory? history = null;
        foreach (long revision in new long[] { 3, 5, 6, 20 })
        {
            history = VersionHistory.Append(history, Version(revision));
        }

        long?[] expected = [null, null, null, 3, 3, 5, 6, 6];
        Assert.Equal(expected, Enumerable.Range(0, 8).Select(revision => history!.At(revision)?.ModRevision));
        Assert.Equal(6, history!.At(19)!.ModRevision);
        Assert.Equal(20, history.At(20)!.ModRevision);
        Assert.Equal(20, history.At(long.MaxValue)!.ModRevision);
        Assert.Null(history.DropOldest()!.At(4));
    }

    [Fact]
    public void Of_VersionsInOrder_IsTheirHistoryAndOfNoneIsNull()
    {
        KeyVersion[] versions = [Version(1), Version(2)];
        Assert.True(VersionHistory.Of(versions)!.Versions.SequenceEqual(versions));
        Assert.Null(VersionHistory.Of([]));
    }

    private static KeyVersion Version(long revision) => new("k"u8, "v"u8, new VersionStamp(1, revision, revision, 0, 0));
}
