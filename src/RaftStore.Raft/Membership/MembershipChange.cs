namespace RaftStore.Raft;

/// <summary>A wish to change who belongs to the cluster. One of the types below.</summary>
public abstract record MembershipChange;

/// <summary>Takes in a member without a vote. It gets an id that was never used.</summary>
/// <param name="Name">Its name, which no other member bears; only that of <paramref name="Replaces"/> may be given again.</param>
/// <param name="PeerAddress">host:port where peers reach it.</param>
/// <param name="ClientAddress">URL where clients reach it; empty where it is not known.</param>
/// <param name="PromotesItself">The leader makes it a voter once it has caught up.</param>
/// <param name="Replaces">The voter that leaves when this one becomes one, in the same change; nobody for none.</param>
/// <param name="Instance">The data directory that speaks for it; 0 where none has claimed the id yet.</param>
public sealed record AddLearner(string Name, string PeerAddress, string ClientAddress, bool PromotesItself, NodeId Replaces, ulong Instance) : MembershipChange;

/// <summary>Makes a learner a voter; refused until it has caught up.</summary>
public sealed record PromoteLearner(NodeId Id) : MembershipChange;

/// <summary>Takes a member out. Its id is never used again.</summary>
/// <param name="Force">Also where what remains could not commit with the members that answer now.</param>
public sealed record RemoveMember(NodeId Id, bool Force) : MembershipChange;

/// <summary>Describes a member anew; null leaves a part as it is.</summary>
/// <param name="Instance">Claims the id for a data directory: refused where another has claimed it.</param>
public sealed record UpdateMember(NodeId Id, string? PeerAddress, string? ClientAddress, ulong? Instance) : MembershipChange;

/// <summary>How a wish to change the membership was taken.</summary>
public enum MembershipStatus
{
    /// <summary>Appended to this leader's log; it is done once the change has committed.</summary>
    Appended,

    /// <summary>There is nothing to change.</summary>
    AlreadySo,

    /// <summary>This node does not lead, or is handing its leadership over.</summary>
    NotLeader,

    /// <summary>No entry of this leader's term is committed: it cannot know yet whether an earlier change is (thesis §4.1 and the
    /// correction to it of July 2015).</summary>
    TermNotCommitted,

    /// <summary>Another change is not over.</summary>
    ChangePending,

    /// <summary>There is no such member.</summary>
    NoSuchMember,

    /// <summary>A member has that name or that peer address.</summary>
    NameOrAddressTaken,

    /// <summary>Another data directory has claimed that member's id.</summary>
    ClaimedByAnother,

    /// <summary>It is a voter already.</summary>
    NotALearner,

    /// <summary>It lacks too much of the log, or does not answer.</summary>
    NotCaughtUp,

    /// <summary>Of the voters that would remain, too few answer now; or only one would remain of two.</summary>
    WouldLoseQuorum,

    /// <summary>No voter would remain.</summary>
    NoVoterLeft,

    /// <summary>The configuration holds as many members as it may.</summary>
    TooManyMembers,
}

/// <summary>The answer to a wish to change the membership.</summary>
/// <param name="Status">How it was taken.</param>
/// <param name="Member">Whom it concerns; for an added one the id it got.</param>
/// <param name="Index">The entry that began the change. Only where appended.</param>
/// <param name="Term">Its term. Only where appended.</param>
public readonly record struct MembershipResult(MembershipStatus Status, NodeId Member, long Index, long Term);
