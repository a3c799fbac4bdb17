using RaftStore.Raft;

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

    /// <summary>Bytes of one snapshot chunk on the wire. Small enough to stay out of the large-object heap, which only a full
    /// collection empties: the leader makes one for every chunk.</summary>
    public int SnapshotChunkBytes { get; init; } = 64 << 10;

    /// <summary>Snapshot bytes read or written a second at most, so that disk and cores are left for writes.</summary>
    public long SnapshotBytesPerSecond { get; init; } = 64L << 20;

    /// <summary>Below this many bytes of reserved log space no new entry is accepted: votes must stay writable.</summary>
    public long LogReserveBytes { get; init; } = 4L << 20;
}
