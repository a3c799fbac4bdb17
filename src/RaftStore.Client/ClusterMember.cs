namespace RaftStore.Client;

/// <summary>One member of the cluster, with what the answering node knows of it; followers know little of each other.</summary>
public sealed class ClusterMember
{
    /// <summary>The member's id, a decimal number.</summary>
    public required string Id { get; init; }

    /// <summary>The member's name.</summary>
    public required string Name { get; init; }

    /// <summary><c>voter</c> or <c>learner</c>.</summary>
    public string? Role { get; init; }

    /// <summary>The address other members dial.</summary>
    public string? Peer { get; init; }

    /// <summary>The address clients use, where the member has made it known.</summary>
    public string? Client { get; init; }

    /// <summary>The highest index known to be durable there.</summary>
    public long? MatchIndex { get; init; }

    /// <summary>The highest index known to be applied there.</summary>
    public long? AppliedIndex { get; init; }

    /// <summary>How many entries the member is behind the leader.</summary>
    public long? Lag { get; init; }

    /// <summary>Whether the answering node has heard from the member lately.</summary>
    public bool? Healthy { get; init; }

    /// <summary>Of a learner: whether it could be given a vote now; null for a voter.</summary>
    public bool? CaughtUp { get; init; }

    /// <summary>The snapshot that the leader is sending to the member; null where it sends none.</summary>
    public SnapshotTransfer? Snapshot { get; init; }

    /// <summary>Milliseconds since the answering node last heard from the member.</summary>
    public long? LastContactMs { get; init; }
}

/// <summary>A snapshot on its way to a member.</summary>
/// <param name="HeldBytes">How much of the file the member holds.</param>
/// <param name="Bytes">The file's length.</param>
public sealed record SnapshotTransfer(long HeldBytes, long Bytes);
