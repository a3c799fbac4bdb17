using RaftStore.Raft;

namespace RaftStore.Node.Divergence;

/// <summary>A member whose state is wrong asks the leader of that term for its state, as a snapshot.</summary>
/// <param name="LeastIndex">The last entry that the sender has applied: an older snapshot is of no use to it.</param>
internal sealed record StateRequest(NodeId From, NodeId To, long Term, long LeastIndex) : Message(From, To, Term);
