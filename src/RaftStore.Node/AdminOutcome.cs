using RaftStore.Raft;

namespace RaftStore.Node;

/// <summary>What became of a change of the membership, a transfer of the leadership or a repair. The numbers stand on the wire.</summary>
public enum AdminResult
{
    /// <summary>It is done, and a majority has it.</summary>
    Done = 0,

    /// <summary>There was nothing to do.</summary>
    AlreadySo = 1,

    /// <summary>No leader was found in time, or an earlier change did not end in time; nothing was changed.</summary>
    TimedOut = 2,

    /// <summary>It may have been done, or may yet be.</summary>
    Unknown = 3,

    /// <summary>Too many wait; nothing was changed.</summary>
    Overloaded = 4,

    /// <summary>There is no such member.</summary>
    NoSuchMember = 5,

    /// <summary>A member has that name or that peer address; <see cref="AdminOutcome.Member"/> names it.</summary>
    NameOrAddressTaken = 6,

    /// <summary>Another data directory has claimed that member's id.</summary>
    ClaimedByAnother = 7,

    /// <summary>The member votes already.</summary>
    NotALearner = 8,

    /// <summary>The learner lacks too much of the log, or does not answer.</summary>
    NotCaughtUp = 9,

    /// <summary>Of the voters that would remain, too few answer; or only one would remain of two.</summary>
    WouldLoseQuorum = 10,

    /// <summary>No voter would remain.</summary>
    NoVoterLeft = 11,

    /// <summary>The configuration holds as many members as it may.</summary>
    TooManyMembers = 12,

    /// <summary>The target of a transfer is no other voter, or there is none.</summary>
    NoSuchVoter = 13,

    /// <summary>The target of a transfer does not answer, or lacks too much of the log.</summary>
    Lagging = 14,

    /// <summary>The target did not take over within an election timeout; the leader goes on leading.</summary>
    NotTakenOver = 15,

    /// <summary>The state that was to be repaired is not known to be wrong.</summary>
    NotQuarantined = 16,

    /// <summary>The state is being repaired; <see cref="AdminOutcome.Repair"/> tells how far it has come.</summary>
    Repairing = 17,

    /// <summary>The state that was to be trusted is another than that of a majority.</summary>
    MajorityDiffers = 18,

    /// <summary>No leader has been known for so long that another node had better be asked; nothing was changed. Never on the wire: only a leader is
    /// asked there.</summary>
    NoLeader = 19,
}

/// <summary>The end of a change of the membership, a transfer of the leadership or a repair.</summary>
/// <param name="Result">What became of it.</param>
/// <param name="Member">Whom it concerns: for an added member the id it got.</param>
/// <param name="Repair">How far a repair has come.</param>
public readonly record struct AdminOutcome(AdminResult Result, NodeId Member, RepairStatus Repair = default);
