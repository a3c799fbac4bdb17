using RaftStore.Kv.State;
using RaftStore.Kv.Tests.Support;

namespace RaftStore.Kv.Tests;

public sealed class KvStoreRetentionTests
{
    private long _index;

    [Fact]
    public void History_YoungerThanItsAge_StaysAndAtItsAgeGoes()
    {
        KvStore store = Bytes.Store(new KvLimits { HistoryAgeMs = 1_000, HistoryRevisionsMin = 1 });
        Apply(store, 0, KvCommand.Put("a"u8, "1"u8));
        Apply(store, 100, KvCommand.Put("a"u8, "2"u8));
        Apply(store, 200, KvCommand.Put("a"u8, "3"u8));
        Apply(store, 999, []);
        Assert.Equal(0, store.Current.CompactedRevision);

        // Revision 0 ended at 0 ms, revision 1 at 100 ms, revision 2 at 200 ms, and revision 3 has not ended.
        Apply(store, 1_000, []);
        Assert.Equal(1, store.Current.CompactedRevision);
        Assert.True(store.Current.TryGet("a"u8, 1, out _));
        Apply(store, 1_100, []);
        Assert.Equal(2, store.Current.CompactedRevision);
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Current.TryGet("a"u8, 1, out _));
        Assert.True(store.Current.TryGet("a"u8, 2, out KvItem item));
        Assert.Equal("2", Bytes.Text(item.Value));
        Apply(store, 100_000, []);
        Assert.Equal(2, store.Current.CompactedRevision);
    }

    [Fact]
    public void History_FewerRevisionsThanTheLeast_StaysWhateverItsAgeAndSize()
    {
        KvStore store = Bytes.Store(new KvLimits { HistoryAgeMs = 0, HistoryBytesMax = 0, HistoryRevisionsMin = 1_000 });
        for (int i = 1; i <= 1_001; i++)
        {
            Apply(store, i, KvCommand.Put("a"u8, "v"u8));
        }

        Assert.Equal(1, store.Current.CompactedRevision);
        Assert.True(store.Current.TryGet("a"u8, 1, out _));
        Apply(store, 5_000_000, []);
        Assert.Equal(1, store.Current.CompactedRevision);
    }

    [Fact]
    public void History_LargerThanItsBound_GoesBeforeItsAge()
    {
        const int ValueBytes = 1_000;
        KvState state = new(new KvLimits { HistoryBytesMax = 10_000, HistoryRevisionsMin = 2 });
        KvStore store = new(state);
        for (int i = 0; i < 100; i++)
        {
            Apply(store, 0, KvCommand.Put("a"u8, new byte[ValueBytes]));
            Assert.True(state.HistoryBytes <= 10_000);
        }

        // Eight superseded versions of 1,129 bytes fit under the bound, and a ninth does not.
        Assert.Equal(8 * (1 + ValueBytes + KvLimits.VersionOverheadBytes), state.HistoryBytes);
        Assert.Equal(100 - 8, store.Current.CompactedRevision);
        Assert.Equal(9 * (1 + ValueBytes), store.Current.StoredBytes);
    }

    [Fact]
    public void Tombstone_AtTheCompactedRevision_IsGoneAndTheKeyStillReadsAsDeleted()
    {
        KvStore store = Bytes.Store(new KvLimits { HistoryAgeMs = 0, HistoryRevisionsMin = 1 });
        Apply(store, 0, KvCommand.Put("a"u8, "1"u8));
        Apply(store, 0, KvCommand.Delete("a"u8));
        KvView before = store.Current;
        Assert.Equal((1, 1), (before.CompactedRevision, before.Summary.EntryCount));
        Apply(store, 0, KvCommand.Put("b"u8, "1"u8));
        KvView after = store.Current;
        Assert.Equal((2, 1), (after.CompactedRevision, after.Summary.EntryCount));
        Assert.False(after.TryGet("a"u8, 2, out _));
        Assert.Equal(2, after.StoredBytes);

        // The view from before still has what it had.
        Assert.True(before.TryGet("a"u8, 1, out _));
        Assert.False(before.TryGet("a"u8, 2, out _));
    }

    [Fact]
    public void Trimming_AfterALongPause_GoesOnAFewEventsWithEachEntry()
    {
        KvState state = new(new KvLimits { HistoryAgeMs = 1_000, HistoryRevisionsMin = 0 });
        KvStore store = new(state);
        for (int i = 0; i < 100; i++)
        {
            Apply(store, 0, KvCommand.Put(Bytes.Numbered("k", i % 10), "v"u8));
        }

        Assert.Equal(100, state.EventCount);
        Apply(store, 2_000, []);
        Assert.Equal((100 - KvState.SpareTrims, KvState.SpareTrims), (state.EventCount, store.Current.CompactedRevision));
        Apply(store, 2_000, KvCommand.Put("x"u8, "v"u8));
        Assert.Equal(100 + 1 - KvState.SpareTrims - (KvState.SpareTrims + 1), state.EventCount);
    }

    [Fact]
    public void Trimming_ARevisionOfManyEvents_TakesAllOfItAtOnce()
    {
        KvState state = new(new KvLimits { HistoryAgeMs = 1_000, HistoryRevisionsMin = 0 });
        KvStore store = new(state);
        for (int i = 0; i < 50; i++)
        {
            Apply(store, 0, KvCommand.Put(Bytes.Numbered("k", i), "v"u8));
        }

        Apply(store, 1, KvCommand.DeleteRange(KeyRange.From(default)));
        Assert.Equal(50, store.Current.Summary.EntryCount);
        for (int i = 0; i < 50 / KvState.SpareTrims; i++)
        {
            Apply(store, 5_000, []);
        }

        Assert.Equal((2 + 50, 48), (state.EventCount, store.Current.CompactedRevision));
        Apply(store, 5_000, []);
        Assert.Equal((0, 51, 0, 0), (state.EventCount, store.Current.CompactedRevision, store.Current.Summary.EntryCount, store.Current.StoredBytes));
    }

    private void Apply(KvStore store, long clusterTimeMs, byte[] command)
    {
        store.Apply(++_index, clusterTimeMs, command);
        store.Publish();
    }
}
