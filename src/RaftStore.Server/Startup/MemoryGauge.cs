namespace RaftStore.Server.Startup;

/// <summary>Decides from one reading after the other whether memory is nearly used up, and when the collector should look what of it
/// is garbage. Between two thresholds everything stays as it was, so that the answer does not change with every reading.</summary>
internal sealed class MemoryGauge
{
    /// <summary>Room kept beyond an eighth of a small limit: what may be under way when puts begin to be refused. The log holds at most 64 MiB that
    /// are not applied yet and are copied into the store then; and 32 MiB wait to come there, and as much again arrives between two readings.</summary>
    private const long HeadroomBytesMin = 128L << 20;

    /// <summary>How often the collector is asked while memory is short: a full collection of a large heap keeps a core busy for seconds.</summary>
    private const long PauseMs = 10_000;

    private readonly long _highBytes;
    private readonly long _lowBytes;
    private readonly long _growthBytes;
    private long _leastBytes = long.MaxValue;
    private long _askedMs;

    /// <summary>Begins with enough memory.</summary>
    /// <param name="limitBytes">Bytes that there are.</param>
    public MemoryGauge(long limitBytes)
    {
        // Of a very small limit a third must do.
        _highBytes = limitBytes - Math.Max(limitBytes / 8, Math.Min(limitBytes / 3, HeadroomBytesMin));
        _lowBytes = _highBytes - (limitBytes / 8);
        _growthBytes = limitBytes / 16;
    }

    /// <summary>True from a reading at the upper threshold (7/8 of a limit of a gibibyte or more) until one below the lower (6/8).</summary>
    public bool IsLow { get; private set; }

    /// <summary>Takes a reading.</summary>
    /// <param name="usedBytes">Bytes in use, with garbage that no collection has found yet.</param>
    /// <param name="nowMs">Monotonic milliseconds.</param>
    /// <returns>True where a full collection should begin now, since only that tells how much of it is garbage: when memory gets short, as often
    /// as <see cref="PauseMs"/> allows while it is, and before, when it has grown by half the way between the thresholds.</returns>
    public bool Look(long usedBytes, long nowMs)
    {
        bool wasLow = IsLow;
        IsLow = usedBytes >= _highBytes || (wasLow && usedBytes >= _lowBytes);
        _leastBytes = Math.Min(_leastBytes, usedBytes);
        bool isDue = IsLow ? !wasLow || nowMs - _askedMs >= PauseMs : usedBytes >= _lowBytes && usedBytes - _leastBytes >= _growthBytes;
        if (isDue)
        {
            _leastBytes = usedBytes;
            _askedMs = nowMs;
        }

        return isDue;
    }
}
