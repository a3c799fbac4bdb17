namespace RaftStore.Raft;

/// <summary>Knows what of the log is on disk. A completion names the request it completes; what was truncated since that
/// request was made does not become durable by it, even where another entry has taken the same index (the ABA problem of
/// asynchronous disks).</summary>
/// <remarks>Between two states: <see cref="DurableIndex"/> falls only by <see cref="Truncated"/>, and every outstanding request
/// claims at most what stood in the log when it was made and has stood there ever since.</remarks>
internal sealed class DurabilityTracker(long durableIndex)
{
    private readonly List<Outstanding> _outstanding = [];
    private long _lastToken;
    private long _lastCompleted;
    private long _hardStateToken;

    /// <summary>The last entry that is durable here and has not been replaced since.</summary>
    public long DurableIndex { get; private set; } = durableIndex;

    /// <summary>True where the newest hard state that was handed to the disk is durable.</summary>
    public bool IsHardStateDurable => _lastCompleted >= _hardStateToken;

    /// <summary>When the oldest request under way was made, in monotonic milliseconds; -1 where none is.</summary>
    public long OldestRequestMs => _outstanding.Count == 0 ? -1 : _outstanding[0].RequestedMs;

    /// <summary>A request was handed to the disk, after which the log ends in <paramref name="lastIndex"/>.</summary>
    public BatchToken Requested(long lastIndex, bool withHardState, long nowMs)
    {
        _lastToken++;
        _outstanding.Add(new Outstanding(_lastToken, lastIndex, nowMs));
        if (withHardState)
        {
            _hardStateToken = _lastToken;
        }

        return new BatchToken(_lastToken);
    }

    /// <summary>That request and all before it are durable; a token that was completed before changes nothing.</summary>
    /// <exception cref="RaftInvariantException">No such request was ever made.</exception>
    public void Persisted(BatchToken token)
    {
        Invariant.Check(token.Value <= _lastToken, $"the disk completed request {token.Value}, but the last one made is {_lastToken}");
        int done = 0;
        while (done < _outstanding.Count && _outstanding[done].Token <= token.Value)
        {
            DurableIndex = Math.Max(DurableIndex, _outstanding[done].LastIndex);
            done++;
        }

        _outstanding.RemoveRange(0, done);
        _lastCompleted = Math.Max(_lastCompleted, token.Value);
    }

    /// <summary>Entries from <paramref name="index"/> on are gone from the log: whatever the disk still writes of them counts for
    /// nothing.</summary>
    public void Truncated(long index)
    {
        DurableIndex = Math.Min(DurableIndex, index - 1);
        for (int i = 0; i < _outstanding.Count; i++)
        {
            Outstanding request = _outstanding[i];
            _outstanding[i] = request with { LastIndex = Math.Min(request.LastIndex, index - 1) };
        }
    }

    /// <summary>A durable snapshot holds everything up to <paramref name="index"/>.</summary>
    public void Covered(long index) => DurableIndex = Math.Max(DurableIndex, index);

    private readonly record struct Outstanding(long Token, long LastIndex, long RequestedMs);
}
