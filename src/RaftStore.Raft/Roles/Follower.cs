namespace RaftStore.Raft;

/// <summary>Follows the leader of its term, or waits for one (Figure 2, rules for followers, and AppendEntries, receiver).</summary>
internal sealed class Follower(CoreState state) : Role(state)
{
    private readonly RemoteReads _reads = new(state);
    private NodeId _leader;
    private long _leaderContactMs = -1;

    // The last index up to which this log is known to equal the leader's; 0 before the first AppendEntries that fitted.
    private long _matchIndex;

    // A success is owed for the request with this PrevLogIndex; -1 for none. One answer speaks for all requests before it,
    // so a run of them costs one message.
    private long _owedPrevLogIndex = -1;
    private long _owedMatchIndex;

    public override RaftRole Kind => RaftRole.Follower;

    public override NodeId LeaderId => _leader;

    public override bool IsInContactWithLeader => _leaderContactMs >= 0 && State.NowMs - _leaderContactMs < State.Options.LowerElectionTimeoutMs;

    public override int ReadsWaiting => _reads.Count;

    public override void Leave() => _reads.FailAll();

    /// <summary>Something came from the leader of this term.</summary>
    /// <returns>False where that would be a second leader in one term: the message must be dropped.</returns>
    public bool HeardFrom(NodeId leader)
    {
        if (!_leader.IsNone && _leader != leader)
        {
            return false;
        }

        _leader = leader;
        _leaderContactMs = State.NowMs;
        State.Election.Reset();
        return true;
    }

    public override Role Tick()
    {
        _reads.FailOverdue();
        return State.Election.IsDue ? StartCampaign() : this;
    }

    public override Role Step(Message message)
    {
        switch (message)
        {
            case AppendEntries append:
                OnAppendEntries(append);
                break;
            case Heartbeat heartbeat:
                OnHeartbeat(heartbeat);
                break;
            case InstallSnapshot chunk:
                OnInstallSnapshot(chunk);
                break;
            case ReadIndexRequest request:
                RefuseRead(request);
                break;
            case ReadIndexResponse response when response.From == _leader:
                _reads.Answered(response);
                break;
            case TimeoutNow when State.IsVoter && State.MayLead && !State.IsDiskStuck:
                // The leader waits for this: neither a pre-vote nor an election timeout (thesis §3.10).
                return new Candidate(State, isTransfer: true);
        }

        return this;
    }

    public override void ReadIndex(ReadId id) => _reads.Ask(id, _leader);

    /// <summary>A snapshot took the log's place: what it holds is committed, so the leader has it too.</summary>
    public void Installed(SnapshotMetadata snapshot, bool wasReset)
    {
        _matchIndex = Math.Max(_matchIndex, snapshot.LastIncluded.Index);
        _owedPrevLogIndex = -1;
        if (_leader.IsNone)
        {
            return;
        }

        var response = new InstallSnapshotResponse(State.Id, _leader, State.Term, snapshot.LastIncluded, snapshot.LengthBytes);
        if (wasReset)
        {
            State.Outbox.SendAfterPersist(response);
        }
        else
        {
            State.Outbox.Send(response);
        }
    }

    public override void BeforePersist()
    {
        if (_owedPrevLogIndex >= 0 && State.Outbox.NeedsDisk)
        {
            State.Outbox.SendAfterPersist(Acknowledgement());
        }
    }

    public override void AfterPersist()
    {
        // All of it was in the log before, and nothing new is to be written: the answer waits for the request that is under
        // way, or leaves at once.
        if (_owedPrevLogIndex >= 0 && State.Durability.DurableIndex >= _owedMatchIndex)
        {
            State.Outbox.Send(Acknowledgement());
        }
    }

    private AppendEntriesResponse Acknowledgement()
    {
        var response = new AppendEntriesResponse(State.Id, _leader, State.Term, true, _owedPrevLogIndex, _owedMatchIndex, EntryId.Zero);
        _owedPrevLogIndex = -1;
        _owedMatchIndex = 0;
        return response;
    }

    private void OnAppendEntries(AppendEntries append)
    {
        RaftLog log = State.Log;
        EntryId prev = append.PrevLog;

        // What lies before the base is applied here, hence committed, hence the same in the leader's log: a match, though the
        // entry itself is gone (Figure 2, step 2, where a log begins at index 1).
        if (prev.Index >= log.Base.Index && !log.HoldsBoundary(prev))
        {
            EntryId hint = log.LastBoundary(prev.Index - 1, prev.Term) ?? EntryId.Zero;
            State.Outbox.Send(new AppendEntriesResponse(State.Id, append.From, State.Term, false, prev.Index, 0, hint));
            return;
        }

        if (!TryMerge(append))
        {
            State.DroppedMessages++;
            return;
        }

        // PrevLog plus what was sent, whatever else this log may hold (thesis §3.5: a late request may carry an old prefix).
        long matchIndex = append.Batches.IsDefaultOrEmpty ? prev.Index : append.Batches[^1].LastIndex;
        _matchIndex = Math.Max(_matchIndex, matchIndex);
        _owedPrevLogIndex = prev.Index;
        _owedMatchIndex = Math.Max(_owedMatchIndex, matchIndex);
        State.CommitTo(Math.Min(append.LeaderCommit, matchIndex));
    }

    // Steps 3 and 4 of AppendEntries: removes what conflicts, and only that, and appends what is not there yet.
    private bool TryMerge(AppendEntries append)
    {
        if (append.Batches.IsDefaultOrEmpty)
        {
            return true;
        }

        foreach (EntryBatch batch in append.Batches)
        {
            if (!TryMerge(batch))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryMerge(EntryBatch batch)
    {
        RaftLog log = State.Log;
        if (batch.FirstIndex <= log.Base.Index)
        {
            // Committed here: it is there already, or it is no batch of ours.
            return batch.LastIndex < log.Base.Index || batch.Last == log.Base;
        }

        int place = log.PlaceOf(batch.FirstIndex);
        if (place < log.Count)
        {
            EntryBatch held = log[place];
            bool isSameRange = held.FirstIndex == batch.FirstIndex && held.LastIndex == batch.LastIndex;
            if (held.Term == batch.Term)
            {
                // Same index and term, hence the same batch (thesis §3.5, Log Matching).
                return isSameRange;
            }

            if (held.FirstIndex != batch.FirstIndex || batch.FirstIndex <= State.CommitIndex)
            {
                return false;
            }
        }

        (long termBefore, long clusterTimeBefore) = place == 0 ? (log.Base.Term, log.BaseClusterTimeMs) : (log[place - 1].Term, log[place - 1].ClusterTimeMs);
        if (batch.Term < termBefore || batch.ClusterTimeMs < clusterTimeBefore)
        {
            return false;
        }

        if (place < log.Count)
        {
            State.TruncateFrom(batch.FirstIndex);
        }

        State.Append(batch);
        return true;
    }

    private void OnHeartbeat(Heartbeat heartbeat)
    {
        // A heartbeat verifies nothing. Its sender names at most what this node acknowledged in this term, which nothing has taken out of the log
        // since. It is durable here, unless the disk has forgotten it.
        if (heartbeat.LeaderCommit > State.Durability.DurableIndex)
        {
            throw new LostEntriesException(heartbeat.From, State.Term, heartbeat.LeaderCommit, State.Durability.DurableIndex);
        }

        State.CommitTo(heartbeat.LeaderCommit);
        if (heartbeat.EchoedStampMs >= 0 && heartbeat.EchoedStampMs <= State.NowMs && heartbeat.QuorumAgeMs >= 0)
        {
            State.Freshness.Offer(heartbeat.EchoedStampMs - heartbeat.QuorumAgeMs, heartbeat.CommitAtEcho, State.Log.AppliedIndex);
        }

        State.Outbox.Send(new HeartbeatResponse(State.Id, heartbeat.From, State.Term, heartbeat.ReadRound, State.NowMs, State.Log.AppliedIndex));
    }

    private void OnInstallSnapshot(InstallSnapshot chunk)
    {
        SnapshotMetadata snapshot = chunk.Snapshot;
        if (State.CommitIndex >= snapshot.LastIncluded.Index)
        {
            // All of it is known here already: nothing to install, and nothing older may take the place of this state.
            State.Outbox.Send(new InstallSnapshotResponse(State.Id, chunk.From, State.Term, snapshot.LastIncluded, snapshot.LengthBytes));
            return;
        }

        State.Outbox.Gathered.SnapshotChunks.Add(chunk);
    }
}
