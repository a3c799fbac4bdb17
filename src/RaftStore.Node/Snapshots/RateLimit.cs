namespace RaftStore.Node.Snapshots;

/// <summary>Holds snapshots to so many bytes a second, so that their reading and writing does not starve the log (etcd #2370).
/// Snapshot thread.</summary>
internal sealed class RateLimit(long bytesPerSecond)
{
    /// <summary>What may be done at once after a pause: the time between two looks of the pump, and a little more.</summary>
    private const long BurstMs = 50;

    private double _dueMs = double.MinValue;

    /// <summary>True where more may be done.</summary>
    public bool IsOpen(long nowMs) => _dueMs <= nowMs;

    /// <summary>So many bytes were done.</summary>
    public void Spend(long bytes, long nowMs) => _dueMs = Math.Max(_dueMs, nowMs - BurstMs) + (1000.0 * bytes / bytesPerSecond);

    /// <summary>How long to wait until more may be done, in milliseconds.</summary>
    public long WaitMs(long nowMs) => _dueMs <= nowMs ? 0 : (long)Math.Ceiling(_dueMs - nowMs);
}
