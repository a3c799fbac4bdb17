using RaftStore.Node.Waiters;

namespace RaftStore.Node.Pump;

/// <summary>Reads that wait until this node has applied a revision, ordered by it: a pass in which none became due costs one comparison,
/// however many wait. Pump thread.</summary>
internal sealed class RevisionWaits(PumpContext context)
{
    private readonly SortedSet<ReadWaiter> _waiting = new(Comparer<ReadWaiter>.Create(
        static (left, right) => (left.Revision, left.RevisionOrder).CompareTo((right.Revision, right.RevisionOrder))));

    // The least revision that anybody waits for.
    private long _leastRevision = long.MaxValue;
    private long _order;

    /// <summary>Reads that wait.</summary>
    public int Count => _waiting.Count;

    /// <summary>A caller waits for <see cref="ReadWaiter.Revision"/>.</summary>
    /// <param name="revision">The one that everybody can see now.</param>
    public void Take(ReadWaiter read, long revision)
    {
        if (read.Revision <= revision)
        {
            Finish(read, RefusalReason.None);
        }
        else if (read.DeadlineMs <= context.NowMs)
        {
            Finish(read, RefusalReason.TimedOut);
        }
        else
        {
            read.RevisionOrder = ++_order;
            context.Deadlines.Add(read);
            _waiting.Add(read);
            _leastRevision = Math.Min(_leastRevision, read.Revision);
        }
    }

    /// <summary>Everything up to that revision is applied and visible.</summary>
    public void Applied(long revision)
    {
        while (_leastRevision <= revision)
        {
            ReadWaiter read = _waiting.Min!;
            Remove(read);
            Finish(read, RefusalReason.None);
        }
    }

    /// <summary>A read's deadline passed; the wheel has let it go.</summary>
    public void Expired(ReadWaiter read)
    {
        Remove(read);
        Finish(read, RefusalReason.TimedOut);
    }

    /// <summary>The node stops: nobody will be told anything later.</summary>
    public void Stop()
    {
        while (_waiting.Min is ReadWaiter read)
        {
            Remove(read);
            Finish(read, RefusalReason.ShuttingDown);
        }
    }

    private void Remove(ReadWaiter read)
    {
        _waiting.Remove(read);
        _leastRevision = _waiting.Min?.Revision ?? long.MaxValue;
    }

    private void Finish(ReadWaiter read, RefusalReason reason)
    {
        // Whatever was waited for: what would be read here now is wrong.
        reason = reason == RefusalReason.None && context.Divergence is not null ? RefusalReason.Diverged : reason;
        context.Deadlines.Remove(read);
        context.ReleaseWaiter();
        context.Completions.Add(read, reason);
    }
}
