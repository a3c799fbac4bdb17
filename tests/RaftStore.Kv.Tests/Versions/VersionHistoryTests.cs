using RaftStore.Kv.Tests.Support;
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
                Assert.InRange(history.DroppedInMemory, 0, model.Count + VersionHistory.BlockVersions - 1);
            }
        }

        foreach ((VersionHistory header, KeyVersion[] expected) in held)
        {
            Assert.Equal(expected, VersionLists.Of(header));
        }
    }

    [Theory]
    [InlineData(4, 5_000, 20)]
    [InlineData(5, 1_500, 1_000)]
    [InlineData(6, 514, 3)]
    public void History_LongerThanABlock_GrowsAndShrinksAndEveryHeaderStaysAsItWas(int seed, int longest, int shortest)
    {
        Random random = new(seed);
        List<KeyVersion> model = [];
        VersionHistory? history = null;
        List<(VersionHistory Header, int Start, int End)> held = [];
        int start = 0;
        int end = 0;
        for (int wave = 0; wave < 3; wave++)
        {
            while (end - start < longest)
            {
                Append();
            }

            while (history is not null && end - start > shortest)
            {
                Drop();
                if (random.Next(4) == 0)
                {
                    Append();
                }
            }
        }

        while (history is not null)
        {
            Drop();
        }

        Assert.Equal(start, end);
        foreach ((VersionHistory header, int first, int last) in held)
        {
            Assert.Equal(last - first, header.Count);
            Assert.Same(model[first], header.Oldest);
            int place = random.Next(header.Count);
            Assert.Same(model[first + place], header[place]);
            Assert.Same(model[first + place], header.At(model[first + place].ModRevision));
            Assert.Null(header.At(model[first].ModRevision - 1));
            Assert.Same(model[last - 1], header.At(long.MaxValue));
        }

        void Append()
        {
            model.Add(Version(model.Count + 1));
            history = VersionHistory.Append(history, model[^1]);
            end++;
            Hold();
        }

        void Drop()
        {
            Assert.Same(model[start], history!.Oldest);
            history = history.DropOldest();
            start++;
            Hold();
        }

        void Hold()
        {
            if (history is not null)
            {
                Assert.InRange(history.DroppedInMemory, 0, end - start + VersionHistory.BlockVersions - 1);
                held.Add((history, start, end));
            }
        }
    }

    [Theory]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(513)]
    [InlineData(1_024)]
    [InlineData(1_025)]
    public void Of_AsManyVersionsAsBlocksHold_CanBeReadAppendedToAndDropped(int count)
    {
        KeyVersion[] versions = [.. Enumerable.Range(1, count).Select(revision => Version(revision))];
        VersionHistory? history = VersionHistory.Of(versions);
        Assert.Equal(versions, VersionLists.Of(history));
        KeyVersion next = Version(count + 1);
        history = VersionHistory.Append(history, next);
        Assert.Equal([.. versions, next], VersionLists.Of(history));
        for (int dropped = 0; dropped < count; dropped++)
        {
            history = history!.DropOldest();
        }

        Assert.Same(next, Assert.Single(VersionLists.Of(history)));
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
        Assert.Equal(versions, VersionLists.Of(VersionHistory.Of(versions)));
        Assert.Null(VersionHistory.Of([]));
    }

    private static KeyVersion Version(long revision) => new("k"u8, "v"u8, new VersionStamp(1, revision, revision, 0, 0));
}
