namespace RaftStore.Simulation;

/// <summary>What one run came to.</summary>
/// <param name="Seed">The run.</param>
/// <param name="TraceHash">Equal for equal runs, in any process.</param>
/// <param name="Profile">The faults that the seed drew.</param>
/// <param name="Counts">How the clients' requests ended.</param>
/// <param name="Sightings">How often each rare situation occurred.</param>
/// <param name="VirtualMs">How long it lasted, in virtual milliseconds.</param>
/// <param name="Failure">Which rule was broken, with the end of the story; null where all held.</param>
public sealed record SimulationResult(ulong Seed, string TraceHash, FaultProfile Profile, WorkloadCounts Counts, IReadOnlyDictionary<string, long> Sightings, long VirtualMs, string? Failure)
{
    /// <summary>When it was broken, and the rule alone; null where all held.</summary>
    public string? BrokenRule { get; init; }
}

/// <summary>Runs whole clusters, on one thread, in virtual time, from a seed.</summary>
public static class Simulator
{
    /// <summary>How long faults go on by default, in virtual milliseconds.</summary>
    public const long DefaultFaultyMs = 15_000;

    /// <summary>Runs one seed to its end, or to the first broken rule. The same seed gives the same run, whatever the process.</summary>
    /// <param name="listener">Gets each line of the story as it happens.</param>
    public static SimulationResult Run(ulong seed, long faultyMs = DefaultFaultyMs, Action<string>? listener = null)
        => Run(seed, FaultProfile.Draw(seed), faultyMs, listener);

    /// <summary>Runs one seed under other faults than those that it draws.</summary>
    public static SimulationResult Run(ulong seed, FaultProfile profile, long faultyMs = DefaultFaultyMs, Action<string>? listener = null)
    {
        World world = new(seed, profile, listener);
        string? broken = null;
        string? failure = null;
        try
        {
            world.Run(faultyMs);
        }
        catch (Exception exception)
        {
            // Whatever the product throws, where nothing may be thrown, ends the run as a broken rule does.
            broken = $"at {world.Events.NowUs / 1000.0:F3} ms: {exception.Message}";
            failure = Describe(world, broken, exception);
        }

        return new SimulationResult(seed, world.Trace.Hash, profile, world.Workload.Counts, world.Invariants.Sightings, world.Events.NowMs, failure) { BrokenRule = broken };
    }

    private static string Describe(World world, string broken, Exception exception)
    {
        string story = string.Join(Environment.NewLine, world.Trace.LastLines);
        Exception? origin = exception is SimulationFailureException ? exception.InnerException : exception;
        string cause = origin is null ? string.Empty : $"{Environment.NewLine}{origin}";
        return $"seed {world.Seed}, {broken}{Environment.NewLine}{world.Profile}{Environment.NewLine}{story}{cause}";
    }
}
