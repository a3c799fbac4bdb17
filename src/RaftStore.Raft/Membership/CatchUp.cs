namespace RaftStore.Raft;

/// <summary>Whether a learner keeps up, in rounds (thesis §4.2.1): a round ends when it holds, and has applied, everything that the leader's log
/// held at the round's beginning. One whose last round was shorter than an election timeout can become a voter without a gap.</summary>
internal sealed class CatchUp(RaftOptions options, long lastIndex, long nowMs)
{
    private long _target = lastIndex;
    private long _startMs = nowMs;
    private bool _lastRoundWasShort;

    /// <summary>Time has passed: ends the round where its target is reached, and begins the next.</summary>
    public void Tick(Progress learner, long lastIndex, long nowMs)
    {
        if (learner.MatchIndex >= _target && learner.AppliedIndex >= _target && learner.LastContactMs >= _startMs)
        {
            _lastRoundWasShort = nowMs - _startMs < options.LowerElectionTimeoutMs;
            _target = lastIndex;
            _startMs = nowMs;
        }
    }

    /// <summary>True where the last round was short, and the one under way is not long either.</summary>
    public bool IsDone(long nowMs) => _lastRoundWasShort && nowMs - _startMs < options.LowerElectionTimeoutMs;
}
