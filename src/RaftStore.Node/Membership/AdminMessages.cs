using RaftStore.Raft;

namespace RaftStore.Node.Membership;

/// <summary>What one member can do for the cluster: but for the last, the leader. One of the types below.</summary>
internal abstract record AdminAction;

/// <summary>Changes who belongs to it.</summary>
internal sealed record ChangeMembership(MembershipChange Change) : AdminAction;

/// <summary>Hands the leadership over.</summary>
internal sealed record TransferLeadership(NodeId Target) : AdminAction;

/// <summary>Makes the state of that quarantined member right. It does so itself.</summary>
internal sealed record RepairState(NodeId Member, bool Trusts) : AdminAction;

/// <summary>Asks the leader of that term to do something, or the member whose state is to be repaired.</summary>
/// <param name="TimeoutMs">How long the asking node waits for the answer.</param>
/// <param name="IsRepeated">The leader of an earlier term was asked too, and may have done it.</param>
internal sealed record AdminQuestion(NodeId From, NodeId To, long Term, ulong Id, long TimeoutMs, bool IsRepeated, AdminAction Action) : Message(From, To, Term);

/// <summary>The answer to that question; without an outcome where the one who was asked is not the one to do it, and has done nothing.</summary>
internal sealed record AdminAnswer(NodeId From, NodeId To, long Term, ulong Id, AdminOutcome? Outcome) : Message(From, To, Term);
