using RaftStore.Raft;

namespace RaftStore.Node;

/// <summary>What the leader, or without one this node, knows of the cluster.</summary>
/// <param name="FromLeader">True where the leader answered: only then are the numbers of the other members known.</param>
public sealed record ClusterView(bool FromLeader, NodeId Leader, long Term, long CommitIndex, IReadOnlyList<ClusterMemberView> Members);

/// <summary>One member of a <see cref="ClusterView"/>; -1 stands for «not known».</summary>
/// <param name="IsVoter">False for a learner.</param>
/// <param name="IsCaughtUp">Of a learner: the leader could make it a voter now.</param>
public sealed record ClusterMemberView(Member Member, bool IsVoter, bool IsCaughtUp, long MatchIndex, long AppliedIndex, long LastContactMs);
