using System.Diagnostics;

namespace RaftStore.Node;

/// <summary>The clock of one node: monotonic milliseconds that ordinarily pass as the machine's do. Everything that a node is asked to do by
/// a certain time is said on this clock. Any thread.</summary>
public sealed class NodeClock
{
    /// <summary>The slowest and the fastest that a clock can be made.</summary>
    public const double FactorMin = 0.1;

    /// <inheritdoc cref="FactorMin"/>
    public const double FactorMax = 10;

    private readonly Lock _gate = new();
    private Leg _leg = new(0, 0, 1);

    /// <summary>The machine's own monotonic milliseconds.</summary>
    public static long SystemMs => Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1000);

    /// <summary>The time on this clock, in milliseconds. It never goes back.</summary>
    public long NowMs => Volatile.Read(ref _leg).At(SystemMs);

    /// <summary>How fast it goes: 1 as the machine's, 1.2 a fifth faster. Setting it moves nothing that was.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is set below <see cref="FactorMin"/> or above <see cref="FactorMax"/>.</exception>
    public double Factor
    {
        get => Volatile.Read(ref _leg).Factor;
        set
        {
            if (!(value is >= FactorMin and <= FactorMax))
            {
                throw new ArgumentOutOfRangeException(nameof(value), value, $"A clock goes {FactorMin} to {FactorMax} times as fast as the machine's.");
            }

            lock (_gate)
            {
                long systemMs = SystemMs;
                Volatile.Write(ref _leg, new Leg(systemMs, _leg.At(systemMs), value));
            }
        }
    }

    /// <summary>A stretch of time over which the clock goes evenly.</summary>
    private sealed record Leg(long FromSystemMs, long FromMs, double Factor)
    {
        public long At(long systemMs) => FromMs + (long)((systemMs - FromSystemMs) * Factor);
    }
}
