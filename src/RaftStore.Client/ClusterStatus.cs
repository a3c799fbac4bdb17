namespace RaftStore.Client;

/// <summary>The cluster as one node sees it.</summary>
public sealed class ClusterStatus
{
    /// <summary>The random id given when the cluster was formed.</summary>
    public string? ClusterId { get; init; }

    /// <summary>The leader's name; null while the answering node knows none.</summary>
    public string? Leader { get; init; }

    /// <summary>The answering node's term.</summary>
    public long Term { get; init; }

    /// <summary>The answering node's commit index.</summary>
    public long CommitIndex { get; init; }

    /// <summary>The members of the configuration in force.</summary>
    public IReadOnlyList<ClusterMember> Members { get; init; } = [];
}
