using RaftStore.Raft;

namespace RaftStore.Node.Membership;

/// <summary>What only the leader can do for the cluster. One of the types below.</summary>
internal abstract record AdminAction;

/// <summary>Changes who belongs to it.</summary>
internal sealed record ChangeMembership(MembershipChange Change) : AdminAction;

/// <summary>Hands the leadership over.</summary>
internal sealed record TransferLeadership(NodeId Target) : AdminAction;

/// <summary>Asks the leader of that term to do something.</summary>
/// <param name="TimeoutMs">How long the asking node waits for the answer.</param>
/// <param name="IsRepeated">The leader of an earlier term was asked too, and may have done it.</param>
internal sealed record AdminQuestion(NodeId From, NodeId To, long Term, ulong Id, long TimeoutMs, bool IsRepeated, AdminAction Action) : Message(From, To, Term);

/// <summary>The answer to that question; without an outcome where the one who was asked does not lead that term, and has done nothing.</summary>
internal sealed record AdminAnswer(NodeId From, NodeId To, long Term, ulong Id, AdminOutcome? Outcome) : Message(From, To, Term);
