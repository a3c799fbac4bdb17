namespace RaftStore.Client;

/// <summary>How recent the answer to a read of one key must be.</summary>
public sealed class ReadOptions
{
    /// <summary>Linearizable, or this moment's state of whatever node answers.</summary>
    public ReadConsistency Consistency { get; init; }

    /// <summary>The revision of the store to read at; null for the present.</summary>
    public long? Revision { get; init; }

    /// <summary>The read waits until the node that answers has this revision, such as that of the caller's own last write; 0 for none.</summary>
    public long MinRevision { get; init; }

    /// <summary>A node whose state may be older than this is passed over; null for no bound. For stale reads only.</summary>
    public TimeSpan? MaxStaleness { get; init; }
}
