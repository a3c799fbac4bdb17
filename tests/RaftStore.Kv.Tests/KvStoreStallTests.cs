using System.Diagnostics;
using System.Globalization;
using RaftStore.Kv.State;
using RaftStore.Kv.Tests.Support;
using Xunit.Abstractions;

namespace RaftStore.Kv.Tests;

/// <summary>Nothing that one entry sets off may hold up the entries behind it. Bounds are on events and allocated bytes, which do not depend
/// on how busy the machine is; the longest calls are written out.</summary>
public sealed class KvStoreStallTests(ITestOutputHelper output)
{
    /// <summary>What one call may allocate: the largest step in the growth of any array, and a thousand new headers.</summary>
    private const long AllocatedBytesMax = 256 << 10;

    private long _index;
    private long _longestTicks;
    private long _longestUncollectedTicks;
    private TimeSpan _pausesBefore = GC.GetTotalPauseDuration();

    [Fact]
    public void Compact_AMillionVersionsOfOneKey_GoesInSlicesThatHoldUpNobody()
    {
        const int Versions = 1_000_000;
        KvState state = new(KvLimits.Default);
        KvStore store = new(state);
        byte[] put = KvCommand.Put("hot"u8, new byte[64]);
        for (int i = 0; i < Versions; i++)
        {
            Apply(store, state, 0, put);
        }

        Report($"writing {Versions} versions");
        Apply(store, state, 0, KvCommand.Compact(Versions));
        Report("the command");
        Assert.Equal((Versions, Versions - 1), (store.Current.CompactedRevision, state.EventCount));

        // A put a millisecond, as 1,000 writes a second would come.
        long puts = 0;
        while (store.HasBacklog())
        {
            Apply(store, state, ++puts, put);
            Assert.True(store.Current.TryGet("hot"u8, Versions + puts, out KvItem item));
            Assert.Equal(Versions + puts, item.Version);
        }

        Report($"dropping them during {puts} puts");
        Assert.InRange(puts, Versions / (KvState.TrimsPerMs + 2), Versions / KvState.TrimsPerMs);
        Assert.Equal((1 + puts) * ("hot".Length + 64), store.Current.StoredBytes);
    }

    [Fact]
    public void Compact_AMillionVersionsOfManyKeysWithTheirTombstones_GoesInSlicesThatHoldUpNobody()
    {
        const int Keys = 50_000;
        const int Rounds = 10;
        KvState state = new(KvLimits.Default);
        KvStore store = new(state);
        for (int round = 0; round < Rounds; round++)
        {
            for (int key = 0; key < Keys; key++)
            {
                Apply(store, state, 0, KvCommand.Put(Bytes.Numbered("k", key), "value"u8));
            }

            for (int part = 0; part < Keys; part += KvCommand.RangeKeysMax)
            {
                // What ten thousand deletions cost is bounded by their number and not by the slices looked at here.
                KeyRange range = Bytes.Range(Bytes.Numbered("k", part), Bytes.Numbered("k", part + KvCommand.RangeKeysMax));
                store.Apply(++_index, 0, KvCommand.DeleteRange(range));
                store.Publish();
            }
        }

        Report($"writing {Keys * Rounds} versions");
        Apply(store, state, 0, KvCommand.Compact(store.Current.Revision));
        long timeMs = 0;
        while (store.HasBacklog())
        {
            timeMs += KvState.TrimWindowMs;
            store.Apply(++_index, timeMs, []);
            store.Publish();
        }

        // Revisions of ten thousand events are dropped whole, but what they take too much is taken less later.
        Assert.InRange(timeMs, 0, (2L * Keys * Rounds / KvState.TrimsPerMs) + 1_000);
        Assert.Equal((0, 0), (store.Current.StoredBytes, store.Current.Summary.EntryCount));
    }

    private void Apply(KvStore store, KvState state, long timeMs, byte[] command)
    {
        long events = state.EventCount;
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        int collections = GC.CollectionCount(0);
        long started = Stopwatch.GetTimestamp();
        store.Apply(++_index, timeMs, command);
        store.Publish();
        long ticks = Stopwatch.GetTimestamp() - started;
        _longestTicks = Math.Max(_longestTicks, ticks);
        _longestUncollectedTicks = GC.CollectionCount(0) == collections ? Math.Max(_longestUncollectedTicks, ticks) : _longestUncollectedTicks;
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, AllocatedBytesMax);
        Assert.InRange(events - state.EventCount, -1, (KvState.TrimsPerMs * KvState.TrimWindowMs) + KvState.SpareTrims);
    }

    private static double Ms(long ticks) => Stopwatch.GetElapsedTime(0, ticks).TotalMilliseconds;

    private void Report(string what)
    {
        TimeSpan pauses = GC.GetTotalPauseDuration();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: the longest call took {Ms(_longestTicks):F2} ms, without a garbage collection in it {Ms(_longestUncollectedTicks):F2} ms; collections paused {(pauses - _pausesBefore).TotalMilliseconds:F2} ms in all"));
        _longestTicks = 0;
        _longestUncollectedTicks = 0;
        _pausesBefore = pauses;
    }
}
