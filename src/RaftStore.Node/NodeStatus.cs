using RaftStore.Raft;

namespace RaftStore.Node;

/// <summary>What one node knows of itself. Immutable.</summary>
public sealed record NodeStatus
{
    /// <summary>This node.</summary>
    public required NodeId Id { get; init; }

    /// <summary>Its role.</summary>
    public required RaftRole Role { get; init; }

    /// <summary>Its term.</summary>
    public required long Term { get; init; }

    /// <summary>The leader it follows; itself only once its term's first entry is applied.</summary>
    public required NodeId Leader { get; init; }

    /// <summary>Its commit index.</summary>
    public required long CommitIndex { get; init; }

    /// <summary>Its applied index.</summary>
    public required long AppliedIndex { get; init; }

    /// <summary>Its durable index.</summary>
    public required long DurableIndex { get; init; }

    /// <summary>The first entry still in memory.</summary>
    public required long FirstIndex { get; init; }

    /// <summary>The last entry of its newest durable snapshot; 0 for none.</summary>
    public required long SnapshotIndex { get; init; }

    /// <summary>The members in force.</summary>
    public required Configuration Configuration { get; init; }

    /// <summary>The members as of the last applied entry: what no later leader can undo.</summary>
    public required Configuration AppliedConfiguration { get; init; }

    /// <summary>True once an entry is applied by which this node is no member any more: its work is done for good.</summary>
    public bool IsRemoved => AppliedConfiguration.WasRemoved(Id);

    /// <summary>When a bound on staleness was last known, on the pump's clock in milliseconds: the state is at most
    /// now − this old. -1 where it never was.</summary>
    public required long FreshAsOfMs { get; init; }

    /// <summary>Microseconds of log write and sync, over the last 1,024 of them: p50, p99 and the largest.</summary>
    public required SyncLatency SyncLatency { get; init; }

    /// <summary>Why this node is quarantined; null while its state is not known to be wrong.</summary>
    public DivergenceReport? Divergence { get; init; }

    /// <summary>The last snapshot from another node that was damaged and dropped; null where none was.</summary>
    public RefusedSnapshot? RefusedSnapshot { get; init; }

    /// <summary>The last snapshot on this node's own disk that was found damaged and is taken anew; null where none was.</summary>
    public DamagedSnapshot? DamagedSnapshot { get; init; }

    /// <summary>How far the repair of a quarantined node has come.</summary>
    public RepairStatus Repair { get; init; }

    /// <summary>Bytes of sealed batches in the log that are not applied yet; new proposals are refused above <see cref="RaftOptions.UnappliedBytesMax"/>.
    /// As of the last time that anything else here changed, which under a leader is every heartbeat.</summary>
    public required long UnappliedBytes { get; init; }

    /// <summary>False while the log's disk is full.</summary>
    public required bool HasLogSpace { get; init; }

    /// <summary>False while the process has little memory left, by <see cref="Node.ReportMemory"/>: leading, it refuses puts.</summary>
    public required bool HasMemory { get; init; }
}

/// <summary>A snapshot that came from another node, was found to be damaged, and is fetched anew.</summary>
/// <param name="Sender">The leader that sent it.</param>
/// <param name="LastIncluded">The entry up to which it was.</param>
/// <param name="Reason">What is wrong with it.</param>
public sealed record RefusedSnapshot(NodeId Sender, EntryId LastIncluded, string Reason);

/// <summary>A snapshot on this node's own disk that was found damaged when it was sent: nobody is sent it any more, and another takes its place.</summary>
/// <param name="LastIncluded">The entry up to which it was.</param>
/// <param name="Reason">The file, and what is wrong with it.</param>
public sealed record DamagedSnapshot(EntryId LastIncluded, string Reason);

/// <summary>Microseconds that a log write with its sync took.</summary>
public readonly record struct SyncLatency(long P50Microseconds, long P99Microseconds, long MaxMicroseconds);
