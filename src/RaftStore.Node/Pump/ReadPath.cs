using RaftStore.Node.Waiters;
using RaftStore.Raft;

namespace RaftStore.Node.Pump;

/// <summary>The way of every linearizable read: one confirmation is under way while the reads that come meanwhile gather for the
/// next. A read joins only a confirmation that is asked for after it came (thesis §6.4). Pump thread.</summary>
internal sealed class ReadPath(PumpContext context, LeaderAbsence absence)
{
    /// <summary>Confirmed groups kept apart while this node catches up; beyond that a later group waits with the one before
    /// it for the higher of the two indexes.</summary>
    public const int ConfirmedGroupsMax = 64;

    private readonly List<Confirmed> _confirmed = [];
    private readonly RetryPause _pause = new();
    private WaiterList<ReadWaiter> _gathering = new();
    private WaiterList<ReadWaiter> _asked = new();
    private ReadId? _askedId;

    /// <summary>Groups of reads that wait for their index to be applied.</summary>
    public int ConfirmedGroups => _confirmed.Count;

    /// <summary>Reads that are not finished.</summary>
    public int Count
    {
        get
        {
            int count = _gathering.Count + _asked.Count;
            foreach (Confirmed confirmed in _confirmed)
            {
                count += confirmed.Reads.Count;
            }

            return count;
        }
    }

    /// <summary>A caller's read came.</summary>
    public void Take(ReadWaiter read)
    {
        if (read.DeadlineMs <= context.NowMs)
        {
            Finish(read, RefusalReason.TimedOut);
            return;
        }

        if (absence.IsLong)
        {
            Finish(read, RefusalReason.NoLeader);
            return;
        }

        context.Deadlines.Add(read);
        _gathering.Add(read);
    }

    /// <summary>Time has passed.</summary>
    public void Tick()
    {
        if (absence.IsLong)
        {
            FinishAll(_gathering, RefusalReason.NoLeader);
        }
    }

    /// <summary>Asks for the next confirmation, where reads wait for one and none is under way.</summary>
    public void Push()
    {
        RaftNode core = context.Core;
        if (_askedId is not null || _gathering.Count == 0 || core.Leader.IsNone || _pause.IsOn(core, context.NowMs))
        {
            return;
        }

        ReadId id = new((long)context.Ids.Next());
        (_asked, _gathering) = (_gathering, _asked);
        _askedId = id;
        context.Tallies.ReadRounds++;
        core.ReadIndex(id);
    }

    /// <summary>The reads that asked may be served once <paramref name="read"/>'s index is applied.</summary>
    public void IndexConfirmed(ConfirmedRead read, long appliedIndex)
    {
        if (_askedId != read.Id)
        {
            return;
        }

        _askedId = null;
        if (read.Index <= appliedIndex)
        {
            FinishAll(_asked, RefusalReason.None);
            return;
        }

        WaiterList<ReadWaiter> group;
        if (_confirmed.Count < ConfirmedGroupsMax)
        {
            group = _asked;
            _asked = new WaiterList<ReadWaiter>();
            _confirmed.Add(new Confirmed(read.Index, group));
            return;
        }

        Confirmed last = _confirmed[^1];
        _confirmed[^1] = last with { Index = Math.Max(last.Index, read.Index) };
        MoveAll(_asked, last.Reads);
    }

    /// <summary>That confirmation will never come: the reads join the next one, under an id of its own.</summary>
    public void IndexFailed(FailedRead read)
    {
        if (_askedId != read.Id)
        {
            return;
        }

        _askedId = null;
        _pause.Begin(context.Core, context.NowMs);

        // The older reads go on in front of those that came meanwhile.
        MoveAll(_gathering, _asked);
        (_asked, _gathering) = (_gathering, _asked);
    }

    /// <summary>Entries up to that index are applied and visible.</summary>
    public void Applied(long appliedIndex)
    {
        for (int i = _confirmed.Count - 1; i >= 0; i--)
        {
            if (_confirmed[i].Index <= appliedIndex)
            {
                FinishAll(_confirmed[i].Reads, RefusalReason.None);
                _confirmed.RemoveAt(i);
            }
        }
    }

    /// <summary>A read's deadline passed; the wheel has let it go.</summary>
    public void Expired(ReadWaiter read)
    {
        RefusalReason reason = context.Core.Leader.IsNone ? RefusalReason.NoLeader : RefusalReason.TimedOut;
        ((WaiterList<ReadWaiter>)read.List!).Remove(read);
        Finish(read, reason);
    }

    /// <summary>The node stops: nobody will be told anything later.</summary>
    public void Stop()
    {
        FinishAll(_gathering, RefusalReason.ShuttingDown);
        FinishAll(_asked, RefusalReason.ShuttingDown);
        foreach (Confirmed confirmed in _confirmed)
        {
            FinishAll(confirmed.Reads, RefusalReason.ShuttingDown);
        }

        _confirmed.Clear();
    }

    private static void MoveAll(WaiterList<ReadWaiter> from, WaiterList<ReadWaiter> to)
    {
        while (from.RemoveFirst() is ReadWaiter read)
        {
            to.Add(read);
        }
    }

    private void FinishAll(WaiterList<ReadWaiter> reads, RefusalReason reason)
    {
        while (reads.RemoveFirst() is ReadWaiter read)
        {
            Finish(read, reason);
        }
    }

    private void Finish(ReadWaiter read, RefusalReason reason)
    {
        // However well the index is confirmed, what would be read here is wrong.
        reason = reason == RefusalReason.None && context.Divergence is not null ? RefusalReason.Diverged : reason;
        context.Tallies.ConfirmedReads += reason == RefusalReason.None ? 1 : 0;
        context.Deadlines.Remove(read);
        context.ReleaseWaiter();
        context.Completions.Add(read, reason);
    }

    private readonly record struct Confirmed(long Index, WaiterList<ReadWaiter> Reads);
}
