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

/// <summary>The consensus core of one member: inputs go in, one ordered batch of work comes out. It does no I/O, starts no
/// thread and reads no clock, so a run is decided by its inputs and its seed alone. One thread at a time.</summary>
public sealed class RaftNode
{
    private readonly CoreState _state;
    private Role _role;

    /// <summary>Starts as a follower of the term that the disk held.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="RaftInvariantException">What the disk held cannot be: entries with gaps, or above the term.</exception>
    public RaftNode(RaftOptions options, RaftInitialState initial)
    {
        options.Validate();
        _state = new CoreState(options, initial);
        _role = new Follower(_state);
        _role.Enter();
        _state.Election.Reset();
        if (_state.Configuration.IsSoleVoter(options.Id))
        {
            _state.Election.MakeDue();
        }
    }

    /// <summary>This node.</summary>
    public NodeId Id => _state.Id;

    /// <summary>Its part in <see cref="Term"/>.</summary>
    public RaftRole Role => _role.Kind;

    /// <summary>Its current term.</summary>
    public long Term => _state.Term;

    /// <summary>The leader of <see cref="Term"/> as far as this node knows, or nobody.</summary>
    public NodeId Leader => _role.LeaderId;

    /// <summary>True where <see cref="Leader"/> was heard within the last lower election timeout, or is this node and has its quorum.</summary>
    public bool IsInContactWithLeader => _role.IsInContactWithLeader;

    /// <summary>True where this node leads and its term's no-op has been handed out to be applied.</summary>
    public bool IsEstablishedLeader => _role is Leader { IsEstablished: true };

    /// <summary>The members in force: those of the last configuration in the log, which need not be committed.</summary>
    public Configuration Configuration => _state.Configuration;

    /// <summary>The entry that brought <see cref="Configuration"/>.</summary>
    public long ConfigurationIndex => _state.ConfigurationIndex;

    /// <summary>The members as of the last applied entry: what a snapshot of the applied state holds. Committed, so it never reverts.</summary>
    public Configuration AppliedConfiguration => _state.ConfigurationAt(AppliedIndex);

    /// <summary>Whom this leader is handing its leadership to; nobody where it is not.</summary>
    public NodeId TransferTarget => _role is Leader leader ? leader.TransferTarget : NodeId.None;

    /// <summary>The last entry known to be committed.</summary>
    public long CommitIndex => _state.CommitIndex;

    /// <summary>The last entry handed out to be applied.</summary>
    public long AppliedIndex => _state.Log.AppliedIndex;

    /// <summary>The last entry that is durable here and has not been replaced since.</summary>
    public long DurableIndex => _state.Durability.DurableIndex;

    /// <summary>The last entry of the log.</summary>
    public EntryId LastEntry => _state.Log.Last;

    /// <summary>The first entry still in memory.</summary>
    public long FirstIndex => _state.Log.Base.Index + 1;

    /// <summary>Bytes of entries in the log that are not applied.</summary>
    public long UnappliedBytes => _state.Log.UnappliedBytes;

    /// <summary>How many messages were dropped because they made no sense: another receiver, no member, misaligned batches,
    /// numbers out of range, a second leader in one term. Late messages are not among them.</summary>
    public long DroppedMessages => _state.DroppedMessages;

    /// <summary>The log in memory, for a simulation that looks for broken rules between two steps.</summary>
    internal RaftLog Log => _state.Log;

    /// <summary>The bounds that it keeps, for the same simulation.</summary>
    internal RaftOptions Options => _state.Options;

    /// <summary>How the leader sends to everybody; empty on others. In order of their ids.</summary>
    internal ReadOnlySpan<Progress> Followers => _role is Leader leader ? leader.Followers : [];

    /// <summary>Reads that wait for a confirmation here.</summary>
    internal int ReadsWaiting => _role.ReadsWaiting;

    /// <summary>Messages that wait until term and vote are durable.</summary>
    internal int HeldMessages => _state.Outbox.HeldCount;

    /// <summary>How often entries were taken out of the log, for others or for a snapshot.</summary>
    internal long Truncations => _state.Truncations;

    /// <summary>What the leader knows of each member; empty on others. Made anew by each call.</summary>
    public IReadOnlyList<MemberProgress> Progress => _role is Leader leader ? leader.DescribeProgress() : [];

    /// <summary>An upper bound on how old this node's applied state is at <paramref name="nowMs"/>, in milliseconds; -1 where
    /// it has never heard from a leader.</summary>
    public long StalenessMs(long nowMs)
    {
        if (_role is Leader leader && leader.QuorumAgeMs(nowMs) is >= 0 and long quorumAgeMs)
        {
            return quorumAgeMs;
        }

        return _state.Freshness.AsOfMs < 0 ? -1 : Math.Max(0, nowMs - _state.Freshness.AsOfMs);
    }

    /// <summary>Time has passed: fires what is due.</summary>
    /// <param name="nowMs">Monotonic milliseconds; an earlier value than before changes nothing.</param>
    public void Tick(long nowMs)
    {
        if (nowMs >= _state.NowMs)
        {
            _state.NowMs = nowMs;
            GoOnAs(_role.Tick());
        }
    }

    /// <summary>Takes a message. One that makes no sense (another receiver, not from a member, misaligned batches) is dropped.</summary>
    /// <remarks>The caller has made sure that the sender is who it says and belongs to this cluster; whether it is a member is
    /// decided here, since two nodes may for a while know different configurations.</remarks>
    /// <exception cref="LostEntriesException">The leader knows of entries that this node acknowledged and does not hold any more.</exception>
    /// <exception cref="RaftInvariantException">A safety rule is broken.</exception>
    public void Step(Message message)
    {
        if (message.To != Id || message.From == Id || message.From.IsNone || !MayHear(message) || !MessageChecks.IsSane(message))
        {
            _state.DroppedMessages++;
            return;
        }

        switch (message)
        {
            case PreVoteRequest request:
                Voter.Answer(request, _state, _role.IsInContactWithLeader);
                return;
            case VoteRequest { IsTransfer: false } request when request.Term > Term && _role.IsInContactWithLeader:
                // Thesis §4.2.3: neither the term nor the vote of someone who sees no leader counts while there is one.
                return;
            case PreVoteResponse { VoteGranted: true } response:
                if (response.Term == Term + 1)
                {
                    GoOnAs(_role.Step(response));
                }

                return;
        }

        if (message.Term > Term)
        {
            EnterTerm(message.Term);
        }

        if (message.Term < Term)
        {
            AnswerOldTerm(message);
            return;
        }

        StepInTerm(message);
    }

    /// <summary>Appends commands to the log if this node leads, in batches of at most <see cref="EntryBatch.SealBytes"/>. All or
    /// none. The payloads are copied.</summary>
    /// <exception cref="ArgumentException">There is no command, or one is too large for a batch.</exception>
    public ProposeResult Propose(ReadOnlySpan<ReadOnlyMemory<byte>> commands)
    {
        if (commands.IsEmpty)
        {
            throw new ArgumentException("A proposal needs at least one command.", nameof(commands));
        }

        foreach (ReadOnlyMemory<byte> command in commands)
        {
            if (command.Length > EntryBatch.LengthBytesMax - EntryBatch.HeaderBytes - EntryBatch.EntryHeaderBytes)
            {
                throw new ArgumentException($"A command of {command.Length} bytes fits no batch.", nameof(commands));
            }
        }

        return _role.Propose(commands);
    }

    /// <summary>Changes who belongs to the cluster, if this node leads. A change of voters goes through a joint configuration, whose end
    /// this leader, or one after it, appends by itself once its beginning has committed (thesis §4.3).</summary>
    /// <returns>How it was taken. Where appended, the change is over once that entry has committed and no joint configuration is in
    /// force; until then a new leader may undo it.</returns>
    public MembershipResult ChangeMembership(MembershipChange change) => _role.ChangeMembership(change);

    /// <summary>Hands the leadership to another voter (thesis §3.10). While that is under way proposals are refused; it ends with another
    /// leader, or after a lower election timeout without one, and then this node goes on leading.</summary>
    /// <param name="target">Who shall lead; nobody in particular for <see cref="NodeId.None"/>: then the voter with the most of the log.</param>
    public TransferStatus TransferLeadership(NodeId target) => _role.TransferLeadership(target);

    /// <summary>Asks for the index that a linearizable read must wait for; on a follower it travels to the leader. The answer
    /// comes in a later <see cref="Ready"/>, as confirmed or failed.</summary>
    public void ReadIndex(ReadId id) => _role.ReadIndex(id);

    /// <summary>What there is to do now. Call it after every run of inputs, until it is empty.</summary>
    public Ready TakeReady()
    {
        Outbox outbox = _state.Outbox;
        _role.BeforePersist();
        outbox.Seal(Term, CommitIndex, _state.NowMs);
        _role.AfterPersist();
        _state.HandOutCommitted(outbox.Gathered.Committed);
        return outbox.HandOut();
    }

    /// <summary>The disk finished that request: everything in it is durable. Requests finish in the order they were given, so a
    /// later one stands for those before it too.</summary>
    /// <exception cref="RaftInvariantException">No such request was made.</exception>
    public void Persisted(BatchToken token)
    {
        _state.Durability.Persisted(token);
        _state.Outbox.Release(Term);
        GoOnAs(_role.Persisted());
    }

    /// <summary>The connection to a peer broke: what was on the way may be lost, so it is probed again.</summary>
    public void PeerUnreachable(NodeId peer)
    {
        if (peer != Id)
        {
            _role.PeerUnreachable(peer);
        }
    }

    /// <summary>This node's state is wrong though its log is right: from now on it votes and replicates, and does not lead.</summary>
    public void ForbidLeading()
    {
        _state.MayLead = false;
        GoOnAs(_role.Kind == RaftRole.Follower ? _role : new Follower(_state));
    }

    /// <summary>This node's state is right again: it may campaign and lead like any other.</summary>
    public void AllowLeading() => _state.MayLead = true;

    /// <summary>While true nothing is handed out to be applied: the node goes on voting and replicating, and another state is fetched
    /// for what is kept back.</summary>
    public bool KeepsCommitted
    {
        get => _state.KeepsCommitted;
        set => _state.KeepsCommitted = value;
    }

    /// <summary>A durable snapshot of entries that are all committed here takes the place of this node's applied state, and of nothing in
    /// its log. The caller must swap in its state now, before it applies anything else.</summary>
    /// <exception cref="RaftInvariantException">It reaches less far than the applied state or beyond what is committed, or ends where no batch
    /// of this log does.</exception>
    public void ReplaceState(SnapshotMetadata snapshot) => _state.ReplaceState(snapshot.LastIncluded);

    /// <summary>Sending a snapshot to that peer was given up; it is probed again.</summary>
    public void SnapshotAbandoned(NodeId peer)
    {
        if (peer != Id)
        {
            _role.SnapshotSendingEnded(peer);
        }
    }

    /// <summary>That peer has answered with the whole length of the snapshot that was sent: it is probed for what it needs next.
    /// A later heartbeat response shows the same; this saves waiting for it.</summary>
    public void SnapshotDelivered(NodeId peer) => SnapshotAbandoned(peer);

    /// <summary>Every chunk arrived, and the file is verified and durable: the log takes the snapshot's place.</summary>
    /// <returns>False where it is stale (this node has committed as much already): nothing changed, and the caller drops the
    /// file. True: the caller must swap in its state now, before it applies anything else.</returns>
    public bool InstallSnapshot(SnapshotMetadata snapshot)
    {
        if (snapshot.LastIncluded.Index <= CommitIndex)
        {
            return false;
        }

        bool wasReset = _state.Install(snapshot);
        if (wasReset && _role is PreCandidate or Candidate)
        {
            // Its campaign asked the voters of a configuration that is in force no longer.
            GoOnAs(new Follower(_state));
        }

        Invariant.Check(!wasReset || _role.Kind != RaftRole.Leader, $"the leader of term {Term} lacks {snapshot.LastIncluded} of a snapshot, which is committed");
        _state.Freshness.Applied(AppliedIndex);
        if (_role is Follower follower)
        {
            follower.Installed(snapshot, wasReset);
        }

        return true;
    }

    // A leader may be new to a node that lacks the entries which made it a member, or may be about to leave itself: whoever leads is
    // heard (thesis §4.1). A candidate may be new here, but one that was removed disturbs nobody. An answer is of use only to whoever asked.
    private bool MayHear(Message message) => message switch
    {
        AppendEntries or Heartbeat or Raft.InstallSnapshot or TimeoutNow => true,
        PreVoteRequest or VoteRequest => !Configuration.WasRemoved(message.From),
        _ => Configuration.IsMember(message.From) || _role.AwaitsAnswersOf(message.From),
    };

    private void StepInTerm(Message message)
    {
        switch (message)
        {
            case VoteRequest request:
                if (Voter.Answer(request, _state))
                {
                    // Figure 2, rules for followers: a vote given begins a new wait.
                    _state.Election.Reset();
                    if (_role.Kind != RaftRole.Follower)
                    {
                        GoOnAs(new Follower(_state));
                    }
                }

                return;
            case AppendEntries or Heartbeat or Raft.InstallSnapshot or TimeoutNow:
                // Figure 2, rules for candidates: whoever sends these leads the term.
                if (_role is PreCandidate or Candidate)
                {
                    GoOnAs(new Follower(_state));
                }

                if (_role is not Follower follower || !follower.HeardFrom(message.From))
                {
                    _state.DroppedMessages++;
                    return;
                }

                break;
        }

        GoOnAs(_role.Step(message));
    }

    // Figure 2, rules for all servers: a higher term makes everybody a follower. The election timeout goes on as it was, so
    // that a candidate that cannot win does not keep the others from trying; a leader has none and begins one.
    private void EnterTerm(long term)
    {
        if (_role.Kind == RaftRole.Leader)
        {
            _state.Election.Reset();
        }

        _role.Leave();
        _state.RaiseTerm(term);
        _role = new Follower(_state);
        _role.Enter();
    }

    // Figure 2, receivers, step 1: refuse what is of an old term, and let the sender know. Old answers are ignored.
    private void AnswerOldTerm(Message message)
    {
        Message? answer = message switch
        {
            VoteRequest => new VoteResponse(Id, message.From, Term, false),
            AppendEntries append => new AppendEntriesResponse(Id, message.From, Term, false, append.PrevLog.Index, 0, EntryId.Zero),
            Heartbeat => new HeartbeatResponse(Id, message.From, Term, 0, _state.NowMs, AppliedIndex),
            Raft.InstallSnapshot chunk => new InstallSnapshotResponse(Id, message.From, Term, chunk.Snapshot.LastIncluded, 0),
            ReadIndexRequest request => new ReadIndexResponse(Id, message.From, Term, request.Id, -1),
            _ => null,
        };
        if (answer is not null)
        {
            _state.Outbox.Send(answer);
        }
    }

    private void GoOnAs(Role next)
    {
        if (next != _role)
        {
            _role.Leave();
            _role = next;
            _role.Enter();
        }
    }
}
