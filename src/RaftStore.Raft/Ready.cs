namespace RaftStore.Raft;

/// <summary>One piece of work for the log writer. Requests are carried out in the order in which they were given; the
/// parts of one in the order in which they stand here, the hard state durable before any entry of its term.</summary>
public sealed class PersistRequest
{
    /// <summary>Given back to <see cref="RaftNode.Persisted"/> once everything below is durable.</summary>
    public required BatchToken Token { get; init; }

    /// <summary>The term and vote to make durable, or null where they have not changed.</summary>
    public HardState? HardState { get; init; }

    /// <summary>Set when a snapshot was installed whose last entry this log does not hold: everything is discarded, and the
    /// log goes on after this entry.</summary>
    public EntryId? ResetTo { get; init; }

    /// <summary>Entries from this index on conflict with the leader's and go, before <see cref="Batches"/> come.</summary>
    public long? TruncateFrom { get; init; }

    /// <summary>Contiguous sealed batches to append.</summary>
    public IReadOnlyList<EntryBatch> Batches { get; init; } = [];

    /// <summary>The commit index when the request was made: a hint for the next start, so that a restarted node can serve
    /// stale reads at once. Losing it costs nothing.</summary>
    public long CommitIndex { get; init; }
}

/// <summary>A read whose index is confirmed: it may be served once that index is applied.</summary>
public readonly record struct ConfirmedRead(ReadId Id, long Index);

/// <summary>Why a read index could not be had.</summary>
public readonly record struct FailedRead(ReadId Id);

/// <summary>One batch of work, its parts in the order in which they must be done. Owned by the node that made it and valid
/// until the next <see cref="RaftNode.TakeReady"/>; it is never null, and empty where there is nothing to do.</summary>
public sealed class Ready
{
    /// <summary>To be handed to the log writer, without waiting for it; null where nothing needs the disk.</summary>
    public PersistRequest? Persist { get; internal set; }

    /// <summary>May leave now, before anything of <see cref="Persist"/> is durable.</summary>
    public List<Message> Messages { get; } = [];

    /// <summary>May leave only once <see cref="Persist"/> is durable. Never filled where <see cref="Persist"/> is null.</summary>
    public List<Message> MessagesAfterPersist { get; } = [];

    /// <summary>Committed, durable here, and next in line to be applied, in order and without gaps.</summary>
    public List<EntryBatch> Committed { get; } = [];

    /// <summary>Reads that may be served once their index is applied.</summary>
    public List<ConfirmedRead> ConfirmedReads { get; } = [];

    /// <summary>Reads that will never be confirmed under their id: ask again with a new one.</summary>
    public List<FailedRead> FailedReads { get; } = [];

    /// <summary>Followers whose next entry is no longer in memory: capture a snapshot now and send it.</summary>
    public List<NodeId> SnapshotsWanted { get; } = [];

    /// <summary>Chunks that passed the checks of term and index, for whoever puts the file together.</summary>
    public List<InstallSnapshot> SnapshotChunks { get; } = [];

    /// <summary>True where there is nothing to do.</summary>
    public bool IsEmpty => Persist is null && Messages.Count == 0 && Committed.Count == 0 && ConfirmedReads.Count == 0
        && FailedReads.Count == 0 && SnapshotsWanted.Count == 0 && SnapshotChunks.Count == 0;

    internal void Clear()
    {
        Persist = null;
        Messages.Clear();
        MessagesAfterPersist.Clear();
        Committed.Clear();
        ConfirmedReads.Clear();
        FailedReads.Clear();
        SnapshotsWanted.Clear();
        SnapshotChunks.Clear();
    }
}
