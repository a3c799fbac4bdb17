namespace RaftStore.Raft;

/// <summary>A leader's heartbeats and what they confirm: that it still led when a round began. Reads are answered by that
/// (thesis §6.4), and the age of the leader's contact to a quorum is measured by it.</summary>
internal sealed class Confirmations
{
    /// <summary>Rounds whose beginning is remembered. A round that is answered after so many newer ones shows a contact too old
    /// to be of use.</summary>
    private const int RememberedRounds = 64;

    private readonly CoreState _state;
    private readonly Replicator _replicator;
    private readonly ReadIndexQueue _reads;
    private readonly long[] _roundStartMs = new long[RememberedRounds];

    public Confirmations(CoreState state, Replicator replicator)
    {
        _state = state;
        _replicator = replicator;
        _reads = new ReadIndexQueue(state.Options.PendingReadsMax);
    }

    /// <summary>Reads that wait.</summary>
    public int ReadsWaiting => _reads.Count;

    /// <summary>Takes a read; false where too many wait.</summary>
    public bool TryAdd(NodeId from, ReadId id) => _reads.TryAdd(from, id);

    /// <summary>Starts a round and sends its heartbeats: when they are due anyway, whatever waits.</summary>
    public void Broadcast(bool hasCommittedInTerm)
    {
        _reads.StartRound(hasCommittedInTerm ? _state.CommitIndex : null);
        _roundStartMs[_reads.Round % RememberedRounds] = _state.NowMs;
        if (hasCommittedInTerm && QuorumContactMs() is >= 0 and long contactMs)
        {
            _state.Freshness.Offer(contactMs, _state.CommitIndex, _state.Log.AppliedIndex);
        }

        foreach (Progress follower in _replicator.Followers)
        {
            SendHeartbeat(follower, hasCommittedInTerm);
        }
    }

    /// <summary>Starts a round for the reads that gathered while the one before was under way.</summary>
    /// <returns>True where it did.</returns>
    public bool StartRoundIfWanted(bool hasCommittedInTerm)
    {
        if (!hasCommittedInTerm || !_reads.WantsRound)
        {
            return false;
        }

        Broadcast(hasCommittedInTerm);
        return true;
    }

    /// <summary>Takes the answer to a heartbeat.</summary>
    /// <returns>False where it answers a round that never was.</returns>
    public bool Answered(Progress follower, HeartbeatResponse response)
    {
        if (response.ReadRound > _reads.Round)
        {
            return false;
        }

        follower.StampMs = Math.Max(follower.StampMs, response.StampMs);
        follower.AppliedIndex = Math.Max(follower.AppliedIndex, response.AppliedIndex);
        if (response.ReadRound > follower.AnsweredRound)
        {
            follower.AnsweredRound = response.ReadRound;
            if (_reads.Round - response.ReadRound < RememberedRounds)
            {
                follower.ProvenContactMs = _roundStartMs[response.ReadRound % RememberedRounds];
            }
        }

        return true;
    }

    /// <summary>Hands out every read whose round, or a later one, a majority has answered. The leader itself is one of them, and no
    /// disk is involved: it knows its own term.</summary>
    public void HandOutConfirmed()
    {
        long confirmed = ConfirmedRound();
        while (_reads.TryTakeConfirmed(confirmed, out CheckedRead read))
        {
            if (read.From == _state.Id)
            {
                _state.Outbox.Gathered.ConfirmedReads.Add(new ConfirmedRead(read.Id, read.Index));
                continue;
            }

            if (_replicator.Find(read.From) is { } follower)
            {
                follower.PromisedCommit = Math.Max(follower.PromisedCommit, read.Index);
                KeepPromise(follower);
            }

            _state.Outbox.Send(new ReadIndexResponse(_state.Id, read.From, _state.Term, read.Id, read.Index));
        }
    }

    /// <summary>Tells followers that wait to serve a read that its index is committed, as soon as they hold the entry: the next
    /// heartbeat would cost the reader up to its whole interval.</summary>
    public void KeepPromises()
    {
        foreach (Progress follower in _replicator.Followers)
        {
            KeepPromise(follower);
        }
    }

    /// <summary>Fails every read: this node leads no longer.</summary>
    public void FailAll()
    {
        while (_reads.TryTakeAny(out CheckedRead read))
        {
            if (read.From == _state.Id)
            {
                _state.Outbox.Gathered.FailedReads.Add(new FailedRead(read.Id));
            }
            else
            {
                _state.Outbox.Send(new ReadIndexResponse(_state.Id, read.From, _state.Term, read.Id, -1));
            }
        }
    }

    /// <summary>The latest moment at which a quorum is known to have followed this leader, in monotonic milliseconds; -1 where none
    /// is known yet. Counted from when a round began, not from when its answers arrived, which may be much later.</summary>
    public long QuorumContactMs() => _replicator.ReachedByMajority(_state.NowMs, static follower => follower.ProvenContactMs);

    private long ConfirmedRound() => _replicator.ReachedByMajority(_reads.Round, static follower => follower.AnsweredRound);

    private void KeepPromise(Progress follower)
    {
        if (follower.SentCommit < follower.PromisedCommit && Math.Min(_state.CommitIndex, follower.MatchIndex) > follower.SentCommit)
        {
            SendHeartbeat(follower, hasCommittedInTerm: true);
        }
    }

    private void SendHeartbeat(Progress follower, bool hasCommittedInTerm)
    {
        // Before an entry of this term is committed, the commit index may lack what an earlier leader acknowledged: then it
        // bounds nobody's staleness, and no stamp goes back.
        long contactMs = QuorumContactMs();
        bool isBound = hasCommittedInTerm && contactMs >= 0;
        long leaderCommit = Math.Min(_state.CommitIndex, follower.MatchIndex);
        _state.Outbox.Send(new Heartbeat(
            _state.Id,
            follower.Id,
            _state.Term,
            leaderCommit,
            _reads.Round,
            isBound ? follower.StampMs : -1,
            isBound ? _state.NowMs - contactMs : 0,
            _state.CommitIndex));
        follower.SentCommitTo(leaderCommit);
    }
}
