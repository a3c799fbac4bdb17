using RaftStore.Raft.Tests.Cluster;

namespace RaftStore.Raft.Tests.Log;

public sealed class RaftLogTests
{
    [Fact]
    public void Empty_AfterASnapshot_EndsAndIsAppliedThere()
    {
        var log = new RaftLog(new EntryId(7, 3), clusterTimeMs: 55, catchUpBytes: 0);

        Assert.Equal((new EntryId(7, 3), 7L, 55L, 0L), (log.Last, log.AppliedIndex, log.LastClusterTimeMs, log.UnappliedBytes));
        Assert.Equal(3, log.TermAt(7));
        Assert.Equal(-1, log.TermAt(6));
        Assert.Equal(-1, log.TermAt(8));
    }

    [Fact]
    public void Append_BatchWithAGapOrALowerTerm_IsABug()
    {
        RaftLog log = LogOf(1, 2);

        Assert.Throws<RaftInvariantException>(() => log.Append(Driver.Batch(4, 2)));
        Assert.Throws<RaftInvariantException>(() => log.Append(Driver.Batch(2, 2)));
        Assert.Throws<RaftInvariantException>(() => log.Append(Driver.Batch(3, 1)));
        log.Append(Driver.Batch(3, 2));
    }

    [Fact]
    public void TermAt_EveryIndex_IsThatOfItsBatch()
    {
        var log = new RaftLog(EntryId.Zero, 0, long.MaxValue);
        log.Append(Several(1, 3, term: 2));
        log.Append(Several(4, 1, term: 2));
        log.Append(Several(5, 4, term: 7));

        Assert.Equal([0L, 2L, 2L, 2L, 2L, 7L, 7L, 7L, 7L, -1L], Enumerable.Range(0, 10).Select(index => log.TermAt(index)));
        Assert.Equal([0, 0, 0, 1, 2, 2, 2, 2, 3], Enumerable.Range(1, 9).Select(index => log.PlaceOf(index)));
    }

    [Fact]
    public void LastBoundary_AnyIndexAndTerm_IsTheLastBatchEndNotBeyondEither()
    {
        var log = new RaftLog(EntryId.Zero, 0, long.MaxValue);
        log.Append(Several(1, 3, term: 2));
        log.Append(Several(4, 2, term: 5));

        Assert.Equal(new EntryId(5, 5), log.LastBoundary(99, 99));
        Assert.Equal(new EntryId(3, 2), log.LastBoundary(4, 99));
        Assert.Equal(new EntryId(3, 2), log.LastBoundary(99, 4));
        Assert.Equal(EntryId.Zero, log.LastBoundary(2, 99));
        Assert.Equal(EntryId.Zero, log.LastBoundary(99, 1));
        Assert.Null(log.LastBoundary(-1, 99));
    }

    [Fact]
    public void HoldsBoundary_OnlyExactEndsOfBatches()
    {
        var log = new RaftLog(new EntryId(2, 1), 0, long.MaxValue);
        log.Append(Several(3, 2, term: 2));

        Assert.True(log.HoldsBoundary(new EntryId(2, 1)));
        Assert.True(log.HoldsBoundary(new EntryId(4, 2)));
        Assert.False(log.HoldsBoundary(new EntryId(3, 2)));
        Assert.False(log.HoldsBoundary(new EntryId(4, 1)));
        Assert.False(log.HoldsBoundary(new EntryId(4, 3)));
        Assert.False(log.HoldsBoundary(new EntryId(5, 2)));
        Assert.False(log.HoldsBoundary(new EntryId(1, 1)));
        Assert.False(log.HoldsBoundary(EntryId.Zero));
    }

    [Fact]
    public void TruncateFrom_StartOfABatch_ItAndTheLaterOnesGo()
    {
        RaftLog log = LogOf(1, 1, 2, 3);

        log.TruncateFrom(3);

        Assert.Equal(new EntryId(2, 1), log.Last);
        Assert.Equal(log[0].LengthBytes + log[1].LengthBytes, log.UnappliedBytes);
    }

    [Fact]
    public void TruncateFrom_AppliedOrInsideABatch_IsABug()
    {
        var log = new RaftLog(EntryId.Zero, 0, long.MaxValue);
        log.Append(Several(1, 1, term: 1));
        log.Append(Several(2, 3, term: 1));
        log.ApplyTo(1);

        Assert.Throws<RaftInvariantException>(() => log.TruncateFrom(1));
        Assert.Throws<RaftInvariantException>(() => log.TruncateFrom(3));
        Assert.Throws<RaftInvariantException>(() => log.TruncateFrom(5));
    }

    [Fact]
    public void ApplyTo_InsideABatchPastTheEndOrBackwards_IsABug()
    {
        var log = new RaftLog(EntryId.Zero, 0, long.MaxValue);
        log.Append(Several(1, 2, term: 1));
        log.Append(Several(3, 2, term: 1));
        log.ApplyTo(2);

        Assert.Throws<RaftInvariantException>(() => log.ApplyTo(3));
        Assert.Throws<RaftInvariantException>(() => log.ApplyTo(5));
        Assert.Throws<RaftInvariantException>(() => log.ApplyTo(2));
    }

    [Fact]
    public void ApplyTo_CatchUpWindowFull_TheOldestAppliedBatchesAreEvicted()
    {
        EntryBatch batch = Driver.Batch(1, 1);
        var log = new RaftLog(EntryId.Zero, 0, catchUpBytes: 2 * batch.LengthBytes);
        foreach (EntryBatch next in Driver.Batches(1, 1, 1, 1, 1, 1))
        {
            log.Append(next);
        }

        log.ApplyTo(2);
        Assert.Equal(EntryId.Zero, log.Base);
        log.ApplyTo(4);
        Assert.Equal(new EntryId(2, 1), log.Base);

        // What is not applied is never evicted, however little the window holds.
        Assert.Equal(new EntryId(5, 1), log.Last);
        Assert.Equal(batch.LengthBytes, log.UnappliedBytes);
        Assert.Equal(1, log.TermAt(2));
        Assert.Equal(-1, log.TermAt(1));
    }

    [Fact]
    public void ApplyTo_NoWindow_TheLastAppliedEntryIsStillKnown()
    {
        var log = new RaftLog(EntryId.Zero, 0, catchUpBytes: 0);
        log.Append(EntryBatch.Seal(new EntryId(1, 4), 77, EntryKind.Command, [new byte[1]]));

        log.ApplyTo(1);

        Assert.Equal((0, new EntryId(1, 4), 77L), (log.Count, log.Last, log.LastClusterTimeMs));
    }

    [Fact]
    public void Reset_LogGoesOnAfterTheSnapshot()
    {
        RaftLog log = LogOf(1, 1, 2);
        log.ApplyTo(1);

        log.Reset(new EntryId(9, 4), clusterTimeMs: 12);
        log.Append(Driver.Batch(10, 4));

        Assert.Equal((new EntryId(9, 4), 9L, new EntryId(10, 4)), (log.Base, log.AppliedIndex, log.Last));
        Assert.Equal(log[0].LengthBytes, log.UnappliedBytes);
    }

    // Mutant «uncommitted-size counter leaking»: whatever happened, it is the sum of what is there.
    [Fact]
    public void RandomOperations_AgreeWithANaiveList()
    {
        for (ulong seed = 1; seed <= 100; seed++)
        {
            var prng = new Prng(seed);
            var log = new RaftLog(EntryId.Zero, 0, catchUpBytes: 300);
            var naive = new List<EntryBatch>();
            long applied = 0;
            long term = 1;
            for (int step = 0; step < 300; step++)
            {
                long last = naive.Count == 0 ? 0 : naive[^1].LastIndex;
                switch (prng.NextBetween(0, 5))
                {
                    case <= 2:
                        term += prng.NextBetween(0, 1);
                        EntryBatch batch = Several(last + 1, prng.NextBetween(1, 4), term);
                        log.Append(batch);
                        naive.Add(batch);
                        break;
                    case 3 when last > applied:
                        EntryBatch cut = naive.Where(b => b.FirstIndex > applied).ElementAt(0);
                        log.TruncateFrom(cut.FirstIndex);
                        naive.RemoveAll(b => b.FirstIndex >= cut.FirstIndex);
                        break;
                    case >= 4 when last > applied:
                        applied = naive.First(b => b.FirstIndex > applied).LastIndex;
                        log.ApplyTo(applied);
                        break;
                }

                Assert.Equal(naive.Where(b => b.FirstIndex > applied).Sum(b => (long)b.LengthBytes), log.UnappliedBytes);
                Assert.Equal(naive.Count == 0 ? EntryId.Zero : naive[^1].Last, log.Last);
                Assert.Equal(applied, log.AppliedIndex);
                Assert.True(log.Base.Index <= applied);
                for (int place = 0; place < log.Count; place++)
                {
                    Assert.Same(naive[naive.Count - log.Count + place], log[place]);
                }
            }
        }
    }

    private static RaftLog LogOf(params long[] terms)
    {
        var log = new RaftLog(EntryId.Zero, 0, long.MaxValue);
        foreach (EntryBatch batch in Driver.Batches(1, terms))
        {
            log.Append(batch);
        }

        return log;
    }

    private static EntryBatch Several(long firstIndex, int count, long term)
    {
        var payloads = new ReadOnlyMemory<byte>[count];
        Array.Fill(payloads, new byte[7]);
        return EntryBatch.Seal(new EntryId(firstIndex, term), 0, EntryKind.Command, payloads);
    }
}
