namespace RaftStore.Raft;

/// <summary>One role of Figure 3.3. An object of it lives as long as the node plays that role in one term, and holds all that
/// exists only there. Inputs are answered with the role that goes on: this one, or the next.</summary>
/// <remarks>Terms are dealt with before a role sees a message: every message that arrives here is of the current term.</remarks>
internal abstract class Role(CoreState state)
{
    /// <summary>What the role shares with all others.</summary>
    protected CoreState State { get; } = state;

    /// <summary>Its name.</summary>
    public abstract RaftRole Kind { get; }

    /// <summary>Who leads this term, as far as the role knows.</summary>
    public virtual NodeId LeaderId => NodeId.None;

    /// <summary>True where a working leader was heard of within the lower election timeout: then a campaign of someone else can
    /// only be a disturbance (thesis §4.2.3).</summary>
    public virtual bool IsInContactWithLeader => false;

    /// <summary>Reads that wait for a confirmation.</summary>
    public virtual int ReadsWaiting => 0;

    /// <summary>Called once, when the role begins.</summary>
    public virtual void Enter()
    {
    }

    /// <summary>Called once, when the role ends.</summary>
    public virtual void Leave()
    {
    }

    /// <summary>Time has passed.</summary>
    public abstract Role Tick();

    /// <summary>A message of the current term.</summary>
    public abstract Role Step(Message message);

    /// <summary>The disk has completed a request.</summary>
    public virtual Role Persisted() => this;

    /// <summary>Last chance before a <see cref="Ready"/> is handed out: adds the messages that many inputs share.</summary>
    public virtual void BeforePersist()
    {
    }

    /// <summary>The request for the disk is made; adds what depends on whether there is one.</summary>
    public virtual void AfterPersist()
    {
    }

    /// <summary>Appends commands.</summary>
    public virtual ProposeResult Propose(ReadOnlySpan<ReadOnlyMemory<byte>> commands) => new(ProposeStatus.NotLeader, 0, 0);

    /// <summary>Asks for a read index.</summary>
    public virtual void ReadIndex(ReadId id) => State.Outbox.Gathered.FailedReads.Add(new FailedRead(id));

    /// <summary>The connection to a peer broke.</summary>
    public virtual void PeerUnreachable(NodeId peer)
    {
    }

    /// <summary>Changes who belongs to the cluster.</summary>
    public virtual MembershipResult ChangeMembership(MembershipChange change) => new(MembershipStatus.NotLeader, NodeId.None, 0, 0);

    /// <summary>Hands the leadership over.</summary>
    public virtual TransferStatus TransferLeadership(NodeId target) => TransferStatus.NotLeader;

    /// <summary>True where an answer of that node is waited for, though it is no member any more.</summary>
    public virtual bool AwaitsAnswersOf(NodeId node) => false;

    /// <summary>Sending a snapshot to a peer has ended, well or not.</summary>
    public virtual void SnapshotSendingEnded(NodeId peer)
    {
    }

    /// <summary>The election timeout has passed: asks for pre-votes, or campaigns at once where there is nobody to ask.</summary>
    protected Role StartCampaign()
    {
        if (State.IsDiskStuck || !State.MayCampaign)
        {
            // A vote that never becomes durable, or that nobody counts: a new term would only be one more that leads nowhere.
            State.Election.Reset();
            return this;
        }

        return State.Configuration.IsSoleVoter(State.Id) ? new Candidate(State) : new PreCandidate(State);
    }

    /// <summary>Answers a read that reached a node which does not lead.</summary>
    protected void RefuseRead(ReadIndexRequest request)
        => State.Outbox.Send(new ReadIndexResponse(State.Id, request.From, State.Term, request.Id, -1));
}
