namespace RaftStore.Raft.Tests.Log;

public sealed class DurabilityTrackerTests
{
    [Fact]
    public void Persisted_OldestRequest_EverythingInItIsDurable()
    {
        var tracker = new DurabilityTracker(3);
        BatchToken token = tracker.Requested(5, withHardState: false, nowMs: 0);
        Assert.Equal(3, tracker.DurableIndex);

        tracker.Persisted(token);

        Assert.Equal(5, tracker.DurableIndex);
    }

    [Fact]
    public void Persisted_NewestOfSeveral_StandsForThoseBeforeIt()
    {
        var tracker = new DurabilityTracker(0);
        tracker.Requested(1, withHardState: true, nowMs: 0);
        BatchToken second = tracker.Requested(2, withHardState: false, nowMs: 0);
        tracker.Requested(3, withHardState: false, nowMs: 0);

        tracker.Persisted(second);

        Assert.Equal(2, tracker.DurableIndex);
        Assert.True(tracker.IsHardStateDurable);
    }

    [Fact]
    public void Persisted_SameTokenTwice_ChangesNothing()
    {
        var tracker = new DurabilityTracker(0);
        BatchToken token = tracker.Requested(4, withHardState: false, nowMs: 0);
        tracker.Persisted(token);
        tracker.Truncated(3);

        tracker.Persisted(token);

        Assert.Equal(2, tracker.DurableIndex);
    }

    [Fact]
    public void Persisted_TokenNeverGiven_IsABug()
        => Assert.Throws<RaftInvariantException>(() => new DurabilityTracker(0).Persisted(new BatchToken(1)));

    // Catalogue 9: entry 5 of term 1 is being written; it is replaced by an entry of term 3; the first write completes.
    [Fact]
    public void Persisted_EntryReplacedMeanwhile_TheLateCompletionDoesNotCountForTheNewOne()
    {
        var tracker = new DurabilityTracker(4);
        BatchToken old = tracker.Requested(5, withHardState: false, nowMs: 0);
        tracker.Truncated(5);
        BatchToken replacement = tracker.Requested(5, withHardState: false, nowMs: 0);

        tracker.Persisted(old);
        Assert.Equal(4, tracker.DurableIndex);

        tracker.Persisted(replacement);
        Assert.Equal(5, tracker.DurableIndex);
    }

    [Fact]
    public void Truncated_BelowWhatIsDurable_LowersIt()
    {
        var tracker = new DurabilityTracker(9);

        tracker.Truncated(4);

        Assert.Equal(3, tracker.DurableIndex);
    }

    [Fact]
    public void Truncated_AboveWhatIsDurable_OnlyCapsWhatIsUnderWay()
    {
        var tracker = new DurabilityTracker(2);
        BatchToken token = tracker.Requested(8, withHardState: false, nowMs: 0);

        tracker.Truncated(6);
        Assert.Equal(2, tracker.DurableIndex);

        tracker.Persisted(token);
        Assert.Equal(5, tracker.DurableIndex);
    }

    [Fact]
    public void HardState_RequestUnderWay_NotDurable()
    {
        var tracker = new DurabilityTracker(0);
        Assert.True(tracker.IsHardStateDurable);
        BatchToken first = tracker.Requested(0, withHardState: true, nowMs: 0);
        BatchToken second = tracker.Requested(0, withHardState: true, nowMs: 0);

        tracker.Persisted(first);
        Assert.False(tracker.IsHardStateDurable);
        tracker.Persisted(second);
        Assert.True(tracker.IsHardStateDurable);
    }

    [Fact]
    public void OldestRequest_IsThatOfTheOneUnderWayLongest()
    {
        var tracker = new DurabilityTracker(0);
        Assert.Equal(-1, tracker.OldestRequestMs);
        BatchToken first = tracker.Requested(1, withHardState: false, nowMs: 10);
        tracker.Requested(2, withHardState: false, nowMs: 20);
        Assert.Equal(10, tracker.OldestRequestMs);

        tracker.Persisted(first);

        Assert.Equal(20, tracker.OldestRequestMs);
    }

    // Against a disk that remembers every entry it was given: what the tracker calls durable is on it, term and all.
    [Fact]
    public void RandomAppendsTruncationsAndCompletions_AgreeWithANaiveDisk()
    {
        for (ulong seed = 1; seed <= 200; seed++)
        {
            var prng = new Prng(seed);
            var tracker = new DurabilityTracker(0);
            var log = new List<int>();
            var disk = new List<int>();
            var underWay = new Queue<(BatchToken Token, int From, int[] Entries)>();
            int entry = 0;
            int unwrittenFrom = 0;
            for (int step = 0; step < 200; step++)
            {
                switch (prng.NextBetween(0, 3))
                {
                    case 0:
                        log.Add(++entry);
                        break;
                    case 1 when log.Count > 0:
                        int from = prng.NextBetween(0, log.Count - 1);
                        log.RemoveRange(from, log.Count - from);
                        tracker.Truncated(from + 1);
                        unwrittenFrom = Math.Min(unwrittenFrom, from);
                        break;
                    case 2:
                        underWay.Enqueue((tracker.Requested(log.Count, false, 0), unwrittenFrom, [.. log.Skip(unwrittenFrom)]));
                        unwrittenFrom = log.Count;
                        break;
                    case 3 when underWay.Count > 0:
                        (BatchToken token, int place, int[] entries) = underWay.Dequeue();
                        disk.RemoveRange(place, disk.Count - place);
                        disk.AddRange(entries);
                        tracker.Persisted(token);
                        break;
                }

                int expected = 0;
                while (expected < Math.Min(log.Count, disk.Count) && log[expected] == disk[expected])
                {
                    expected++;
                }

                Assert.True(tracker.DurableIndex <= expected, $"seed {seed}: {tracker.DurableIndex} claimed, {expected} on disk");
                if (underWay.Count == 0 && unwrittenFrom == log.Count)
                {
                    Assert.Equal(expected, tracker.DurableIndex);
                }
            }
        }
    }
}
