namespace RaftStore.Server.Peers;

/// <summary>Lets one log line through in a while, so that strangers cannot fill the disk with them. Any thread.</summary>
internal sealed class LogGate(int intervalMs)
{
    private readonly Lock _gate = new();
    private long _lastMs = long.MinValue;
    private int _held;

    /// <summary>True where a line may be written now.</summary>
    /// <param name="nowMs">Monotonic milliseconds.</param>
    /// <param name="held">How many lines were held back since the last one.</param>
    public bool TryPass(long nowMs, out int held)
    {
        lock (_gate)
        {
            held = _held;
            if (_lastMs != long.MinValue && nowMs - _lastMs < intervalMs)
            {
                _held++;
                return false;
            }

            _lastMs = nowMs;
            _held = 0;
            return true;
        }
    }
}
