using RaftStore.Kv;
using RaftStore.Node.Forwarding;
using RaftStore.Node.Waiters;
using RaftStore.Raft;

namespace RaftStore.Node.Pump;

/// <summary>The way of every write through this node: proposed where this node leads, forwarded where another does, kept until the
/// deadline where nobody does, or until that has lasted too long. A write is tried again only where it is certain that it was not applied. Pump thread.</summary>
internal sealed class WritePath
{
    private readonly PumpContext _context;
    private readonly LogState _log;
    private readonly LeaderAbsence _absence;
    private readonly ForwardReplies _replies;
    private readonly ForwardIntake _intake;
    private readonly Forwarder _forwarder;

    // Writes that nobody has: of callers here, and where this node leads of other members too.
    private readonly WaiterList<WriteWaiter> _waiting = new();
    private int _waitingOfOthers;

    // Writes in this node's log, by index, until what stands there is applied.
    private readonly WriteTable _proposed = new();

    // Writes whose entries were applied but whose effect is not visible yet.
    private readonly List<WriteWaiter> _applied = [];
    private readonly List<WriteWaiter> _candidates = [];
    private ReadOnlyMemory<byte>[] _payloads = new ReadOnlyMemory<byte>[64];

    public WritePath(PumpContext context, LogState log, LeaderAbsence absence, WaiterPool<WriteWaiter> pool)
    {
        _context = context;
        _log = log;
        _absence = absence;
        _replies = new ForwardReplies(context.Outbox, context.Core);
        _intake = new ForwardIntake(context, pool, _replies, TakeOfOther);
        _forwarder = new Forwarder(context, _waiting, Finish);
    }

    /// <summary>Writes that are not finished. They wait, stand in the log, or are with the leader.</summary>
    public int Count => _waiting.Count + _proposed.Count + _applied.Count + _forwarder.Count;

    /// <summary>Runs of members whose forwarded writes are remembered.</summary>
    public int RememberedSenders => _intake.RememberedSenders;

    /// <summary>A caller's write came.</summary>
    public void Take(WriteWaiter write)
    {
        if (write.DeadlineMs <= _context.NowMs)
        {
            Finish(write, WriteCertainty.NotApplied, RefusalReason.TimedOut);
            return;
        }

        if (_context.Divergence is not null)
        {
            Finish(write, WriteCertainty.NotApplied, RefusalReason.Diverged);
            return;
        }

        if (_absence.IsLong)
        {
            Finish(write, WriteCertainty.NotApplied, RefusalReason.NoLeader);
            return;
        }

        write.Stage = WriteStage.Waiting;
        _context.Deadlines.Add(write);
        _waiting.Add(write);
    }

    /// <summary>Another member's writes came.</summary>
    public void Take(ForwardArrival arrival)
    {
        if (_context.IsLeader)
        {
            _intake.Lead(_context.Core.Term);
        }

        _intake.Take(arrival);
    }

    /// <summary>What became of writes that this node forwarded.</summary>
    public void Take(ForwardResponse response) => _forwarder.Take(response);

    /// <summary>A peer's bulk connection was lost: what was forwarded over it can no longer be answered.</summary>
    public void PeerLost(NodeId peer) => _forwarder.PeerLost(peer);

    /// <summary>A peer's bulk connection was made: what could not be sent may go now.</summary>
    public void PeerConnected() => _forwarder.Retry();

    /// <summary>Proposes or forwards everything that waits, in one go.</summary>
    public void Push()
    {
        if (_context.IsLeader)
        {
            _intake.Lead(_context.Core.Term);
            if (_waiting.Count > 0)
            {
                Propose();
            }

            return;
        }

        RefuseOthers();
        _forwarder.Push();
    }

    /// <summary>An entry was applied; the writes that stood at its index learn of it in <see cref="StatePublished"/>.</summary>
    public void EntryApplied(EntryId entry, in KvResult result)
    {
        if (_proposed.Count == 0)
        {
            return;
        }

        while (_proposed.Find(entry.Index) is WriteWaiter write)
        {
            _proposed.Remove(write);

            // Another term's entry at that index is committed, so this one never will be (State Machine Safety, thesis §3.6.3).
            bool isIt = write.Term == entry.Term;
            if (isIt && _context.Divergence is not null)
            {
                // It is applied, but what this node made of it is not what the others made of it.
                write.Outcome = new WriteOutcome(WriteCertainty.Unknown, RefusalReason.TimedOut, default);
                _applied.Add(write);
                continue;
            }

            write.Outcome = isIt
                ? new WriteOutcome(WriteCertainty.Applied, RefusalReason.None, result)
                : new WriteOutcome(WriteCertainty.NotApplied, RefusalReason.NoLeader, default);
            _applied.Add(write);
        }
    }

    /// <summary>What was applied is visible to readers now, so its writers may be told.</summary>
    public void StatePublished()
    {
        foreach (WriteWaiter write in _applied)
        {
            if (write.IsLocal && write.Outcome.Certainty == WriteCertainty.NotApplied)
            {
                Retry(write);
            }
            else
            {
                Finish(write, write.Outcome);
            }
        }

        _applied.Clear();
    }

    /// <summary>A snapshot took the place of the log up to <paramref name="index"/>: whether the entries of the writes waiting there are
    /// in it, nobody can tell any more.</summary>
    public void SnapshotInstalled(long index)
    {
        for (WriteWaiter? write = _proposed.First; write is not null;)
        {
            WriteWaiter? next = WaiterList<WriteWaiter>.After(write);
            if (write.Key <= index)
            {
                _proposed.Remove(write);
                Finish(write, WriteCertainty.Unknown, RefusalReason.TimedOut);
            }

            write = next;
        }
    }

    /// <summary>A write's deadline passed; the wheel has let it go.</summary>
    public void Expired(WriteWaiter write)
    {
        _context.Tallies.TimedOutWrites++;
        switch (write.Stage)
        {
            case WriteStage.Waiting:
                TakeOut(write);
                Finish(write, WriteCertainty.NotApplied, RefusalReason.NoLeader);
                break;
            case WriteStage.Proposed:
                _proposed.Remove(write);
                Finish(write, WriteCertainty.Unknown, RefusalReason.TimedOut);
                break;
            case WriteStage.Forwarded:
                _forwarder.Remove(write);
                Finish(write, WriteCertainty.Unknown, RefusalReason.TimedOut);
                break;
            default:
                throw new NotSupportedException($"No stage {write.Stage} is known.");
        }
    }

    /// <summary>Time has passed.</summary>
    public void Tick()
    {
        _forwarder.Tick();
        while (_absence.IsLong && _waiting.First is WriteWaiter write)
        {
            Refuse(write, RefusalReason.NoLeader);
        }
    }

    /// <summary>Sends the answers to other members that this pass brought.</summary>
    public void EndPass() => _replies.Flush();

    /// <summary>The node stops: nobody will be told anything later.</summary>
    public void Stop()
    {
        while (_waiting.First is WriteWaiter write)
        {
            Refuse(write, RefusalReason.ShuttingDown);
        }

        while (_proposed.First is WriteWaiter write)
        {
            _proposed.Remove(write);
            Finish(write, WriteCertainty.Unknown, RefusalReason.ShuttingDown);
        }

        _forwarder.Stop();
        _replies.Flush();
    }

    private void Propose()
    {
        Gather();
        if (_candidates.Count == 0)
        {
            return;
        }

        if (_payloads.Length < _candidates.Count)
        {
            _payloads = new ReadOnlyMemory<byte>[Math.Max(_candidates.Count, _payloads.Length * 2)];
        }

        for (int i = 0; i < _candidates.Count; i++)
        {
            _payloads[i] = _candidates[i].Command;
        }

        ProposeResult result = _context.Core.Propose(_payloads.AsSpan(0, _candidates.Count));
        Array.Clear(_payloads, 0, _candidates.Count);
        for (int i = 0; i < _candidates.Count; i++)
        {
            Proposed(_candidates[i], result, i);
        }

        _candidates.Clear();
    }

    /// <summary>Takes what waits and for which there is room, in the order in which it came. What only has to wait for the disk goes
    /// on waiting.</summary>
    private void Gather()
    {
        long room = _context.Options.Raft.UnappliedBytesMax - _context.Core.UnappliedBytes;
        long cost = 0;
        while (_waiting.First is WriteWaiter write)
        {
            if (_context.IsLowOnMemory && KvCommand.IsPut(write.Command.Span))
            {
                // What makes room goes on: deletions, compactions, and settings that let history go.
                Refuse(write, RefusalReason.LowOnMemory);
                continue;
            }

            long bytes = write.Command.Length + EntryBatch.EntryHeaderBytes;
            bool isFirst = _candidates.Count == 0;
            if (bytes > room && (_context.Core.UnappliedBytes > 0 || !isFirst))
            {
                Refuse(write, RefusalReason.Overloaded);
                continue;
            }

            bool isAlone = isFirst && _log.IsIdle;
            long costWithIt = cost + LogState.CostOf(bytes);
            bool fits = _log.HasSpaceFor(isAlone ? bytes : costWithIt);
            bool neverFits = !fits && isAlone && !_log.MakesSpace;
            if (neverFits)
            {
                _log.Lacks(costWithIt);
            }

            if (!_log.HasSpace || neverFits)
            {
                Refuse(write, RefusalReason.DiskFull);
                continue;
            }

            if (!fits)
            {
                return;
            }

            cost = costWithIt;
            TakeOut(write);
            room -= bytes;
            _candidates.Add(write);
        }
    }

    /// <summary>This node does not lead: nobody else's writes may wait here, since nothing is forwarded twice.</summary>
    private void RefuseOthers()
    {
        for (WriteWaiter? write = _waiting.First; write is not null && _waitingOfOthers > 0;)
        {
            WriteWaiter? next = WaiterList<WriteWaiter>.After(write);
            if (!write.IsLocal)
            {
                Refuse(write, RefusalReason.NoLeader);
            }

            write = next;
        }
    }

    private void TakeOfOther(WriteWaiter write)
    {
        _context.Deadlines.Add(write);
        _waiting.Add(write);
        _waitingOfOthers++;
    }

    private void Refuse(WriteWaiter write, RefusalReason reason)
    {
        TakeOut(write);
        Finish(write, WriteCertainty.NotApplied, reason);
    }

    private void TakeOut(WriteWaiter write)
    {
        _waiting.Remove(write);
        _waitingOfOthers -= write.IsLocal ? 0 : 1;
    }

    private void Proposed(WriteWaiter write, ProposeResult result, int place)
    {
        switch (result.Status)
        {
            case ProposeStatus.Appended:
                _context.Tallies.Proposals++;
                _context.Tallies.ForwardedWritesServed += write.IsLocal ? 0 : 1;
                _context.ReleaseBytes(write);
                write.Stage = WriteStage.Proposed;
                write.Term = result.Term;
                _proposed.Add(result.FirstIndex + place, write);
                break;
            case ProposeStatus.Overloaded:
                Finish(write, WriteCertainty.NotApplied, RefusalReason.Overloaded);
                break;
            case ProposeStatus.NotLeader when write.IsLocal:
                Retry(write);
                break;
            case ProposeStatus.NotLeader:
                Finish(write, WriteCertainty.NotApplied, RefusalReason.NoLeader);
                break;
            default:
                throw new NotSupportedException($"No status {result.Status} is known.");
        }
    }

    private void Retry(WriteWaiter write)
    {
        write.Stage = WriteStage.Waiting;
        _waiting.Add(write);
    }

    private void Finish(WriteWaiter write, WriteCertainty certainty, RefusalReason reason) => Finish(write, new WriteOutcome(certainty, reason, default));

    /// <summary>The end of a write that stands in no list any more.</summary>
    private void Finish(WriteWaiter write, WriteOutcome outcome)
    {
        _context.Tallies.RefusedWrites += outcome.Reason is RefusalReason.Overloaded or RefusalReason.DiskFull or RefusalReason.LowOnMemory ? 1 : 0;
        _context.Deadlines.Remove(write);
        _context.ReleaseBytes(write);
        _context.ReleaseWaiter();
        if (write.IsLocal)
        {
            _context.Completions.Add(write, outcome);
            return;
        }

        // Where the outcome is unknown its caller has given up, or is told by the lost connection.
        _replies.Add(write.Origin, write.OriginId, ForwardIntake.OutcomeOf(outcome), outcome.Result);
        write.Reset();
    }
}
