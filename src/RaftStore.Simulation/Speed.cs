using System.Diagnostics;
using System.Globalization;

namespace RaftStore.Simulation;

/// <summary>Measures how much faster than the clock on the wall a simulated cluster runs: three nodes, a hundred client operations in a virtual
/// second, the faults that each seed draws, every rule checked, one thread.</summary>
public static class Speed
{
    /// <summary>Seeds that a measurement takes, unless another number is asked for.</summary>
    public const ulong DefaultSeeds = 100;

    /// <summary>A few more than a hundred: clients that wait for a machine that is gone begin nothing meanwhile.</summary>
    private const int OperationsPerSecond = 110;

    private const int Machines = 3;

    /// <summary>Runs before the clock starts, of other seeds: code is compiled when it is first met, which takes a second once and is no part of
    /// simulating. So many meet nearly all of it.</summary>
    private const ulong WarmUpSeeds = 20;

    /// <summary>Runs <paramref name="count"/> seeds from <paramref name="first"/> on, one after the other, and prints the figure.</summary>
    /// <returns>0, or 6 where a seed broke a rule.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The count is 0.</exception>
    public static int Run(ulong first, ulong count, TextWriter output)
    {
        ArgumentOutOfRangeException.ThrowIfZero(count);
        for (ulong seed = 0; seed < WarmUpSeeds; seed++)
        {
            RunOne(unchecked(first + count + seed));
        }

        Stopwatch watch = Stopwatch.StartNew();
        TimeSpan cpuBefore = Process.GetCurrentProcess().TotalProcessorTime;
        long virtualMs = 0;
        long operations = 0;
        int failed = 0;
        for (ulong seed = first; seed < first + count; seed++)
        {
            SimulationResult result = RunOne(seed);
            virtualMs += result.VirtualMs;
            operations += result.Counts.Total;
            if (result.Failure is not null)
            {
                failed++;
                output.WriteLine($"FAILED: {result.Failure}");
            }
        }

        double seconds = watch.Elapsed.TotalSeconds;
        double cpuSeconds = (Process.GetCurrentProcess().TotalProcessorTime - cpuBefore).TotalSeconds;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Machines} nodes, {operations * 1000.0 / virtualMs:F0} operations per virtual second, {count} runs, one thread: {virtualMs / 1000.0:F0} virtual seconds in {seconds:F2} s, {virtualMs / 1000.0 / seconds:F0} x real time ({cpuSeconds:F2} s of CPU: {virtualMs / 1000.0 / cpuSeconds:F0} x)"));
        return failed == 0 ? 0 : 6;
    }

    // A cluster whose members come and go would not stay one of three.
    private static SimulationResult RunOne(ulong seed)
        => Simulator.Run(seed, FaultProfile.Draw(seed) with { Machines = Machines, MembershipEveryMs = 0, WipeEveryMs = 0, OperationsPerSecond = OperationsPerSecond });
}
