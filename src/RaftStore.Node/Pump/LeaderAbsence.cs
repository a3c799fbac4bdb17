using RaftStore.Raft;

namespace RaftStore.Node.Pump;

/// <summary>How long this node has known no leader. An election takes a moment, and requests wait for its end. Where twice the longest election
/// timeout has passed, a majority cannot be reached from here, and whoever asks is better served by another node: he is told so at once.
/// Pump thread.</summary>
internal sealed class LeaderAbsence(PumpContext context)
{
    /// <summary>Election timeouts, of the longest, that an election may take.</summary>
    private const int ElectionTimeouts = 2;

    private long _sinceMs = context.NowMs;

    /// <summary>True where it is no use to wait for an election any more.</summary>
    public bool IsLong => context.Core.Leader.IsNone && context.NowMs - _sinceMs >= ElectionTimeouts * (long)context.Options.Raft.UpperElectionTimeoutMs;

    /// <summary>Time has passed.</summary>
    public void Tick()
    {
        if (!context.Core.Leader.IsNone)
        {
            _sinceMs = context.NowMs;
        }
    }
}
