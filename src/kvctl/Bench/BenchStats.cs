namespace RaftStore.Kvctl.Bench;

/// <summary>What the clients of one thread met. Other threads read <see cref="Finished"/> and <see cref="Failed"/> only, until the thread has ended.</summary>
internal sealed class BenchStats
{
    private long _finished;
    private long _failed;

    /// <summary>Requests answered well since the thread began, the warm-up included: for showing progress.</summary>
    public long Finished => Volatile.Read(ref _finished);

    /// <summary>Requests that failed since the thread began, the warm-up included.</summary>
    public long Failed => Volatile.Read(ref _failed);

    /// <summary>Latencies of reads that began in the measured time and were answered well.</summary>
    public LatencyHistogram Reads { get; } = new();

    /// <summary>Latencies of writes that began in the measured time and were answered well.</summary>
    public LatencyHistogram Writes { get; } = new();

    /// <summary>Well-answered requests whose answer fell into the measured time: what the rate is made of.</summary>
    public long AnsweredInTime { get; private set; }

    /// <summary>What failed in the measured time, by what was met.</summary>
    public SortedDictionary<string, long> Errors { get; } = new(StringComparer.Ordinal);

    public void Answered(bool isWrite, long nanoseconds, bool beganInTime, bool endedInTime)
    {
        Volatile.Write(ref _finished, _finished + 1);
        if (endedInTime)
        {
            AnsweredInTime++;
        }

        if (beganInTime)
        {
            (isWrite ? Writes : Reads).Record(nanoseconds);
        }
    }

    public void Error(string label, bool isInTime)
    {
        Volatile.Write(ref _failed, _failed + 1);
        if (isInTime)
        {
            Errors[label] = Errors.GetValueOrDefault(label) + 1;
        }
    }

    /// <summary>Adds what an ended thread met.</summary>
    public void Add(BenchStats other)
    {
        Reads.Add(other.Reads);
        Writes.Add(other.Writes);
        AnsweredInTime += other.AnsweredInTime;
        _finished += other.Finished;
        _failed += other.Failed;
        foreach ((string label, long count) in other.Errors)
        {
            Errors[label] = Errors.GetValueOrDefault(label) + count;
        }
    }
}
