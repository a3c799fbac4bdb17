using System.Numerics;

namespace RaftStore.Kvctl.Bench;

/// <summary>
/// Counts latencies in buckets that are linear within each power of two and so at most 1/128 of their value wide:
/// every percentile read from it is at most 0.8 % above the exact one, whatever the range, in 37 KiB.
/// </summary>
/// <remarks>For one thread; histograms of several threads are added up when they have stopped.</remarks>
internal sealed class LatencyHistogram
{
    private const int SubBucketBits = 7;
    private const int SubBuckets = 1 << SubBucketBits;

    /// <summary>2^42 ns are 73 minutes, longer than any request may take; what is beyond is counted as that.</summary>
    private const int ValueBitsMax = 42;

    private readonly long[] _counts = new long[(ValueBitsMax - SubBucketBits + 1) * SubBuckets];

    /// <summary>How many values were recorded.</summary>
    public long Count { get; private set; }

    /// <summary>The largest value recorded, exactly; 0 without any.</summary>
    public long Max { get; private set; }

    /// <summary>Records a value in nanoseconds.</summary>
    public void Record(long nanoseconds)
    {
        long value = Math.Clamp(nanoseconds, 0, (1L << ValueBitsMax) - 1);
        _counts[IndexOf(value)]++;
        Count++;
        Max = Math.Max(Max, value);
    }

    /// <summary>Adds what another histogram recorded.</summary>
    public void Add(LatencyHistogram other)
    {
        for (int i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }

        Count += other.Count;
        Max = Math.Max(Max, other.Max);
    }

    /// <summary>The smallest value that at least <paramref name="percent"/> of the recorded values do not exceed; 0 without any.</summary>
    public long Percentile(double percent)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(percent);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(percent, 100);
        long rank = Math.Clamp((long)Math.Ceiling(Count * (percent / 100)), 1, Math.Max(1, Count));
        long seen = 0;
        for (int i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= rank)
            {
                return Math.Min(UpperEdge(i), Max);
            }
        }

        return Max;
    }

    private static int IndexOf(long value)
    {
        int shift = Math.Max(0, 63 - BitOperations.LeadingZeroCount((ulong)value | 1) - SubBucketBits);
        return (shift << SubBucketBits) + (int)(value >> shift);
    }

    private static long UpperEdge(int index)
    {
        int shift = Math.Max(0, (index >> SubBucketBits) - 1);
        long sub = index - (shift << SubBucketBits);
        return ((sub + 1) << shift) - 1;
    }
}
