namespace RaftStore.Raft;

/// <summary>This node's log lacks entries that it has told the leader in office are durable: its disk was put back from an older copy of itself, or has
/// lost what it had confirmed. It must stop, since a vote of its may help to elect somebody who lacks them too.</summary>
/// <remarks>Noticed only while that leader is in office: the next one remembers nothing of what this node said.</remarks>
public sealed class LostEntriesException : Exception
{
    internal LostEntriesException(NodeId leader, long term, long acknowledgedIndex, long durableIndex)
        : base($"node {leader}, leader of term {term}, was told by this node that its log is durable to entry {acknowledgedIndex}, and it ends in entry {durableIndex}")
    {
    }
}
