using RaftStore.Raft;

namespace RaftStore.Node.Cluster;

/// <summary>Asks the leader what it knows of the cluster.</summary>
internal sealed record ClusterStatusQuestion(NodeId From, NodeId To, long Term, ulong Id) : Message(From, To, Term);

/// <summary>The leader's answer; null where the one who was asked does not lead.</summary>
internal sealed record ClusterStatusAnswer(NodeId From, NodeId To, long Term, ulong Id, ClusterView? View) : Message(From, To, Term);
