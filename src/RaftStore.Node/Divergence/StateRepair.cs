using RaftStore.Node.Pump;
using RaftStore.Node.Snapshots;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node.Divergence;

/// <summary>Keeps the mark of a quarantine on the disk, and fetches the state of a quarantined node anew from the leader. Pump thread.</summary>
/// <remarks>
/// From the entry that is applied when a repair begins nothing more is applied, so that a snapshot of that entry or a later one can take the
/// state's place, and what was kept back follows it. Log, term and vote are never touched, and this node goes on acknowledging and voting.
/// The mark goes last, once the leader's snapshot is durable and in use: a crash at any point leaves the mark, or a state that is repaired.
/// </remarks>
internal sealed class StateRepair
{
    /// <summary>Committed entries kept back at most, as many bytes as the core keeps of entries that are not applied. Beyond them no new
    /// ones are taken, as where the disk is full, and the leader goes on without this node.</summary>
    private const long KeptBytesMax = 64L << 20;

    /// <summary>Without any chunk for this long, the leader is asked again: a message may be lost, or its disk full.</summary>
    private const long AskAgainMs = 5000;

    /// <summary>Without any chunk for this long, what was kept back is applied, and a later snapshot is asked for.</summary>
    private const long BeginAgainMs = 30_000;

    /// <summary>A mark that could not be written for want of space is tried again after this long.</summary>
    private const long MarkAgainMs = 1000;

    private readonly PumpContext _context;
    private readonly DivergenceWatch _watch;
    private readonly SnapshotScheduler _snapshots;
    private readonly SnapshotWorker _worker;
    private RepairStatus _status;
    private bool _isWanted;
    private bool _isMarked;
    private bool _isMarking;
    private long _markNotBeforeMs;
    private long _leastIndex;
    private (NodeId Leader, long Term) _asked;
    private long _lastSignMs;
    private long _askAgainMs;

    /// <summary>Takes up the quarantine that an earlier run of the node left behind, if any.</summary>
    public StateRepair(PumpContext context, DivergenceWatch watch, SnapshotScheduler snapshots, SnapshotWorker worker, QuarantineNote? mark)
    {
        _context = context;
        _watch = watch;
        _snapshots = snapshots;
        _worker = worker;
        if (mark is not null)
        {
            _isMarked = true;
            context.Divergence = new DivergenceReport(mark.Index, mark.OwnHash, mark.OtherHash, mark.HasMajority);
            context.Core.ForbidLeading();
        }
    }

    /// <summary>How far it has come.</summary>
    public RepairStatus Status => _status;

    /// <summary>True where no more entries may be taken until what is kept back can be applied.</summary>
    public bool IsFull => _context.Core.KeepsCommitted && _context.Core.UnappliedBytes > KeptBytesMax;

    private bool IsFetching => _status.Stage is RepairStage.Waiting or RepairStage.Receiving or RepairStage.Loading;

    /// <summary>An operator wants the state made right. Where that is under way already, it goes on.</summary>
    /// <param name="trusts">True to take this node's state for right as it is, instead of the leader's.</param>
    /// <returns><see cref="AdminResult.Repairing"/>, or why not; <see cref="AdminResult.TimedOut"/> where no leader is known.</returns>
    public AdminResult Begin(bool trusts)
    {
        if (_context.Divergence is not { } report)
        {
            return AdminResult.NotQuarantined;
        }

        if (trusts && report.HasMajority)
        {
            return AdminResult.MajorityDiffers;
        }

        if (_status.Stage == RepairStage.Lifting || (_isWanted && !trusts))
        {
            return AdminResult.Repairing;
        }

        if (trusts)
        {
            Lift();
            return AdminResult.Repairing;
        }

        if (!_context.Core.IsInContactWithLeader)
        {
            return AdminResult.TimedOut;
        }

        _isWanted = true;
        if (_status.Stage == RepairStage.None)
        {
            Fetch();
        }

        return AdminResult.Repairing;
    }

    /// <summary>Time has passed: marks, asks, and asks again.</summary>
    public void Tick()
    {
        if (_context.Divergence is not { } report)
        {
            return;
        }

        if (!_isMarked && !_isMarking && _context.NowMs >= _markNotBeforeMs)
        {
            _isMarking = true;
            _worker.Enqueue(new MarkOrder(new QuarantineNote(report.Index, report.OwnHash, report.OtherHash, report.HasMajority)));
        }

        if (_status.Stage == RepairStage.None)
        {
            // The log may not grow for ever, and a snapshot of this state would put what is wrong in the place of what is right.
            if (_isWanted || (_snapshots.IsDue && _context.Core.IsInContactWithLeader))
            {
                Fetch();
            }

            return;
        }

        if (!IsFetching)
        {
            return;
        }

        if (_status.Stage != RepairStage.Loading && _context.NowMs - _lastSignMs >= BeginAgainMs)
        {
            // This pass applies what was kept back, and the next tick begins again.
            _context.Core.KeepsCommitted = false;
            _status = default;
        }
        else if (_asked != (_context.Core.Leader, _context.Core.Term) || _context.NowMs >= _askAgainMs)
        {
            Ask();
        }
    }

    /// <summary>A chunk came.</summary>
    /// <returns>True where it is of the snapshot that is waited for, and the core must not see it: to the core, what is committed is known.</returns>
    public bool Take(InstallSnapshot chunk)
    {
        RaftNode core = _context.Core;
        long index = chunk.Snapshot.LastIncluded.Index;
        if (!IsFetching || chunk.Term != core.Term || chunk.From != core.Leader || index < _leastIndex)
        {
            return false;
        }

        if (_status.Index != index)
        {
            _status = new RepairStatus(RepairStage.Receiving, index, 0, chunk.Snapshot.LengthBytes);
        }

        _lastSignMs = _context.NowMs;
        _askAgainMs = _context.NowMs + AskAgainMs;
        if (index > core.CommitIndex)
        {
            return false;
        }

        _worker.Enqueue(new ReceiveOrder(chunk, Replaces: true));
        return true;
    }

    /// <summary>So far is the snapshot held that is coming. While it is loaded, one byte less than all of it.</summary>
    public void Take(ReceiveProgress progress)
    {
        if (IsFetching && _status.Index == progress.LastIncluded.Index)
        {
            RepairStage stage = progress.NextOffsetBytes == _status.LengthBytes - 1 ? RepairStage.Loading : RepairStage.Receiving;
            _status = _status with { Stage = stage, ReceivedBytes = progress.NextOffsetBytes };
        }
    }

    /// <summary>A snapshot came whole, and is loaded aside. Whatever was committed and is not kept back is applied.</summary>
    /// <returns>False where it is not what is waited for.</returns>
    public bool Take(SnapshotLoaded loaded)
    {
        long index = loaded.Metadata.LastIncluded.Index;
        if (!IsFetching || index < _leastIndex)
        {
            return false;
        }

        _snapshots.Replace(loaded);
        _context.Core.KeepsCommitted = false;
        _status = new RepairStatus(RepairStage.None, index, loaded.Metadata.LengthBytes, loaded.Metadata.LengthBytes);
        if (_isWanted)
        {
            Lift();
        }

        return true;
    }

    /// <summary>The mark is written, or is not for want of space.</summary>
    public void Take(QuarantineMarked marked)
    {
        _isMarking = false;
        _isMarked = marked.IsDurable;
        _markNotBeforeMs = _context.NowMs + MarkAgainMs;
    }

    /// <summary>The mark is gone for good: this node is one like any other again.</summary>
    public void Take(QuarantineUnmarked _)
    {
        _isMarked = false;
        _isWanted = false;
        _status = _status with { Stage = RepairStage.None };
        _context.Divergence = null;
        _context.Core.AllowLeading();
        _watch.Forget();
    }

    private void Fetch()
    {
        _leastIndex = _context.Core.AppliedIndex;
        _context.Core.KeepsCommitted = true;
        _status = new RepairStatus(RepairStage.Waiting, 0, 0, 0);
        _lastSignMs = _context.NowMs;
        Ask();
    }

    private void Ask()
    {
        RaftNode core = _context.Core;
        _asked = (core.Leader, core.Term);
        _askAgainMs = _context.NowMs + AskAgainMs;
        if (!core.Leader.IsNone)
        {
            _context.Outbox.Send(new StateRequest(_context.Self, core.Leader, core.Term, _leastIndex));
        }
    }

    private void Lift()
    {
        _context.Core.KeepsCommitted = false;
        _isWanted = true;
        _status = _status with { Stage = RepairStage.Lifting };
        _worker.Enqueue(new UnmarkOrder());
    }
}
