namespace RaftStore.Raft;

/// <summary>How a wish to hand the leadership over was taken.</summary>
public enum TransferStatus
{
    /// <summary>It is under way.</summary>
    Started,

    /// <summary>This node does not lead.</summary>
    NotLeader,

    /// <summary>The target leads already.</summary>
    AlreadyLeads,

    /// <summary>Another one is under way.</summary>
    Pending,

    /// <summary>The target is no other voter, or there is none.</summary>
    NoSuchVoter,

    /// <summary>The target does not answer, or lacks too much of the log to be quick.</summary>
    Lagging,
}
