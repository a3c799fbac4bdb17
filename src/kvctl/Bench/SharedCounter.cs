namespace RaftStore.Kvctl.Bench;

/// <summary>Numbers that all clients of a run take from, each once.</summary>
internal sealed class SharedCounter(long first, long end)
{
    private long _next = first;

    /// <summary>The next number; -1 when there are none left.</summary>
    public long Take()
    {
        long taken = Interlocked.Increment(ref _next) - 1;
        return taken < end ? taken : -1;
    }

    /// <summary>
    /// Numbers that no earlier run used: they begin at this millisecond times 100,000, so a run would have to write more
    /// than a hundred keys a microsecond to reach the next one's. 18 digits hold them until the year 2286.
    /// </summary>
    public static SharedCounter Fresh() => new(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 100_000, long.MaxValue);
}
