namespace RaftStore.Raft;

/// <summary>When a node without a leader campaigns. Every wait is drawn anew, so that split votes do not repeat (thesis §3.4).</summary>
internal sealed class ElectionTimer(RaftOptions options, CoreState state)
{
    private readonly Prng _prng = new(options.Seed);
    private long _deadlineMs = long.MaxValue;

    /// <summary>True where the wait is over.</summary>
    public bool IsDue => state.NowMs >= _deadlineMs;

    /// <summary>Begins a new wait, between the lower and the upper election timeout.</summary>
    public void Reset() => _deadlineMs = state.NowMs + _prng.NextBetween(options.LowerElectionTimeoutMs, options.UpperElectionTimeoutMs);

    /// <summary>Ends the wait: there is nobody to wait for in a cluster of one.</summary>
    public void MakeDue() => _deadlineMs = state.NowMs;
}
