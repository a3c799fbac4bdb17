using System.Collections.Immutable;

namespace RaftStore.Raft;

/// <summary>What one member says to another. Every message carries its sender's term (thesis §3.3); the frame around
/// it carries the cluster id.</summary>
/// <param name="From">The sender; the transport has checked that it is who it says.</param>
/// <param name="To">The receiver.</param>
/// <param name="Term">The sender's current term, except where a message type says otherwise.</param>
public abstract record Message(NodeId From, NodeId To, long Term);

/// <summary>Asks whether an election could be won, without raising anybody's term (thesis §9.6).</summary>
/// <param name="Term">The term the sender would campaign in: its current term + 1.</param>
public sealed record PreVoteRequest(NodeId From, NodeId To, long Term, EntryId LastLog) : Message(From, To, Term);

/// <summary>The answer to <see cref="PreVoteRequest"/>.</summary>
/// <param name="Term">When granted, the term that was asked about; when refused, the voter's current term.</param>
public sealed record PreVoteResponse(NodeId From, NodeId To, long Term, bool VoteGranted) : Message(From, To, Term);

/// <summary>RequestVote of Figure 2.</summary>
/// <param name="IsTransfer">The leader asked for this election (thesis §3.10): it is no disturbance, so contact with that leader is no
/// reason to ignore it.</param>
public sealed record VoteRequest(NodeId From, NodeId To, long Term, EntryId LastLog, bool IsTransfer = false) : Message(From, To, Term);

/// <summary>The answer to <see cref="VoteRequest"/>; it leaves only once the vote is durable.</summary>
public sealed record VoteResponse(NodeId From, NodeId To, long Term, bool VoteGranted) : Message(From, To, Term);

/// <summary>AppendEntries of Figure 2, for entries and for probing; heartbeats have a message of their own so that they
/// never queue behind data.</summary>
/// <param name="PrevLog">The entry just before <paramref name="Batches"/>; always the last one of a batch.</param>
/// <param name="Batches">Contiguous sealed batches; empty when probing.</param>
/// <param name="LeaderCommit">The leader's commit index. The receiver clamps it to what this message verified.</param>
public sealed record AppendEntries(NodeId From, NodeId To, long Term, EntryId PrevLog, ImmutableArray<EntryBatch> Batches, long LeaderCommit)
    : Message(From, To, Term);

/// <summary>The answer to <see cref="AppendEntries"/>; a success leaves only once what it acknowledges is durable.</summary>
/// <param name="Success">The receiver held <paramref name="PrevLogIndex"/> and everything sent after it is durable.</param>
/// <param name="PrevLogIndex">Which request this answers: the index of its PrevLog.</param>
/// <param name="MatchIndex">On success PrevLog + what was sent, never more: a late duplicate may hold an old prefix.</param>
/// <param name="Hint">On refusal the last entry of the receiver that can match: nothing after its index does, and its term
/// lets the leader skip a whole term a round (thesis §3.5, the optimisation that backtracks by terms).</param>
public sealed record AppendEntriesResponse(NodeId From, NodeId To, long Term, bool Success, long PrevLogIndex, long MatchIndex, EntryId Hint)
    : Message(From, To, Term);

/// <summary>Keeps the leader in office, spreads its commit index and confirms reads (thesis §6.4).</summary>
/// <param name="LeaderCommit">min(commit index, what the receiver is known to match): a heartbeat verifies nothing itself. A receiver whose log ends
/// before it has lost what it acknowledged, and stops.</param>
/// <param name="ReadRound">The confirmation round; 0 for none.</param>
/// <param name="EchoedStampMs">The receiver's own monotonic time from its last heartbeat response, or -1.</param>
/// <param name="QuorumAgeMs">How long ago, at sending, a quorum was last in contact with the leader.</param>
/// <param name="CommitAtEcho">The leader's whole commit index, for the receiver's staleness bound: once it has applied this,
/// its state is at most now − <paramref name="EchoedStampMs"/> + <paramref name="QuorumAgeMs"/> old.</param>
public sealed record Heartbeat(NodeId From, NodeId To, long Term, long LeaderCommit, long ReadRound, long EchoedStampMs, long QuorumAgeMs, long CommitAtEcho)
    : Message(From, To, Term);

/// <summary>The answer to <see cref="Heartbeat"/>.</summary>
/// <param name="ReadRound">The round of the heartbeat this answers.</param>
/// <param name="StampMs">The sender's monotonic time when it answered; the leader only echoes it.</param>
/// <param name="AppliedIndex">The sender's applied index, for the leader's view of the cluster, and to see that a snapshot
/// has brought it far enough. No commit depends on it.</param>
public sealed record HeartbeatResponse(NodeId From, NodeId To, long Term, long ReadRound, long StampMs, long AppliedIndex) : Message(From, To, Term);

/// <summary>The leader asks a follower that holds its whole log to campaign at once (thesis §3.10).</summary>
public sealed record TimeoutNow(NodeId From, NodeId To, long Term) : Message(From, To, Term);

/// <summary>A follower asks the leader for a read index (thesis §6.4); one request serves any number of waiting reads.</summary>
public sealed record ReadIndexRequest(NodeId From, NodeId To, long Term, ReadId Id) : Message(From, To, Term);

/// <summary>The answer to <see cref="ReadIndexRequest"/>.</summary>
/// <param name="Index">The index to wait for, or -1: the receiver of the request does not lead.</param>
public sealed record ReadIndexResponse(NodeId From, NodeId To, long Term, ReadId Id, long Index) : Message(From, To, Term);

/// <summary>What a snapshot stands for.</summary>
/// <param name="LastIncluded">The last entry whose effect it holds; always the last one of a batch.</param>
/// <param name="ClusterTimeMs">The cluster time of that entry's batch.</param>
/// <param name="Configuration">The configuration as of that entry.</param>
/// <param name="LengthBytes">The length of the snapshot's file.</param>
public sealed record SnapshotMetadata(EntryId LastIncluded, long ClusterTimeMs, Configuration Configuration, long LengthBytes);

/// <summary>InstallSnapshot of Figure 5.3 of the thesis, one chunk of the snapshot's file.</summary>
public sealed record InstallSnapshot(NodeId From, NodeId To, long Term, SnapshotMetadata Snapshot, long OffsetBytes, ReadOnlyMemory<byte> Data)
    : Message(From, To, Term)
{
    /// <summary>True for the chunk that ends the file.</summary>
    public bool IsLast => OffsetBytes + Data.Length == Snapshot.LengthBytes;
}

/// <summary>The answer to <see cref="InstallSnapshot"/>. With the file's whole length it says that the snapshot is installed, or
/// was not needed.</summary>
/// <param name="LastIncluded">Which snapshot this answers about.</param>
/// <param name="NextOffsetBytes">The offset up to which the receiver holds the file without a gap; the sender goes on there,
/// after a lost connection too.</param>
public sealed record InstallSnapshotResponse(NodeId From, NodeId To, long Term, EntryId LastIncluded, long NextOffsetBytes)
    : Message(From, To, Term);
