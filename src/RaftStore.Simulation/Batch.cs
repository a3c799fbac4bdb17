using System.Diagnostics;
using System.Globalization;

namespace RaftStore.Simulation;

/// <summary>Runs many seeds, showing progress.</summary>
public static class Batch
{
    private const int ProgressEvery = 20;

    /// <summary>Runs <paramref name="count"/> seeds from <paramref name="first"/> on, on all cores, a run on one thread each.</summary>
    /// <param name="output">Gets what was broken, how often each rare situation occurred, and the verdict as the last line.</param>
    /// <param name="progress">Gets a line now and then.</param>
    /// <param name="replay">The command that replays one seed, which is put behind it.</param>
    /// <returns>0, or 6 where a seed broke a rule, or where <see cref="Situations.SeedsEnough"/> runs or more never met a situation that they should.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There are no such seeds.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the runs under way have ended.</exception>
    public static int Run(ulong first, ulong count, TextWriter output, TextWriter progress, string replay, CancellationToken cancellationToken = default)
        => Run(first, count, output, progress, replay, seed => Simulator.Run(seed), cancellationToken);

    internal static int Run(
        ulong first, ulong count, TextWriter output, TextWriter progress, string replay, Func<ulong, SimulationResult> run, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, (ulong)long.MaxValue);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(count, (ulong)long.MaxValue - first);
        Stopwatch watch = Stopwatch.StartNew();
        Lock gate = new();
        SortedDictionary<string, long> sightings = new(StringComparer.Ordinal);
        SortedSet<ulong> failed = [];
        ulong done = 0;
        long virtualMs = 0;

        // A machine with other work to do makes the thread pool start more and more runs at once, and each of them takes memory.
        ParallelOptions perCore = new() { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken };
        Parallel.For((long)first, (long)(first + count), perCore, seed =>
        {
            SimulationResult result = run((ulong)seed);
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
                    progress.WriteLine($"{done} of {count} seeds, {failed.Count} failed, {Ratio(virtualMs, watch)} x real time");
                }
            }
        });

        foreach ((string name, long times) in sightings)
        {
            output.WriteLine($"{times,10}  {name}");
        }

        foreach (ulong seed in failed)
        {
            output.WriteLine($"replay: {replay} {seed}");
        }

        string[] missing = count < Situations.SeedsEnough ? [] : [.. Situations.Expected.Where(situation => !sightings.ContainsKey(situation))];
        foreach (string situation in missing)
        {
            output.WriteLine($"never occurred, though some fault is there for it: {situation}");
        }

        output.WriteLine(failed.Count == 0
            ? string.Create(CultureInfo.InvariantCulture, $"every rule held in {count} runs: {virtualMs / 1000} virtual seconds in {watch.Elapsed.TotalSeconds:F1} s, {Ratio(virtualMs, watch)} x real time on {Environment.ProcessorCount} cores")
            : $"{failed.Count} of {count} seeds failed: {string.Join(' ', failed)}");
        return failed.Count == 0 && missing.Length == 0 ? 0 : 6;
    }

    private static string Ratio(long virtualMs, Stopwatch watch) => (virtualMs / Math.Max(1.0, watch.ElapsedMilliseconds)).ToString("F0", CultureInfo.InvariantCulture);
}
