using RaftStore.Node;
using RaftStore.Raft;

namespace RaftStore.Server.Startup;

/// <summary>Logs what changed in a node's own view of itself. It looks ten times a second at what the pump publishes, so that the pump never waits
/// for a log line; a role that was held for less may pass unlogged, its term never does.</summary>
internal sealed class StatusWatch : IDisposable
{
    private const int IntervalMs = 100;

    private readonly Node.Node _node;
    private readonly ILogger _log;
    private readonly Action<string> _onRemoved;
    private readonly Lock _gate = new();
    private readonly Timer _timer;
    private NodeStatus _seen;

    /// <summary>Begins to look.</summary>
    public StatusWatch(Node.Node node, ILogger log, Action<string> onRemoved)
    {
        _node = node;
        _log = log;
        _onRemoved = onRemoved;
        _seen = node.Status;
        if (_seen.Divergence is { } divergence)
        {
            StartupLog.StillDiverged(log, divergence.Index, divergence.OwnHash, divergence.OtherHash, _seen.Term, _seen.AppliedIndex);
        }

        if (_seen.IsRemoved)
        {
            onRemoved("its snapshot says so");
        }

        _timer = new Timer(_ => Look(), state: null, IntervalMs, IntervalMs);
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        lock (_gate)
        {
            NodeStatus before = _seen;
            NodeStatus now = _node.Status;
            if (ReferenceEquals(before, now))
            {
                return;
            }

            _seen = now;
            if (now.Role != before.Role || (now.Role != RaftRole.Follower && now.Term != before.Term))
            {
                StartupLog.RoleChanged(_log, now.Role, now.Term, now.CommitIndex, now.DurableIndex);
            }

            NoteState(before, now);
            NoteLeader(before, now);
            if (now.SnapshotIndex != before.SnapshotIndex)
            {
                StartupLog.SnapshotChanged(_log, now.SnapshotIndex, now.Term, now.AppliedIndex);
            }

            if (now.RefusedSnapshot is { } refused && !ReferenceEquals(refused, before.RefusedSnapshot))
            {
                StartupLog.SnapshotRefused(_log, refused.LastIncluded, refused.Sender, refused.Reason, now.Term, now.AppliedIndex);
            }

            if (now.DamagedSnapshot is { } damaged && !ReferenceEquals(damaged, before.DamagedSnapshot))
            {
                StartupLog.SnapshotDamaged(_log, damaged.LastIncluded, damaged.Reason, now.Term, now.AppliedIndex);
            }

            if (now.HasLogSpace != before.HasLogSpace)
            {
                NoteLogSpace(now);
            }

            if (!ReferenceEquals(now.AppliedConfiguration, before.AppliedConfiguration))
            {
                NoteMembers(now);
            }
        }
    }

    private void NoteState(NodeStatus before, NodeStatus now)
    {
        if (now.Divergence is { } divergence && before.Divergence is null)
        {
            StartupLog.Diverged(_log, divergence.Index, divergence.OwnHash, divergence.OtherHash, now.Term, now.AppliedIndex);
        }
        else if (now.Divergence is null && before.Divergence is not null)
        {
            StartupLog.Repaired(_log, now.Term, now.AppliedIndex, now.Repair.Index);
        }
        else if (now.Repair.Stage != before.Repair.Stage)
        {
            StartupLog.Repairing(_log, now.Repair.Stage, now.Repair.Index, now.Repair.ReceivedBytes, now.Repair.LengthBytes, now.Term, now.AppliedIndex);
        }
    }

    private void NoteLeader(NodeStatus before, NodeStatus now)
    {
        if (now.Leader == before.Leader && (now.Leader.IsNone || now.Term == before.Term))
        {
            return;
        }

        if (now.Leader.IsNone)
        {
            StartupLog.LeaderLost(_log, now.Term, now.AppliedIndex);
        }
        else
        {
            StartupLog.LeaderChanged(_log, now.Configuration.Find(now.Leader)?.Name ?? now.Leader.ToString(), now.Term, now.AppliedIndex);
        }
    }

    private void NoteMembers(NodeStatus now)
    {
        Configuration members = now.AppliedConfiguration;
        StartupLog.MembersChanged(
            _log,
            string.Join(", ", members.Voters.Select(member => member.Name)),
            string.Join(", ", members.Learners.Select(member => member.Name)),
            members.IsJoint,
            now.Term,
            now.AppliedIndex);
        if (now.IsRemoved)
        {
            _onRemoved($"an entry up to {now.AppliedIndex} of its own log says so");
        }
    }

    private void NoteLogSpace(NodeStatus now)
    {
        if (now.HasLogSpace)
        {
            StartupLog.LogSpaceBack(_log, now.DurableIndex, now.Term);
        }
        else
        {
            StartupLog.LogSpaceGone(_log, now.DurableIndex, now.Term);
        }
    }
}
