using RaftStore.Kv;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node;

/// <summary>Bounds and times of one node.</summary>
public sealed class NodeOptions
{
    /// <summary>The core's own options.</summary>
    public required RaftOptions Raft { get; init; }

    /// <summary>The cluster; messages of another are dropped.</summary>
    public required ClusterId Cluster { get; init; }

    /// <summary>Bytes of proposals and reads waiting for the pump, beyond which new ones are refused.</summary>
    public long InputBytesMax { get; init; } = 32L << 20;

    /// <summary>Waiting callers at most; one more is refused.</summary>
    public int WaitersMax { get; init; } = 100_000;

    /// <summary>A snapshot is taken when the log is longer than this and than the last snapshot, in bytes.</summary>
    public long SnapshotLogBytes { get; init; } = 256L << 20;

    /// <summary>Bytes of one snapshot chunk on the wire.</summary>
    public int SnapshotChunkBytes { get; init; } = 256 << 10;

    /// <summary>Snapshot bytes read or written a second at most.</summary>
    public long SnapshotBytesPerSecond { get; init; } = 256L << 20;

    /// <summary>Below this many bytes of reserved log space no new entry is accepted: votes must stay writable.</summary>
    public long LogReserveBytes { get; init; } = 4L << 20;
}

/// <summary>What a node starts from: everything its disk held.</summary>
/// <param name="Initial">The core's state.</param>
/// <param name="Store">The state machine, loaded from the snapshot or empty.</param>
/// <param name="Log">The log writer.</param>
/// <param name="Snapshots">The snapshot directory; from here on the snapshot worker owns it.</param>
public sealed record NodeStart(RaftInitialState Initial, KvStore Store, LogWriter Log, SnapshotStore Snapshots);

/// <summary>How certain it is what became of a write.</summary>
public enum WriteCertainty
{
    /// <summary>Committed and applied; <see cref="WriteOutcome.Result"/> says with what result.</summary>
    Applied,

    /// <summary>It was not applied and never will be.</summary>
    NotApplied,

    /// <summary>It may have been applied, or may yet be.</summary>
    Unknown,
}

/// <summary>Why a request was not served.</summary>
public enum RefusalReason
{
    /// <summary>It was served.</summary>
    None,

    /// <summary>No leader is known, or the one that was known does not lead.</summary>
    NoLeader,

    /// <summary>A queue or table is full.</summary>
    Overloaded,

    /// <summary>The log's disk is full.</summary>
    DiskFull,

    /// <summary>The node is shutting down.</summary>
    ShuttingDown,

    /// <summary>The deadline passed.</summary>
    TimedOut,
}

/// <summary>The end of a write.</summary>
public readonly record struct WriteOutcome(WriteCertainty Certainty, RefusalReason Reason, KvResult Result);

/// <summary>One member of a cluster: the pump around the core, the log, the state machine and the peers. It does everything
/// that follows from an input synchronously, on one thread, and never waits for the disk or the network. It starts no thread.</summary>
public sealed class Node
{
    /// <summary>Makes a node that has not run yet.</summary>
    public Node(NodeOptions options, NodeStart start, IPeerTransport transport) => throw new NotImplementedException();

    /// <summary>What this node knew after its last run. Any thread.</summary>
    public NodeStatus Status => throw new NotImplementedException();

    /// <summary>The applied state. Any thread.</summary>
    public KvView View => throw new NotImplementedException();

    /// <summary>The state hashes recorded last. Any thread.</summary>
    public IReadOnlyList<StateHash> RecordedHashes => throw new NotImplementedException();

    /// <summary>Work that must not run on the pump: writing, sending, receiving and loading snapshots.</summary>
    public SnapshotWorker SnapshotWorker => throw new NotImplementedException();

    /// <summary>Proposes a command, through the leader wherever that is, and completes when it is applied on the node that
    /// proposed it, or when <paramref name="deadlineMs"/> passes. Any thread. The command must not change until then.</summary>
    /// <param name="command">What <see cref="KvCommand"/> encoded.</param>
    /// <param name="deadlineMs">On the clock that <see cref="RunOnce"/> is given, in milliseconds.</param>
    public ValueTask<WriteOutcome> WriteAsync(ReadOnlyMemory<byte> command, long deadlineMs) => throw new NotImplementedException();

    /// <summary>Completes once <see cref="View"/> holds everything that any node had answered before the call: a read of it is then
    /// linearizable. Any number of waiting reads share one confirmation. Any thread.</summary>
    /// <returns><see cref="RefusalReason.None"/>, or why not.</returns>
    public ValueTask<RefusalReason> ConfirmReadAsync(long deadlineMs) => throw new NotImplementedException();

    /// <summary>Asks the leader what it knows of every member; this node's own knowledge where there is no leader to ask. Any thread.</summary>
    public ValueTask<ClusterView> DescribeClusterAsync(long deadlineMs) => throw new NotImplementedException();

    /// <summary>Takes a whole frame that a peer sent, as it stood on the wire; decodes and checks it on the calling thread. Any
    /// thread, but one at a time for a connection. The node keeps the memory.</summary>
    /// <returns>What is wrong with it, or null; where something is, the connection must be closed.</returns>
    public string? Receive(NodeId from, PeerChannel channel, ReadOnlyMemory<byte> frame) => throw new NotImplementedException();

    /// <summary>A peer's connection was made, or made anew. Any thread.</summary>
    public void PeerConnected(NodeId peer, PeerChannel channel) => throw new NotImplementedException();

    /// <summary>A peer's connection was lost; what was queued on it is gone. Any thread.</summary>
    public void PeerLost(NodeId peer, PeerChannel channel) => throw new NotImplementedException();

    /// <summary>The log writer finished something. Any thread.</summary>
    public void LogCompleted(LogCompletion completion) => throw new NotImplementedException();

    /// <summary>Refuses new requests from now on; those under way are still finished. Any thread.</summary>
    public void BeginShutdown() => throw new NotImplementedException();

    /// <summary>Waits until there is input or the time is over. Pump thread.</summary>
    public bool WaitForInput(int timeoutMs) => throw new NotImplementedException();

    /// <summary>Takes every input that is queued and does all that follows from it. Pump thread.</summary>
    /// <param name="nowMs">Monotonic milliseconds.</param>
    /// <returns>True where there was anything to do.</returns>
    /// <exception cref="RaftInvariantException">A safety rule is broken: the node must stop (exit code 5).</exception>
    public bool RunOnce(long nowMs) => throw new NotImplementedException();
}

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

    /// <summary>When a bound on staleness was last known, on the pump's clock in milliseconds: the state is at most
    /// now − this old. -1 where it never was.</summary>
    public required long FreshAsOfMs { get; init; }

    /// <summary>Microseconds of log write and sync, over the last 1,024 of them: p50, p99 and the largest.</summary>
    public required SyncLatency SyncLatency { get; init; }

    /// <summary>False while the log's disk is full.</summary>
    public required bool HasLogSpace { get; init; }
}

/// <summary>Microseconds that a log write with its sync took.</summary>
public readonly record struct SyncLatency(long P50Microseconds, long P99Microseconds, long MaxMicroseconds);

/// <summary>What the leader, or without one this node, knows of the cluster.</summary>
/// <param name="FromLeader">True where the leader answered: only then are the numbers of the other members known.</param>
public sealed record ClusterView(bool FromLeader, NodeId Leader, long Term, long CommitIndex, IReadOnlyList<ClusterMemberView> Members);

/// <summary>One member of a <see cref="ClusterView"/>; -1 stands for «not known».</summary>
public sealed record ClusterMemberView(Member Member, long MatchIndex, long AppliedIndex, long LastContactMs);
