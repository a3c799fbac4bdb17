using RaftStore.Raft;

namespace RaftStore.Node.Pump;

/// <summary>Keeps what failed at one leader from being tried there again at once; another leader, or another term, ends the
/// pause: a stale hint must not become a loop.</summary>
internal sealed class RetryPause
{
    /// <summary>Longer than a round trip, shorter than anybody notices beside an election.</summary>
    private const int PauseMs = 50;

    private long _untilMs = long.MinValue;
    private NodeId _leader;
    private long _term;

    public void Begin(RaftNode core, long nowMs)
    {
        _untilMs = nowMs + PauseMs;
        _leader = core.Leader;
        _term = core.Term;
    }

    public void End() => _untilMs = long.MinValue;

    public bool IsOn(RaftNode core, long nowMs) => nowMs < _untilMs && core.Leader == _leader && core.Term == _term;
}
