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
        KvStore store = Bytes.Store(new KvLimits { HistoryAgeMs = 0, HistoryPercent = 0, HistoryRevisionsMin = 1_000 });
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
        KvState state = new(new KvLimits { QuotaBytes = 40_000, HistoryPercent = 25, HistoryRevisionsMin = 2 });
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
    public void Trimming_AfterALongPause_TakesAShareOfTheTimeThatPassed()
    {
        const int Window = KvState.TrimsPerMs * KvState.TrimWindowMs;
        KvState state = new(new KvLimits { HistoryAgeMs = 1_000, HistoryRevisionsMin = 0 });
        KvStore store = new(state);
        for (int i = 0; i < 3_000; i++)
        {
            Apply(store, 0, KvCommand.Put(Bytes.Numbered("k", i % 10), "v"u8));
        }

        Assert.Equal(3_000, state.EventCount);
        Apply(store, 2_000, []);
        Assert.Equal((3_000 - Window - 1, Window + 1), (state.EventCount, store.Current.CompactedRevision));
        Apply(store, 2_000, KvCommand.Put("x"u8, "v"u8));
        Assert.Equal(Window + 3, store.Current.CompactedRevision);
        Apply(store, 2_003, []);
        Assert.Equal(Window + 3 + (3 * KvState.TrimsPerMs) + 1, store.Current.CompactedRevision);
        Assert.Equal(HistoryWait.Entries, store.HistoryWait);
    }

    [Fact]
    public void Trimming_ARevisionOfManyEvents_TakesAllOfItAndTheNextEntriesPayForIt()
    {
        KvState state = new(KvLimits.Default);
        KvStore store = new(state);
        for (int i = 0; i < 50; i++)
        {
            Apply(store, 0, KvCommand.Put(Bytes.Numbered("k", i), "v"u8));
        }

        Apply(store, 0, KvCommand.DeleteRange(KeyRange.From(default)));
        Apply(store, 0, KvCommand.Compact(51));
        Assert.Equal((99, 51, 50), (state.EventCount, store.Current.CompactedRevision, store.Current.Summary.EntryCount));
        ApplyEmpty(store, 49);
        Assert.Equal((50, 50, 0), (state.EventCount, state.DroppedRevision, state.OwedTrims));
        ApplyEmpty(store, 1);
        Assert.Equal((0, 51, 49), (state.EventCount, state.DroppedRevision, state.OwedTrims));
        Assert.Equal((0, 0), (store.Current.Summary.EntryCount, store.Current.StoredBytes));

        // A put pays two: its own event and the spare one.
        Apply(store, 0, KvCommand.Put("x"u8, "v"u8));
        Apply(store, 0, KvCommand.Compact(52));
        Assert.Equal((1, 46), (state.EventCount, state.OwedTrims));
        ApplyEmpty(store, 46);
        Assert.True(store.HasBacklog());
        ApplyEmpty(store, 1);
        Assert.Equal((0, 52, 0), (state.EventCount, state.DroppedRevision, state.OwedTrims));
        Assert.False(store.HasBacklog());
    }

    [Fact]
    public void Compact_ARevisionInHistory_CannotBeReadBelowAtOnceAndIsDroppedBitByBit()
    {
        KvState state = new(KvLimits.Default);
        KvStore store = new(state);
        for (int i = 1; i <= 20; i++)
        {
            Apply(store, 0, KvCommand.Put(Bytes.Of(i % 2 == 0 ? "even" : "odd"), Bytes.Numbered("v", i)));
        }

        KvView before = store.Current;
        KvResult result = store.Apply(++_index, 0, KvCommand.Compact(15));
        store.Publish();
        Assert.Equal(new KvResult(KvStatus.Done, 20, 0, 0, null), result);
        KvView after = store.Current;
        Assert.Equal((15, 20, 1), (after.CompactedRevision, after.Revision, state.DroppedRevision));
        Assert.Equal(RevisionReadability.Compacted, after.ReadabilityOf(14));
        Assert.Equal(RevisionReadability.Readable, after.ReadabilityOf(15));
        Assert.Equal(RevisionReadability.Readable, after.ReadabilityOf(20));
        Assert.Equal(RevisionReadability.Future, after.ReadabilityOf(21));
        Assert.Throws<ArgumentOutOfRangeException>(() => after.TryGet("odd"u8, 14, out _));
        Assert.True(store.HasBacklog());

        // What is readable is there at every step, and in the end nothing else is.
        for (long bytes = after.StoredBytes; store.HasBacklog(); bytes = store.Current.StoredBytes)
        {
            AssertReadable(store.Current);
            ApplyEmpty(store, 1);
            Assert.True(store.Current.StoredBytes <= bytes);
        }

        AssertReadable(store.Current);
        Assert.Equal(7 * "v000000".Length + (4 * "even".Length) + (3 * "odd".Length), store.Current.StoredBytes);
        Assert.True(before.TryGet("odd"u8, 1, out KvItem item));
        Assert.Equal("v000001", Bytes.Text(item.Value));

        static void AssertReadable(KvView view)
        {
            for (int revision = 15; revision <= 20; revision++)
            {
                Assert.True(view.TryGet("odd"u8, revision, out KvItem odd));
                Assert.True(view.TryGet("even"u8, revision, out KvItem even));
                Assert.Equal(revision, Math.Max(odd.ModRevision, even.ModRevision));
                Assert.Equal(revision - 1, Math.Min(odd.ModRevision, even.ModRevision));
            }
        }
    }

    [Fact]
    public void Compact_AtATombstoneAndBesideIt_KeepsWhatCanBeReadAndNothingElse()
    {
        for (int target = 1; target <= 5; target++)
        {
            KvStore store = new();
            _index = 0;
            Apply(store, 0, KvCommand.Put("a"u8, "1"u8));
            Apply(store, 0, KvCommand.Put("a"u8, "2"u8));
            Apply(store, 0, KvCommand.Delete("a"u8));
            Apply(store, 0, KvCommand.Put("a"u8, "4"u8));
            Apply(store, 0, KvCommand.Delete("a"u8));
            Apply(store, 0, KvCommand.Compact(target));
            ApplyEmpty(store, 5);
            Assert.False(store.HasBacklog());
            KvView view = store.Current;
            string?[] expected = [null, "1", "2", null, "4", null];
            for (int revision = target; revision <= 5; revision++)
            {
                Assert.Equal(expected[revision], view.TryGet("a"u8, revision, out KvItem item) ? Bytes.Text(item.Value) : null);
            }

            // Of key «a»: its version at the target, unless it is a tombstone, and everything after it.
            int[] storedBytes = [0, 2 + 2 + 1 + 2 + 1, 2 + 1 + 2 + 1, 2 + 1, 2 + 1, 0];
            Assert.Equal((storedBytes[target], storedBytes[target] == 0 ? 0 : 1), (view.StoredBytes, view.Summary.EntryCount));
        }
    }

    [Fact]
    public void Compact_WhatIsCompactedOrNotReached_ChangesNothing()
    {
        KvStore store = new();
        Assert.Equal(KvStatus.AlreadyCompacted, store.Apply(++_index, 0, KvCommand.Compact(0)).Status);
        Assert.Equal(KvStatus.FutureRevision, store.Apply(++_index, 0, KvCommand.Compact(1)).Status);
        for (int i = 0; i < 5; i++)
        {
            Apply(store, 0, KvCommand.Put("a"u8, "v"u8));
        }

        Apply(store, 0, KvCommand.Compact(4));
        ApplyEmpty(store, 5);
        Assert.Equal(new KvResult(KvStatus.AlreadyCompacted, 5, 0, 0, null), store.Apply(++_index, 0, KvCommand.Compact(4)));
        Assert.Equal(KvStatus.AlreadyCompacted, store.Apply(++_index, 0, KvCommand.Compact(3)).Status);
        Assert.Equal(new KvResult(KvStatus.FutureRevision, 5, 0, 0, null), store.Apply(++_index, 0, KvCommand.Compact(6)));
        store.Publish();
        Assert.Equal((4, 5, 4), (store.Current.CompactedRevision, store.Current.Revision, store.Current.StoredBytes));
        Assert.Equal(KvStatus.Done, store.Apply(++_index, 0, KvCommand.Compact(5)).Status);
    }

    [Fact]
    public void Compact_WhereTheQuotaIsReached_MakesRoomForPuts()
    {
        KvStore store = Bytes.Store(new KvLimits { QuotaBytes = 100 });
        for (int i = 0; i < 10; i++)
        {
            Apply(store, 0, KvCommand.Put("a"u8, "123456789"u8));
        }

        Assert.Equal(KvStatus.QuotaReached, store.Apply(++_index, 0, KvCommand.Put("a"u8, "123456789"u8)).Status);
        Assert.Equal(KvStatus.Done, store.Apply(++_index, 0, KvCommand.Compact(10)).Status);
        ApplyEmpty(store, 1);
        Assert.Equal(KvStatus.Done, store.Apply(++_index, 0, KvCommand.Put("a"u8, "123456789"u8)).Status);
    }

    private void ApplyEmpty(KvStore store, int entries)
    {
        for (int i = 0; i < entries; i++)
        {
            Apply(store, store.Current.ClusterTimeMs, []);
        }
    }

    private void Apply(KvStore store, long clusterTimeMs, byte[] command)
    {
        store.Apply(++_index, clusterTimeMs, command);
        store.Publish();
    }
}
