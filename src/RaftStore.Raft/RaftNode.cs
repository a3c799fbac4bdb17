namespace RaftStore.Raft;

/// <summary>The part a node plays in its term.</summary>
public enum RaftRole
{
    /// <summary>Follows a leader, or waits for one.</summary>
    Follower,

    /// <summary>Asks whether it could win an election; its term is not raised yet.</summary>
    PreCandidate,

    /// <summary>Campaigns.</summary>
    Candidate,

    /// <summary>Leads.</summary>
    Leader,
}

/// <summary>How a proposal was taken.</summary>
public enum ProposeStatus
{
    /// <summary>Appended to this leader's log; whether it commits is still open.</summary>
    Appended,

    /// <summary>This node does not lead; nothing was appended.</summary>
    NotLeader,

    /// <summary>Too many bytes wait to be applied; nothing was appended.</summary>
    Overloaded,
}

/// <summary>The answer to a proposal.</summary>
/// <param name="Status">Whether it was appended.</param>
/// <param name="FirstIndex">The index of the first entry; those that follow have the next ones. Only where appended.</param>
/// <param name="Term">Their term. Only where appended.</param>
public readonly record struct ProposeResult(ProposeStatus Status, long FirstIndex, long Term);

/// <summary>The consensus core of one member: inputs go in, one ordered batch of work comes out. It does no I/O, starts no
/// thread and reads no clock, so a run is decided by its inputs and its seed alone. One thread at a time.</summary>
public sealed class RaftNode
{
    /// <summary>Starts as a follower of the term that the disk held.</summary>
    public RaftNode(RaftOptions options, RaftInitialState initial) => throw new NotImplementedException();

    /// <summary>This node.</summary>
    public NodeId Id => throw new NotImplementedException();

    /// <summary>Its part in <see cref="Term"/>.</summary>
    public RaftRole Role => throw new NotImplementedException();

    /// <summary>Its current term.</summary>
    public long Term => throw new NotImplementedException();

    /// <summary>The leader of <see cref="Term"/> as far as this node knows, or nobody.</summary>
    public NodeId Leader => throw new NotImplementedException();

    /// <summary>True where this node leads and its term's no-op has been handed out to be applied.</summary>
    public bool IsEstablishedLeader => throw new NotImplementedException();

    /// <summary>The members in force.</summary>
    public Configuration Configuration => throw new NotImplementedException();

    /// <summary>The last entry known to be committed.</summary>
    public long CommitIndex => throw new NotImplementedException();

    /// <summary>The last entry handed out to be applied.</summary>
    public long AppliedIndex => throw new NotImplementedException();

    /// <summary>The last entry that is durable here and has not been replaced since.</summary>
    public long DurableIndex => throw new NotImplementedException();

    /// <summary>The last entry of the log.</summary>
    public EntryId LastEntry => throw new NotImplementedException();

    /// <summary>The first entry still in memory.</summary>
    public long FirstIndex => throw new NotImplementedException();

    /// <summary>Bytes of entries in the log that are not applied.</summary>
    public long UnappliedBytes => throw new NotImplementedException();

    /// <summary>What the leader knows of each member; empty on others. Made anew by each call.</summary>
    public IReadOnlyList<MemberProgress> Progress => throw new NotImplementedException();

    /// <summary>An upper bound on how old this node's applied state is at <paramref name="nowMs"/>, in milliseconds; -1 where
    /// it has never heard from a leader.</summary>
    public long StalenessMs(long nowMs) => throw new NotImplementedException();

    /// <summary>Time has passed: fires what is due.</summary>
    /// <param name="nowMs">Monotonic milliseconds; an earlier value than before changes nothing.</param>
    public void Tick(long nowMs) => throw new NotImplementedException();

    /// <summary>Takes a message. One that makes no sense (another receiver, not from a member, misaligned batches) is dropped.</summary>
    public void Step(Message message) => throw new NotImplementedException();

    /// <summary>Appends commands to the log if this node leads, in batches of at most <see cref="EntryBatch.SealBytes"/>. All or
    /// none. The payloads are copied.</summary>
    public ProposeResult Propose(ReadOnlySpan<ReadOnlyMemory<byte>> commands) => throw new NotImplementedException();

    /// <summary>Asks for the index that a linearizable read must wait for; on a follower it travels to the leader. The answer
    /// comes in a later <see cref="Ready"/>, as confirmed or failed.</summary>
    public void ReadIndex(ReadId id) => throw new NotImplementedException();

    /// <summary>What there is to do now. Call it after every run of inputs, until it is empty.</summary>
    public Ready TakeReady() => throw new NotImplementedException();

    /// <summary>The disk finished that request: everything in it is durable. Requests finish in the order they were given.</summary>
    public void Persisted(BatchToken token) => throw new NotImplementedException();

    /// <summary>The connection to a peer broke: what was on the way may be lost, so it is probed again.</summary>
    public void PeerUnreachable(NodeId peer) => throw new NotImplementedException();

    /// <summary>Sending a snapshot to that peer was given up; it is probed again.</summary>
    public void SnapshotAbandoned(NodeId peer) => throw new NotImplementedException();

    /// <summary>Every chunk arrived, and the file is verified and durable: the log takes the snapshot's place.</summary>
    /// <returns>False where it is stale (this node has committed as much already): nothing changed, and the caller drops the
    /// file. True: the caller must swap in its state now, before it applies anything else.</returns>
    public bool InstallSnapshot(SnapshotMetadata snapshot) => throw new NotImplementedException();
}

/// <summary>What a leader knows of a member.</summary>
/// <param name="Id">The member; the leader itself is among them.</param>
/// <param name="MatchIndex">The last entry known to be durable there.</param>
/// <param name="State">How entries are sent to it.</param>
/// <param name="LastContactMs">Milliseconds since it last answered; -1 where it never has. 0 for the leader itself.</param>
/// <param name="AppliedIndex">What it last said it had applied.</param>
public readonly record struct MemberProgress(NodeId Id, long MatchIndex, ProgressState State, long LastContactMs, long AppliedIndex);

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
