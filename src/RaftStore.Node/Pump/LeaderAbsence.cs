namespace RaftStore.Node.Pump;

/// <summary>How long this node has known no leader. An election takes a moment, and requests wait for its end. Where the longest and the
/// shortest election timeout together have passed, a majority can hardly be reached from here, and whoever asks is better served by another
/// node: he is told so at once. Pump thread.</summary>
internal sealed class LeaderAbsence(PumpContext context)
{
    private readonly long _patienceMs = (long)context.Options.Raft.UpperElectionTimeoutMs + context.Options.Raft.LowerElectionTimeoutMs;
    private long _sinceMs = context.NowMs;

    /// <summary>True where it is no use to wait for an election any more.</summary>
    public bool IsLong => context.Core.Leader.IsNone && context.NowMs - _sinceMs >= _patienceMs;

    /// <summary>Time has passed.</summary>
    public void Tick()
    {
        if (!context.Core.Leader.IsNone)
        {
            _sinceMs = context.NowMs;
        }
    }
}
