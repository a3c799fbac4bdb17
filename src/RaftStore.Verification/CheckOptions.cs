namespace RaftStore.Verification;

/// <summary>How far a check may go. Whatever it does not finish within these bounds it gives up, and says so.</summary>
public sealed record CheckOptions
{
    /// <summary>Steps of the search for one key, an operation placed or taken back each. The default takes about a minute; a history of
    /// a healthy store needs few more steps than it has operations.</summary>
    public long StepsMax { get; init; } = 200_000_000;

    /// <summary>Bytes of remembered dead ends, for one key at a time.</summary>
    public long MemoryBytesMax { get; init; } = 512L << 20;

    /// <summary>How long the whole search may take. Set it to <see cref="Timeout.InfiniteTimeSpan"/> where the verdict may not depend on the machine.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long it may take to make one bad piece as short as possible. Zero leaves it as it was found.</summary>
    public TimeSpan ShorteningTime { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Steps of one attempt at shortening.</summary>
    public long ShorteningStepsMax { get; init; } = 2_000_000;

    /// <summary>How many violations are reported at most.</summary>
    public int ViolationsMax { get; init; } = 20;

    /// <summary>How many units of the history's clock make a second, for the sentences; 0 where the unit is none of time.</summary>
    public long UnitsPerSecond { get; init; }
}
