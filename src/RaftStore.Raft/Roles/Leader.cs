namespace RaftStore.Raft;

/// <summary>Leads its term (Figure 2, rules for leaders).</summary>
internal sealed class Leader : Role
{
    private readonly Replicator _replicator;
    private readonly Confirmations _confirmations;
    private readonly MembershipChanges _membership;
    private readonly LeadershipTransfer _transfer;
    private readonly Func<Progress, long> _contactMs;
    private readonly long _tookOfficeMs;
    private readonly long _clusterTimeAtOfficeMs;
    private readonly long _noOpIndex;
    private long _nextHeartbeatMs;

    public Leader(CoreState state)
        : base(state)
    {
        _replicator = new Replicator(state);
        _confirmations = new Confirmations(state, _replicator);
        _membership = new MembershipChanges(state, _replicator);
        _transfer = new LeadershipTransfer(state, _replicator);
        _tookOfficeMs = state.NowMs;

        // Whoever elected it was in contact when it took office.
        _contactMs = follower => Math.Max(follower.LastContactMs, _tookOfficeMs);
        _nextHeartbeatMs = state.NowMs;
        _clusterTimeAtOfficeMs = state.Log.LastClusterTimeMs;
        _noOpIndex = state.Log.Last.Index + 1;
    }

    public override RaftRole Kind => RaftRole.Leader;

    public override NodeId LeaderId => State.Id;

    /// <summary>A leader in contact with a quorum is not to be disturbed either (thesis §4.2.3).</summary>
    public override bool IsInContactWithLeader => HasQuorumContact();

    public override int ReadsWaiting => _confirmations.ReadsWaiting;

    /// <summary>Everybody whom it sends entries to, in order of their ids.</summary>
    public ReadOnlySpan<Progress> Followers => _replicator.Followers;

    /// <summary>Whom it is handing over to; nobody where it is not.</summary>
    public NodeId TransferTarget => _transfer.Target;

    /// <summary>True once the no-op of its term was handed out to be applied.</summary>
    public bool IsEstablished => State.Log.AppliedIndex >= _noOpIndex;

    // An entry of this term is committed: from here on the commit index covers all that earlier leaders answered (thesis §6.4).
    private bool HasCommittedInTerm => State.CommitIndex >= _noOpIndex;

    // Time that passes under this leader counts on from the last batch in its log; without a leader it stands still.
    private long ClusterTimeMs => Math.Max(State.Log.LastClusterTimeMs, _clusterTimeAtOfficeMs + (State.NowMs - _tookOfficeMs));

    public override void Enter()
    {
        ReadOnlyMemory<byte> empty = ReadOnlyMemory<byte>.Empty;
        State.Append(EntryBatch.Seal(new EntryId(_noOpIndex, State.Term), ClusterTimeMs, EntryKind.NoOp, [empty]));
    }

    public override void Leave()
    {
        if (FreshAsOfMs() is >= 0 and long asOfMs)
        {
            State.Freshness.Prove(asOfMs);
        }

        State.Outbox.Gathered.SnapshotsWanted.Clear();
        _confirmations.FailAll();
    }

    public override Role Tick()
    {
        // Check-quorum (thesis §6.2): a leader that cannot reach a majority keeps neither clients waiting nor others from electing.
        if (!HasQuorumContact())
        {
            return StepDown();
        }

        // One whose own disk hangs cannot apply, so it hands over, unless there is nobody to take its place.
        if (State.IsDiskStuck && !State.Configuration.IsSoleVoter(State.Id))
        {
            _transfer.AskBest();
            return StepDown();
        }

        _membership.Tick();
        _replicator.ForgetGone();

        if (State.NowMs >= _nextHeartbeatMs)
        {
            _nextHeartbeatMs = State.NowMs + State.Options.HeartbeatIntervalMs;
            _confirmations.Broadcast(HasCommittedInTerm);
        }

        return this;
    }

    public override Role Step(Message message)
    {
        if (_replicator.Find(message.From) is not { } follower)
        {
            State.DroppedMessages++;
            return this;
        }

        follower.LastContactMs = State.NowMs;
        switch (message)
        {
            case AppendEntriesResponse response:
                if (!_replicator.Answered(response))
                {
                    State.DroppedMessages++;
                }

                AdvanceCommit();
                break;
            case HeartbeatResponse response:
                if (!_confirmations.Answered(follower, response))
                {
                    State.DroppedMessages++;
                    break;
                }

                _replicator.Revive(follower);
                break;
            case InstallSnapshotResponse response:
                // The sender of the snapshot says when it is delivered; which one it was is remembered here.
                follower.SnapshotIndex = Math.Max(follower.SnapshotIndex, response.LastIncluded.Index);
                break;
            case ReadIndexRequest request:
                if (!_confirmations.TryAdd(request.From, request.Id))
                {
                    RefuseRead(request);
                }

                break;
        }

        return StayUnlessRemoved();
    }

    public override Role Persisted()
    {
        AdvanceCommit();
        return StayUnlessRemoved();
    }

    public override void BeforePersist()
    {
        if (_membership.DecideByItself(HasCommittedInTerm) is { } next)
        {
            Append(next);
        }

        _confirmations.HandOutConfirmed();
        if (_confirmations.StartRoundIfWanted(HasCommittedInTerm))
        {
            // In a cluster of one a round is over when it begins.
            _confirmations.HandOutConfirmed();
        }

        _replicator.SendEntries();
        _transfer.GoOn();
        _confirmations.KeepPromises();
    }

    public override ProposeResult Propose(ReadOnlySpan<ReadOnlyMemory<byte>> commands)
    {
        if (!_transfer.Target.IsNone)
        {
            return new ProposeResult(ProposeStatus.NotLeader, 0, 0);
        }

        // What is unapplied falls to 0 whenever everything is applied, so a single proposal larger than the bound gets its turn.
        if (State.Log.UnappliedBytes > 0 && State.Log.UnappliedBytes + SealedBytes(commands) > State.Options.UnappliedBytesMax)
        {
            return new ProposeResult(ProposeStatus.Overloaded, 0, 0);
        }

        long firstIndex = State.Log.Last.Index + 1;
        while (!commands.IsEmpty)
        {
            int count = CountForOneBatch(commands, out _);
            State.Append(EntryBatch.Seal(new EntryId(State.Log.Last.Index + 1, State.Term), ClusterTimeMs, EntryKind.Command, commands[..count]));
            commands = commands[count..];
        }

        return new ProposeResult(ProposeStatus.Appended, firstIndex, State.Term);
    }

    public override void ReadIndex(ReadId id)
    {
        if (!_confirmations.TryAdd(State.Id, id))
        {
            base.ReadIndex(id);
        }
    }

    public override MembershipResult ChangeMembership(MembershipChange change)
    {
        if (!_transfer.Target.IsNone)
        {
            return new MembershipResult(MembershipStatus.NotLeader, NodeId.None, 0, 0);
        }

        (MembershipStatus status, Configuration? next, NodeId member) = _membership.Decide(change, HasCommittedInTerm);
        if (next is null)
        {
            return new MembershipResult(status, member, 0, 0);
        }

        Append(next);
        return new MembershipResult(MembershipStatus.Appended, member, State.ConfigurationIndex, State.Term);
    }

    public override TransferStatus TransferLeadership(NodeId target) => _transfer.Begin(target);

    public override bool AwaitsAnswersOf(NodeId node) => _replicator.Find(node) is not null;

    public override void PeerUnreachable(NodeId peer)
    {
        // A snapshot's sender goes on after a lost connection where it was; only entries under way are lost for good.
        if (_replicator.Find(peer) is { } follower && follower.State != ProgressState.Snapshot)
        {
            _replicator.Probe(follower);
        }
    }

    public override void SnapshotSendingEnded(NodeId peer)
    {
        if (_replicator.Find(peer) is { State: ProgressState.Snapshot } follower)
        {
            _replicator.Probe(follower);
        }
    }

    /// <summary>How long ago a quorum is known to have followed this leader, in milliseconds: its applied state is at most that old.
    /// -1 where nothing follows from that: no quorum answered yet, or something committed is not applied here.</summary>
    public long QuorumAgeMs(long nowMs)
    {
        if (FreshAsOfMs() is not (>= 0 and long asOfMs))
        {
            return -1;
        }

        return State.Configuration.IsSoleVoter(State.Id) ? 0 : Math.Max(0, nowMs - asOfMs);
    }

    /// <summary>What is known of every member, in order of their ids.</summary>
    public List<MemberProgress> DescribeProgress()
    {
        var members = new List<MemberProgress>(State.Configuration.Members.Length);
        foreach (Member member in State.Configuration.Members)
        {
            if (member.Id == State.Id)
            {
                members.Add(new MemberProgress(member.Id, State.Durability.DurableIndex, ProgressState.Replicate, 0, State.Log.AppliedIndex, false));
                continue;
            }

            Progress follower = _replicator[member.Id];
            long contactMs = follower.LastContactMs < 0 ? -1 : State.NowMs - follower.LastContactMs;
            members.Add(new MemberProgress(member.Id, follower.MatchIndex, follower.State, contactMs, follower.AppliedIndex, _membership.IsCaughtUp(follower)));
        }

        return members;
    }

    private static long SealedBytes(ReadOnlySpan<ReadOnlyMemory<byte>> commands)
    {
        long bytes = 0;
        while (!commands.IsEmpty)
        {
            commands = commands[CountForOneBatch(commands, out long length)..];
            bytes += length;
        }

        return bytes;
    }

    private static int CountForOneBatch(ReadOnlySpan<ReadOnlyMemory<byte>> commands, out long lengthBytes)
    {
        int count = 0;
        lengthBytes = EntryBatch.HeaderBytes;
        foreach (ReadOnlyMemory<byte> command in commands)
        {
            long longer = lengthBytes + EntryBatch.EntryHeaderBytes + command.Length;
            if (count > 0 && longer > EntryBatch.SealBytes)
            {
                break;
            }

            lengthBytes = longer;
            count++;
        }

        return count;
    }

    // Figure 2, last rule for leaders: only entries of the current term are committed by counting; all before them are then
    // committed with them (thesis §3.6.2 and its Figure 3.7).
    private void AdvanceCommit()
    {
        long index = _replicator.DurableOnMajority();
        if (index > State.CommitIndex && State.Log.TermAt(index) == State.Term)
        {
            State.CommitTo(index);
        }
    }

    // A leader whose own disk is slow may apply later than its followers: then it does not hold all that could be read elsewhere.
    private long FreshAsOfMs() => IsEstablished && State.Log.AppliedIndex >= State.CommitIndex ? _confirmations.QuorumContactMs() : -1;

    private bool HasQuorumContact() => State.NowMs - _replicator.ReachedByMajority(State.NowMs, _contactMs) < State.Options.LowerElectionTimeoutMs;

    private void Append(Configuration configuration)
    {
        ReadOnlyMemory<byte> payload = ConfigurationCodec.Encode(configuration);
        State.Append(EntryBatch.Seal(new EntryId(State.Log.Last.Index + 1, State.Term), ClusterTimeMs, EntryKind.Configuration, [payload]));
        _replicator.Reconfigure();
    }

    private Follower StepDown()
    {
        State.Election.Reset();
        return new Follower(State);
    }

    // A leader that is no member of the configuration manages the change to its end without counting itself, and then leaves its
    // office (thesis §4.2.2); whoever has the most of the log takes over without waiting for a timeout.
    private Role StayUnlessRemoved()
    {
        if (State.IsVoter || State.ConfigurationIndex > State.CommitIndex)
        {
            return this;
        }

        _confirmations.Broadcast(HasCommittedInTerm);
        _transfer.AskBest();
        return StepDown();
    }
}
