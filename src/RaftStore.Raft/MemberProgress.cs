namespace RaftStore.Raft;

/// <summary>What a leader knows of a member.</summary>
/// <param name="Id">The member; the leader itself is among them.</param>
/// <param name="MatchIndex">The last entry known to be durable there.</param>
/// <param name="State">How entries are sent to it.</param>
/// <param name="LastContactMs">Milliseconds since it last answered; -1 where it never has. 0 for the leader itself.</param>
/// <param name="AppliedIndex">What it last said it had applied.</param>
/// <param name="IsCaughtUp">Of a learner: it could become a voter now.</param>
public readonly record struct MemberProgress(NodeId Id, long MatchIndex, ProgressState State, long LastContactMs, long AppliedIndex, bool IsCaughtUp);

/// <summary>How a leader sends entries to a follower.</summary>
public enum ProgressState
{
    /// <summary>Where its log agrees is not known: one message at a time.</summary>
    Probe,

    /// <summary>Its log agrees: a window of messages is under way.</summary>
    Replicate,

    /// <summary>It needs entries that are gone from memory: a snapshot is under way.</summary>
    Snapshot,
}
