namespace RaftStore.Node.Pump;

/// <summary>How long the last 1,024 log writes took. Pump thread.</summary>
internal sealed class SyncTimes
{
    private const int Length = 1024;

    /// <summary>Sorting costs some 20 µs: often enough for people, too seldom to be felt.</summary>
    private const int RefreshMs = 500;

    private readonly long[] _microseconds = new long[Length];
    private readonly long[] _sorted = new long[Length];
    private long _count;
    private long _summarisedCount;
    private long _summarisedAtMs = long.MinValue / 2;
    private SyncLatency _summary;

    public void Add(long microseconds) => _microseconds[_count++ % Length] = microseconds;

    /// <summary>The percentiles, at most half a second old.</summary>
    public SyncLatency Summarise(long nowMs)
    {
        if (_count == _summarisedCount || nowMs - _summarisedAtMs < RefreshMs)
        {
            return _summary;
        }

        int used = (int)Math.Min(_count, Length);
        Array.Copy(_microseconds, _sorted, used);
        Array.Sort(_sorted, 0, used);
        _summary = new SyncLatency(At(used, 50), At(used, 99), _sorted[used - 1]);
        _summarisedCount = _count;
        _summarisedAtMs = nowMs;
        return _summary;
    }

    // The nearest-rank percentile.
    private long At(int used, int percent) => _sorted[((used * percent) + 99) / 100 - 1];
}
