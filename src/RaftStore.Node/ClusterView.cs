using RaftStore.Raft;

namespace RaftStore.Node;

/// <summary>What the leader, or without one this node, knows of the cluster.</summary>
/// <param name="FromLeader">True where the leader answered: only then are the numbers of the other members known.</param>
public sealed record ClusterView(bool FromLeader, NodeId Leader, long Term, long CommitIndex, IReadOnlyList<ClusterMemberView> Members);

/// <summary>One member of a <see cref="ClusterView"/>; -1 stands for «not known».</summary>
/// <param name="IsVoter">False for a learner.</param>
/// <param name="IsCaughtUp">Of a learner: the leader could make it a voter now.</param>
/// <param name="Snapshot">How far the leader has come with sending it a snapshot; null where it sends it none.</param>
public sealed record ClusterMemberView(
    Member Member, bool IsVoter, bool IsCaughtUp, long MatchIndex, long AppliedIndex, long LastContactMs, SnapshotTransfer? Snapshot = null);

/// <summary>A snapshot on its way to a member.</summary>
/// <param name="HeldBytes">How much of the file the member has acknowledged, without a gap from its beginning.</param>
/// <param name="LengthBytes">The file's length.</param>
public readonly record struct SnapshotTransfer(long HeldBytes, long LengthBytes);
