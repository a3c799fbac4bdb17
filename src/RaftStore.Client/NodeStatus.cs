namespace RaftStore.Client;

/// <summary>What one node says of itself. A field is null where the node did not give it.</summary>
public sealed class NodeStatus
{
    /// <summary>The node's member id, a decimal number.</summary>
    public string? Id { get; init; }

    /// <summary>The node's name.</summary>
    public string? Name { get; init; }

    /// <summary><c>forming</c> while the founders have not all met, then <c>running</c>, or <c>quarantined</c> while its state is known to be
    /// wrong, in the end <c>stopping</c>.</summary>
    public string? Phase { get; init; }

    /// <summary><c>leader</c>, <c>follower</c>, <c>candidate</c> or <c>pre-candidate</c>; null while forming.</summary>
    public string? Role { get; init; }

    /// <summary>The node's current term.</summary>
    public long Term { get; init; }

    /// <summary>The name of the leader this node follows; null while it knows none.</summary>
    public string? Leader { get; init; }

    /// <summary>The highest index known to be committed.</summary>
    public long CommitIndex { get; init; }

    /// <summary>The highest index applied to the state machine.</summary>
    public long AppliedIndex { get; init; }

    /// <summary>The highest index synced to this node's disk.</summary>
    public long? DurableIndex { get; init; }

    /// <summary>The first index still in the log.</summary>
    public long? FirstIndex { get; init; }

    /// <summary>The last index of the newest snapshot; 0 or null when there is none.</summary>
    public long? SnapshotIndex { get; init; }

    /// <summary>The store's revision on this node.</summary>
    public long Revision { get; init; }

    /// <summary>The oldest revision that can still be read.</summary>
    public long? CompactedRevision { get; init; }

    /// <summary>How many keys exist.</summary>
    public long? Keys { get; init; }

    /// <summary>The bytes of live keys and values.</summary>
    public long? Bytes { get; init; }

    /// <summary>The server's version.</summary>
    public string? Version { get; init; }

    /// <summary>The hash of the replicated state at a recent index, equal on all healthy nodes.</summary>
    public NodeStateHash? StateHash { get; init; }
}
