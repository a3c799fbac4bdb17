using RaftStore.Node.Waiters;
using RaftStore.Raft;

namespace RaftStore.Node.Pump;

/// <summary>What the parts of the pump share. Pump thread.</summary>
internal sealed class PumpContext
{
    private int _releasedWaiters;
    private long _releasedBytes;

    public required NodeOptions Options { get; init; }

    public required RaftNode Core { get; init; }

    public required InputQueue Inputs { get; init; }

    public required Outbox Outbox { get; init; }

    public required DeadlineWheel Deadlines { get; init; }

    public required UniqueIds Ids { get; init; }

    public required Tallies Tallies { get; init; }

    /// <summary>How far this leader has come with every snapshot that it is sending.</summary>
    public Dictionary<NodeId, SnapshotTransfer> SnapshotTransfers { get; } = [];

    public CompletionBatch Completions { get; } = new();

    /// <summary>Why this node is quarantined: it serves nobody and does not lead. Null while its state is not known to be wrong.</summary>
    public DivergenceReport? Divergence { get; set; }

    /// <summary>The last snapshot from another node that was damaged; null where none was.</summary>
    public RefusedSnapshot? RefusedSnapshot { get; set; }

    /// <summary>The last snapshot on this node's own disk that was found damaged; null where none was.</summary>
    public DamagedSnapshot? DamagedSnapshot { get; set; }

    /// <summary>True while the process has little memory left: a leader takes no command that would need more.</summary>
    public bool IsLowOnMemory { get; set; }

    /// <summary>This node.</summary>
    public NodeId Self => Options.Raft.Id;

    /// <summary>The time of this pass, in monotonic milliseconds.</summary>
    public long NowMs { get; set; }

    public bool IsLeader => Core.Role == RaftRole.Leader;

    /// <summary>A caller waits no longer; told to the input queue at the end of the pass.</summary>
    public void ReleaseWaiter() => _releasedWaiters++;

    /// <summary>A write's bytes count no longer; told to the input queue at the end of the pass.</summary>
    public void ReleaseBytes(WriteWaiter write)
    {
        _releasedBytes += write.HeldBytes;
        write.HeldBytes = 0;
    }

    /// <summary>So many bytes count no longer.</summary>
    public void ReleaseBytes(long bytes) => _releasedBytes += bytes;

    /// <summary>Ends the pass: callers go on, and the input queue has room again.</summary>
    public void EndPass()
    {
        if (_releasedWaiters > 0 || _releasedBytes > 0)
        {
            Inputs.Release(_releasedWaiters, _releasedBytes);
            _releasedWaiters = 0;
            _releasedBytes = 0;
        }

        Completions.Dispatch();
    }
}
