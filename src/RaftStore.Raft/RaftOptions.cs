namespace RaftStore.Raft;

/// <summary>What a node is told once, at its start.</summary>
public sealed class RaftOptions
{
    /// <summary>Who this node is.</summary>
    public required NodeId Id { get; init; }

    /// <summary>Feeds the draws of election timeouts; two nodes with one seed would time out together again and again.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The shortest time without a leader before a follower campaigns, in milliseconds. Also how long a leader stays in
    /// office without contact to a quorum, and how long a follower in contact with a leader refuses pre-votes.</summary>
    public int LowerElectionTimeoutMs { get; init; } = 1000;

    /// <summary>The longest election timeout drawn, in milliseconds.</summary>
    public int UpperElectionTimeoutMs { get; init; } = 2000;

    /// <summary>Time between two heartbeats, in milliseconds.</summary>
    public int HeartbeatIntervalMs { get; init; } = 100;

    /// <summary>Bytes of entries not yet applied beyond which proposals are refused.</summary>
    public long UnappliedBytesMax { get; init; } = 64L << 20;

    /// <summary>Bytes of applied entries kept for followers that are behind; one that needs older ones gets a snapshot.</summary>
    public long CatchUpBytes { get; init; } = 64L << 20;

    /// <summary>Bytes of one AppendEntries message; a larger batch travels alone.</summary>
    public int AppendBytesMax { get; init; } = 256 << 10;

    /// <summary>Unanswered bytes of entries on the way to one follower.</summary>
    public long InflightBytesMax { get; init; } = 8L << 20;

    /// <summary>Unanswered AppendEntries messages on the way to one follower at most.</summary>
    public int InflightMessagesMax { get; init; } = 64;

    /// <summary>Reads waiting for confirmation in the core at most; one such read may stand for any number of callers.</summary>
    public int PendingReadsMax { get; init; } = 4096;

    internal void Validate()
    {
        if (Id.IsNone)
        {
            throw new ArgumentException("A node needs an id above 0.");
        }

        if (HeartbeatIntervalMs <= 0 || LowerElectionTimeoutMs <= HeartbeatIntervalMs || UpperElectionTimeoutMs < LowerElectionTimeoutMs)
        {
            throw new ArgumentException(
                $"Heartbeat interval {HeartbeatIntervalMs} ms and election timeouts {LowerElectionTimeoutMs}–{UpperElectionTimeoutMs} ms: each must be above the one before, the first above 0.");
        }

        if (UnappliedBytesMax <= 0 || CatchUpBytes < 0 || AppendBytesMax <= 0 || InflightBytesMax <= 0 || InflightMessagesMax <= 0 || PendingReadsMax <= 0)
        {
            throw new ArgumentException("Every bound must be above 0; the catch-up window may be 0.");
        }
    }
}

/// <summary>What a node knows at its start: what its disk held.</summary>
public sealed class RaftInitialState
{
    /// <summary>The cluster's members as of <see cref="SnapshotLast"/>: those of the snapshot, or of the founding, or those that were told
    /// to a node when it joined. Configurations in <see cref="Batches"/> take their place.</summary>
    public required Configuration Configuration { get; init; }

    /// <summary>Term and vote.</summary>
    public HardState HardState { get; init; }

    /// <summary>The last entry of the snapshot that was loaded; the log goes on after it.</summary>
    public EntryId SnapshotLast { get; init; }

    /// <summary>Cluster time at <see cref="SnapshotLast"/>, in milliseconds.</summary>
    public long SnapshotClusterTimeMs { get; init; }

    /// <summary>The durable entries after the snapshot, contiguous.</summary>
    public IReadOnlyList<EntryBatch> Batches { get; init; } = [];

    /// <summary>An index known to have been committed; clamped to the log.</summary>
    public long CommitIndex { get; init; }

    /// <summary>The monotonic time at the start, in milliseconds, on the clock that <see cref="RaftNode.Tick"/> will carry.</summary>
    public long NowMs { get; init; }
}
