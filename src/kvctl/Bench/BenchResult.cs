namespace RaftStore.Kvctl.Bench;

/// <summary>What one run with one number of clients came to.</summary>
/// <param name="Clients">The number of clients.</param>
/// <param name="Measured">How long was measured.</param>
/// <param name="Stats">What the clients met.</param>
/// <param name="ServerCpu">The CPU time each named process used meanwhile; null for one that was not there from beginning to end.</param>
/// <param name="GeneratorCpu">The CPU time this process used meanwhile.</param>
internal sealed record BenchResult(int Clients, TimeSpan Measured, BenchStats Stats, IReadOnlyList<(int Pid, TimeSpan? Used)> ServerCpu, TimeSpan GeneratorCpu)
{
    public double PerSecond => Stats.AnsweredInTime / Measured.TotalSeconds;

    public long ErrorCount => Stats.Errors.Values.Sum();

    /// <summary>All latencies, reads and writes.</summary>
    public LatencyHistogram Latencies
    {
        get
        {
            var all = new LatencyHistogram();
            all.Add(Stats.Reads);
            all.Add(Stats.Writes);
            return all;
        }
    }

    /// <summary>Core-microseconds that a time comes to per answered request; null without any.</summary>
    public double? PerOperation(TimeSpan? used) =>
        used is { } time && Stats.AnsweredInTime > 0 ? time.TotalMicroseconds / Stats.AnsweredInTime : null;

    /// <summary>Core-microseconds per answered request of all named processes together; null if one is not known.</summary>
    public double? ServerPerOperation =>
        ServerCpu.Count > 0 && ServerCpu.All(process => process.Used is not null)
            ? PerOperation(ServerCpu.Aggregate(TimeSpan.Zero, (sum, process) => sum + process.Used!.Value))
            : null;
}
