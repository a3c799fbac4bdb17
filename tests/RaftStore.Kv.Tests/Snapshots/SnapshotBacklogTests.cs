using RaftStore.Kv.Tests.Support;
using static RaftStore.Kv.Tests.Support.SnapshotBytes;

namespace RaftStore.Kv.Tests.Snapshots;

/// <summary>Snapshots of a store that still has to drop what was compacted.</summary>
public sealed class SnapshotBacklogTests
{
    [Theory]
    [InlineData(71)]
    [InlineData(72)]
    public void Store_LoadedAtAnyPointOfABacklog_GoesOnAsIfNothingHadHappened(int seed)
    {
        const int Entries = 160;
        RandomCommands commands = new(seed, keys: 6) { CompactOneIn = 25, PauseMsMax = 0 };
        KvStore straight = new();
        List<KvStore> loaded = [];
        int withBacklog = 0;
        for (int index = 1; index <= Entries; index++)
        {
            byte[] command = commands.Next(straight.Current.Revision, out _);
            foreach (KvStore store in (KvStore[])[straight, .. loaded])
            {
                store.Apply(index, commands.ClusterTimeMs, command);
                store.Publish();
                Assert.Equal(straight.Current.Hash, store.Current.Hash);
                Assert.Equal(straight.HasBacklog(), store.HasBacklog());
            }

            withBacklog += straight.HasBacklog() ? 1 : 0;
            loaded.Add(Load(Write(straight.Current)));
            AssertSame(straight.Current, loaded[^1].Current);
        }

        Assert.True(withBacklog > 10, $"there was a backlog at {withBacklog} entries only");
    }

    [Fact]
    public void Load_KeyOfManyVersions_IsTheSameStore()
    {
        KvStore store = new();
        for (int index = 1; index <= 2_000; index++)
        {
            store.Apply(index, 0, KvCommand.Put("hot"u8, Bytes.Numbered("v", index)));
        }

        store.Apply(2_001, 0, KvCommand.Compact(700));
        store.Apply(2_002, 10, []);
        store.Publish();
        Assert.True(store.HasBacklog());
        KvStore loaded = Load(Write(store.Current));
        AssertSame(store.Current, loaded.Current);
        for (int index = 2_003; index <= 2_300; index++)
        {
            foreach (KvStore one in (KvStore[])[store, loaded])
            {
                one.Apply(index, index, KvCommand.Put("hot"u8, "again"u8));
                one.Publish();
            }

            Assert.Equal(store.Current.Hash, loaded.Current.Hash);
        }

        Assert.False(loaded.HasBacklog());
        AssertSame(store.Current, loaded.Current);
    }
}
