using RaftStore.Node.Divergence;
using RaftStore.Raft;

namespace RaftStore.Node.Pump;

/// <summary>What others see of the pump: one immutable record, made anew at the end of a pass in which something changed. The pump
/// writes, any thread reads.</summary>
internal sealed class StatusBoard
{
    private readonly PumpContext _context;
    private readonly LogState _log;
    private readonly StateRepair _repair;
    private volatile NodeStatus _status;
    private NodeId _leader;
    private RaftRole _role;

    public StatusBoard(PumpContext context, LogState log, StateRepair repair, long snapshotIndex)
    {
        _repair = repair;
        _context = context;
        _log = log;
        _status = Make(snapshotIndex);
    }

    /// <summary>The newest. Any thread.</summary>
    public NodeStatus Status => _status;

    /// <summary>Makes a new one, where anything differs from the last.</summary>
    public void Publish(long snapshotIndex)
    {
        Count();
        NodeStatus old = _status;
        RaftNode core = _context.Core;
        bool isSame = old.AppliedIndex == core.AppliedIndex && old.CommitIndex == core.CommitIndex && old.DurableIndex == core.DurableIndex
            && old.Term == core.Term && old.Role == core.Role && old.Leader == VisibleLeader() && old.FirstIndex == core.FirstIndex
            && old.SnapshotIndex == snapshotIndex && old.HasLogSpace == _log.HasSpace && old.FreshAsOfMs == FreshAsOfMs()
            && old.SyncLatency == _log.SyncTimes.Summarise(_context.NowMs) && ReferenceEquals(old.Configuration, core.Configuration)
            && ReferenceEquals(old.AppliedConfiguration, core.AppliedConfiguration)
            && ReferenceEquals(old.Divergence, _context.Divergence)
            && ReferenceEquals(old.RefusedSnapshot, _context.RefusedSnapshot)
            && ReferenceEquals(old.DamagedSnapshot, _context.DamagedSnapshot)
            && old.HasMemory != _context.IsLowOnMemory
            && old.Repair == _repair.Status;
        if (!isSame)
        {
            _status = Make(snapshotIndex);
            if (!ReferenceEquals(old.Configuration, core.Configuration))
            {
                _context.Outbox.Follow(core.Configuration);
            }
        }
    }

    private NodeStatus Make(long snapshotIndex)
    {
        RaftNode core = _context.Core;
        return new NodeStatus
        {
            Id = core.Id,
            Role = core.Role,
            Term = core.Term,
            Leader = VisibleLeader(),
            CommitIndex = core.CommitIndex,
            AppliedIndex = core.AppliedIndex,
            DurableIndex = core.DurableIndex,
            FirstIndex = core.FirstIndex,
            SnapshotIndex = snapshotIndex,
            Configuration = core.Configuration,
            AppliedConfiguration = core.AppliedConfiguration,
            FreshAsOfMs = FreshAsOfMs(),
            SyncLatency = _log.SyncTimes.Summarise(_context.NowMs),
            UnappliedBytes = core.UnappliedBytes,
            HasLogSpace = _log.HasSpace,
            HasMemory = !_context.IsLowOnMemory,
            Divergence = _context.Divergence,
            RefusedSnapshot = _context.RefusedSnapshot,
            DamagedSnapshot = _context.DamagedSnapshot,
            Repair = _repair.Status,
        };
    }

    // Nobody shall be sent here before this leader knows what its predecessors committed.
    private NodeId VisibleLeader() => _context.IsLeader && !_context.Core.IsEstablishedLeader ? NodeId.None : _context.Core.Leader;

    private long FreshAsOfMs() => _context.Core.StalenessMs(_context.NowMs) is >= 0 and long staleness ? _context.NowMs - staleness : -1;

    private void Count()
    {
        RaftNode core = _context.Core;
        if (core.Leader != _leader)
        {
            _leader = core.Leader;
            _context.Tallies.LeaderChanges++;
        }

        if (core.Role != _role)
        {
            _context.Tallies.Campaigns += core.Role == RaftRole.Candidate || (core.Role == RaftRole.Leader && _role != RaftRole.Candidate) ? 1 : 0;
            _role = core.Role;
        }
    }
}
