using System.Diagnostics;

namespace RaftStore.Simulation;

/// <summary>Runs many seeds, showing progress.</summary>
public static class Batch
{
    private const int ProgressEvery = 20;

    /// <summary>Runs <paramref name="count"/> seeds from <paramref name="first"/> on, on all cores, a run on one thread each.</summary>
    /// <returns>0, or 6 where a seed broke a rule.</returns>
    public static int Run(ulong first, ulong count, TextWriter output, TextWriter progress)
    {
        Stopwatch watch = Stopwatch.StartNew();
        Lock gate = new();
        SortedDictionary<string, long> sightings = new(StringComparer.Ordinal);
        SortedSet<ulong> failed = [];
        ulong done = 0;
        long virtualMs = 0;

        // A machine with other work to do makes the thread pool start more and more runs at once, and each of them takes memory.
        ParallelOptions perCore = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.For((long)first, (long)(first + count), perCore, seed =>
        {
            SimulationResult result = Simulator.Run((ulong)seed);
            lock (gate)
            {
                virtualMs += result.VirtualMs;
                foreach ((string name, long times) in result.Sightings)
                {
                    sightings[name] = sightings.GetValueOrDefault(name) + times;
                }

                if (result.Failure is not null)
                {
                    failed.Add(result.Seed);
                    output.WriteLine($"FAILED: {result.Failure}");
                }

                if (++done % ProgressEvery == 0 || done == count)
                {
                    progress.WriteLine($"{done} of {count} seeds, {failed.Count} failed, {virtualMs / (double)watch.ElapsedMilliseconds:F0} x real time");
                }
            }
        });

        foreach ((string name, long times) in sightings)
        {
            output.WriteLine($"{times,10}  {name}");
        }

        output.WriteLine(failed.Count == 0 ? $"every rule held in {count} runs" : $"seeds that failed: {string.Join(' ', failed)}");
        return failed.Count == 0 ? 0 : 6;
    }
}
