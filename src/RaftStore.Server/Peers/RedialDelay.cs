namespace RaftStore.Server.Peers;

/// <summary>How long to wait before dialling again: doubling from a shortest to a longest time, each shortened by up to a half at random,
/// so that the nodes of a cluster do not dial in step.</summary>
internal sealed class RedialDelay
{
    private readonly int _minMs;
    private readonly int _maxMs;
    private readonly Func<double> _draw;
    private int _nextMs;

    /// <summary>Begins with the shortest wait.</summary>
    /// <param name="minMs">The shortest time, in milliseconds.</param>
    /// <param name="maxMs">The longest, in milliseconds.</param>
    /// <param name="draw">Random numbers from 0 to below 1.</param>
    public RedialDelay(int minMs, int maxMs, Func<double> draw)
    {
        _minMs = minMs;
        _maxMs = maxMs;
        _draw = draw;
        _nextMs = minMs;
    }

    /// <summary>The time to wait now, in milliseconds.</summary>
    public int Next()
    {
        int delayMs = _nextMs;
        _nextMs = (int)Math.Min(_maxMs, _nextMs * 2L);
        return delayMs - (int)(delayMs / 2 * _draw());
    }

    /// <summary>A connection held: the next wait is the shortest again.</summary>
    public void Reset() => _nextMs = _minMs;
}
