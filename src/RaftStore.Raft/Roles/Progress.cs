namespace RaftStore.Raft;

/// <summary>What a leader knows of one follower, and how it sends to it.</summary>
/// <remarks>
/// Within a state: <see cref="MatchIndex"/> &lt; <see cref="NextIndex"/> ≤ last + 1, and <see cref="NextIndex"/> begins a batch.
/// Between two states: <see cref="MatchIndex"/> never falls.
/// <list type="bullet">
/// <item>Probe → Replicate: the follower accepted something, so its log agrees up to there.</item>
/// <item>Replicate → Probe: it refused, or what was sent is lost.</item>
/// <item>Probe → Snapshot: it refused and needs entries that are gone from memory.</item>
/// <item>Snapshot → Probe: sending ended, or it says that it has applied enough.</item>
/// </list>
/// </remarks>
internal sealed class Progress(NodeId id, RaftOptions options, long nextIndex)
{
    private long _probeSentMs = -1;
    private long _advancedMs;
    private long _leftAtIndex = -1;
    private long _leftMs;

    public NodeId Id { get; } = id;

    public ProgressState State { get; private set; } = ProgressState.Probe;

    /// <summary>matchIndex of Figure 2: the last entry known to be durable there.</summary>
    public long MatchIndex { get; private set; }

    /// <summary>nextIndex of Figure 2: where the next message begins; in Replicate it runs ahead of what is acknowledged.</summary>
    public long NextIndex { get; private set; } = nextIndex;

    /// <summary>What is on the way to it in Replicate.</summary>
    public InflightWindow Inflight { get; } = new(options);

    /// <summary>When it last said anything in this term, in monotonic milliseconds; -1 where it has not.</summary>
    public long LastContactMs { get; set; } = -1;

    /// <summary>When the newest round it answered began: it followed this leader at least until then. -1 before.</summary>
    public long ProvenContactMs { get; set; } = -1;

    /// <summary>The newest confirmation round it answered; 0 for none.</summary>
    public long AnsweredRound { get; set; }

    /// <summary>The stamp of its own clock from its last heartbeat response; -1 before.</summary>
    public long StampMs { get; set; } = -1;

    /// <summary>What it last said it had applied.</summary>
    public long AppliedIndex { get; set; }

    /// <summary>The last entry of the snapshot whose arrival it reported last; 0 before.</summary>
    public long SnapshotIndex { get; set; }

    /// <summary>The highest commit index it was sent in a form that it could use.</summary>
    public long SentCommit { get; private set; }

    /// <summary>The highest read index it was given: it must learn of that commit soon, or its readers wait for a heartbeat.</summary>
    public long PromisedCommit { get; set; }

    /// <summary>How far a learner has come on the way to a vote; null for a voter.</summary>
    public CatchUp? CatchUp { get; set; }

    /// <summary>True where a message may leave now.</summary>
    public bool CanSend => State switch
    {
        ProgressState.Probe => _probeSentMs < 0,
        ProgressState.Replicate => Inflight.BytesFree > 0,
        ProgressState.Snapshot => false,
        _ => throw new InvalidOperationException($"unknown state {State}"),
    };

    /// <summary>A message with entries before <paramref name="nextIndex"/> leaves.</summary>
    public void Sent(long nextIndex, long bytes, long leaderCommit, long nowMs)
    {
        if (State == ProgressState.Probe)
        {
            // It may be refused, and then its commit index goes unused.
            _probeSentMs = nowMs;
            return;
        }

        SentCommitTo(Math.Min(leaderCommit, nextIndex - 1));

        if (Inflight.Count == 0)
        {
            _advancedMs = nowMs;
        }

        Inflight.Add(nextIndex - 1, bytes);
        NextIndex = nextIndex;
    }

    /// <summary>It was sent that commit index, and holds the entry.</summary>
    public void SentCommitTo(long commitIndex) => SentCommit = Math.Max(SentCommit, commitIndex);

    /// <summary>It acknowledged entries up to <paramref name="matchIndex"/>. An older answer than one before changes no index.</summary>
    /// <returns>True where <see cref="MatchIndex"/> rose.</returns>
    public bool Accepted(long matchIndex, long baseIndex, long nowMs)
    {
        bool advanced = matchIndex > MatchIndex;
        MatchIndex = Math.Max(MatchIndex, matchIndex);
        Inflight.FreeTo(MatchIndex);
        if (advanced)
        {
            _advancedMs = nowMs;
        }

        if (State == ProgressState.Replicate)
        {
            NextIndex = Math.Max(NextIndex, MatchIndex + 1);
        }
        else if (MatchIndex >= baseIndex)
        {
            State = ProgressState.Replicate;
            NextIndex = MatchIndex + 1;
            _advancedMs = nowMs;
        }

        return advanced;
    }

    /// <summary>True where a refusal of a request with that PrevLogIndex says something new (a late one does not).</summary>
    public bool IsRefusalNew(long prevLogIndex) => State switch
    {
        ProgressState.Probe => _probeSentMs >= 0 && prevLogIndex == NextIndex - 1,
        ProgressState.Replicate => prevLogIndex > MatchIndex && prevLogIndex < NextIndex,
        _ => false,
    };

    /// <summary>Asks from <paramref name="nextIndex"/> on where the logs agree; what was on the way counts as lost.</summary>
    public void BecomeProbe(long nextIndex)
    {
        State = ProgressState.Probe;
        NextIndex = nextIndex;
        _probeSentMs = -1;
        Inflight.Clear();
    }

    /// <summary>Waits until a snapshot has brought it far enough.</summary>
    public void BecomeSnapshot()
    {
        State = ProgressState.Snapshot;
        Inflight.Clear();
    }

    /// <summary>It belongs to the cluster no longer, by the entry at <paramref name="index"/>.</summary>
    public void Leaves(long index, long nowMs)
    {
        if (_leftAtIndex < 0)
        {
            _leftAtIndex = index;
            _leftMs = nowMs;
        }
    }

    /// <summary>True where it has left, and has applied the entry that says so, or has been silent about it for two election timeouts.</summary>
    public bool HasGone(long nowMs) => _leftAtIndex >= 0 && (AppliedIndex >= _leftAtIndex || nowMs - _leftMs > 2L * options.UpperElectionTimeoutMs);

    /// <summary>It is alive, and yet what was sent stays unanswered for longer than two heartbeats: taken for lost.</summary>
    public bool IsStalled(long nowMs) => State switch
    {
        ProgressState.Probe => _probeSentMs >= 0 && nowMs - _probeSentMs >= options.HeartbeatIntervalMs,
        ProgressState.Replicate => Inflight.Count > 0 && nowMs - _advancedMs > 2L * options.HeartbeatIntervalMs,
        _ => false,
    };
}
