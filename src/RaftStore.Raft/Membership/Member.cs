namespace RaftStore.Raft;

/// <summary>A member as the replicated configuration describes it.</summary>
/// <param name="Id">Its id, unique over the life of the cluster.</param>
/// <param name="Name">Its name, unique among the members of one configuration; only a learner may bear the name of the member it
/// replaces.</param>
/// <param name="PeerAddress">host:port where peers reach it.</param>
/// <param name="ClientAddress">URL where clients reach it; empty while it is not known.</param>
public sealed record Member(NodeId Id, string Name, string PeerAddress, string ClientAddress)
{
    /// <summary>The data directory that speaks for this member, as a number drawn when the directory was made; 0 while nobody has
    /// claimed the id. A second directory cannot claim it: it would lack what the first acknowledged.</summary>
    public ulong Instance { get; init; }

    /// <summary>Of a learner: the leader makes it a voter once it has caught up. Without meaning for a voter.</summary>
    public bool PromotesItself { get; init; }

    /// <summary>Of a learner: the voter that leaves in the change which makes this one a voter; nobody where it comes in addition.</summary>
    public NodeId Replaces { get; init; }
}
