using RaftStore.Node.Codec;
using RaftStore.Node.Forwarding;
using RaftStore.Node.Waiters;
using RaftStore.Raft;

namespace RaftStore.Node.Pump;

/// <summary>Sends writes to the leader and remembers them until it answers. A write goes to one leader once; it is sent again only
/// after that leader has refused it, or where it certainly never left. Pump thread.</summary>
internal sealed class Forwarder(PumpContext context, WaiterList<WriteWaiter> waiting, Forwarder.Finisher finish)
{
    /// <summary>Heartbeats for which a leader that was replaced may still answer. One that lives and hears its successor needs one or two.</summary>
    private const int LateHeartbeats = 5;

    private readonly WriteTable _underWay = new();
    private readonly List<WriteWaiter> _frame = [];
    private readonly RetryPause _pause = new();
    private long _ledTerm;
    private long _ledSinceMs;

    /// <summary>Ends a write that stands in no list any more.</summary>
    public delegate void Finisher(WriteWaiter write, WriteOutcome outcome);

    /// <summary>Writes that the leader has not answered.</summary>
    public int Count => _underWay.Count;

    /// <summary>Forwards everything that waits, where there is a leader to forward it to.</summary>
    public void Push()
    {
        RaftNode core = context.Core;
        if (core.Leader.IsNone || core.Leader == context.Self || _pause.IsOn(core, context.NowMs))
        {
            return;
        }

        while (waiting.Count > 0)
        {
            if (!SendFrame(core.Leader))
            {
                _pause.Begin(core, context.NowMs);
                return;
            }
        }
    }

    /// <summary>Does not wait before the next try.</summary>
    public void Retry() => _pause.End();

    /// <summary>The leader's answers.</summary>
    public void Take(ForwardResponse response)
    {
        foreach (ForwardedResult result in response.Results)
        {
            if (_underWay.Find((long)result.Id) is WriteWaiter write && write.ForwardedTo == response.From)
            {
                _underWay.Remove(write);
                Answered(write, result);
            }
        }
    }

    /// <summary>The connection is gone, and with it the answers. Their writes may have been applied, or may yet be.</summary>
    public void PeerLost(NodeId peer)
    {
        for (WriteWaiter? write = _underWay.First; write is not null;)
        {
            WriteWaiter? next = WaiterList<WriteWaiter>.After(write);
            if (write.ForwardedTo == peer)
            {
                _underWay.Remove(write);
                finish(write, Unknown(RefusalReason.TimedOut));
            }

            write = next;
        }
    }

    /// <summary>Time has passed. Whoever leads no longer and says nothing hangs, by its disk or as a whole: its writes may have been applied,
    /// or may yet be, and their callers have better to do than to wait for their deadlines.</summary>
    public void Tick()
    {
        RaftNode core = context.Core;
        if (core.Leader.IsNone)
        {
            return;
        }

        if (_ledTerm != core.Term)
        {
            _ledTerm = core.Term;
            _ledSinceMs = context.NowMs;
        }

        if (context.NowMs - _ledSinceMs < (long)LateHeartbeats * context.Options.Raft.HeartbeatIntervalMs)
        {
            return;
        }

        while (_underWay.First is WriteWaiter write && write.Term < core.Term)
        {
            _underWay.Remove(write);
            finish(write, Unknown(RefusalReason.TimedOut));
        }
    }

    /// <summary>Forgets a write.</summary>
    public void Remove(WriteWaiter write) => _underWay.Remove(write);

    /// <summary>Nobody will be told anything later.</summary>
    public void Stop()
    {
        while (_underWay.First is WriteWaiter write)
        {
            _underWay.Remove(write);
            finish(write, Unknown(RefusalReason.ShuttingDown));
        }
    }

    /// <summary>Sends the first writes that wait, as many as a frame takes.</summary>
    private bool SendFrame(NodeId leader)
    {
        _frame.Clear();
        int bytes = 0;
        for (WriteWaiter? write = waiting.First; write is not null; write = WaiterList<WriteWaiter>.After(write))
        {
            bytes += ForwardCodec.BytesOf(write.Command);
            if (_frame.Count > 0 && bytes > ForwardCodec.FrameBytes)
            {
                break;
            }

            _frame.Add(write);
        }

        ulong firstId = context.Ids.Next(_frame.Count);
        PeerFrame frame = ForwardCodec.Encode(context.Outbox.EnvelopeFor(context.Core, leader), _frame, firstId, context.NowMs);
        if (!context.Outbox.Send(leader, PeerChannel.Bulk, frame))
        {
            return false;
        }

        for (int i = 0; i < _frame.Count; i++)
        {
            WriteWaiter write = _frame[i];
            waiting.Remove(write);
            write.Stage = WriteStage.Forwarded;
            write.ForwardedTo = leader;
            write.Term = context.Core.Term;
            _underWay.Add((long)firstId + i, write);
        }

        context.Tallies.ForwardedWrites += _frame.Count;
        _frame.Clear();
        return true;
    }

    private void Answered(WriteWaiter write, in ForwardedResult result)
    {
        switch (result.Outcome)
        {
            case ForwardOutcome.Applied:
                finish(write, new WriteOutcome(WriteCertainty.Applied, RefusalReason.None, result.Result));
                break;
            case ForwardOutcome.NotLeader or ForwardOutcome.ShuttingDown:
                // Certain, so it may go to whoever leads now; to the same leader only after a while.
                _pause.Begin(context.Core, context.NowMs);
                write.Stage = WriteStage.Waiting;
                waiting.Add(write);
                break;
            case ForwardOutcome.Overloaded:
                finish(write, new WriteOutcome(WriteCertainty.NotApplied, RefusalReason.Overloaded, default));
                break;
            case ForwardOutcome.DiskFull:
                finish(write, new WriteOutcome(WriteCertainty.NotApplied, RefusalReason.DiskFull, default));
                break;
            case ForwardOutcome.LowOnMemory:
                finish(write, new WriteOutcome(WriteCertainty.NotApplied, RefusalReason.LowOnMemory, default));
                break;
            case ForwardOutcome.Unknown:
                finish(write, Unknown(RefusalReason.TimedOut));
                break;
            default:
                throw new NotSupportedException($"No outcome {result.Outcome} is known.");
        }
    }

    private static WriteOutcome Unknown(RefusalReason reason) => new(WriteCertainty.Unknown, reason, default);
}
