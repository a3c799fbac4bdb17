using System.Collections.Concurrent;
using System.Globalization;

namespace RaftStore.Simulation.Tests;

public sealed class SeedsTests
{
    private const ulong Seeds = 200;

    /// <summary>Situations that a batch of this size must have met: where one is missing, the faults do not reach what they are for.</summary>
    private static readonly string[] Sometimes =
    [
        "append refused",
        "became Candidate",
        "became Leader",
        "compaction ended as AlreadyCompacted",
        "compaction ended as Done",
        "compaction ended as FutureRevision",
        "conflict truncated",
        "leader stepped down",
        "machine lost power",
        "machine's log failed",
        "past revision read",
        "pre-vote refused",
        "snapshot installed",
        "snapshot taken",
        "torn tail recovered",
        "vote denied",
    ];

    [Fact]
    public void EveryRule_UnderEveryDrawnFault_Holds()
    {
        ConcurrentBag<SimulationResult> results = [];
        Parallel.For(1L, (long)Seeds + 1, seed => results.Add(Simulator.Run((ulong)seed)));

        string failures = string.Join(Environment.NewLine, results.Where(result => result.Failure is not null).OrderBy(result => result.Seed)
            .Select(result => $"FAILED, replay with scripts/simulate.sh --seed {result.Seed}: {result.Failure}"));
        Assert.True(failures.Length == 0, failures);
        foreach (string situation in Sometimes)
        {
            Assert.True(results.Sum(result => result.Sightings.GetValueOrDefault(situation)) > 0, string.Create(CultureInfo.InvariantCulture, $"'{situation}' never occurred in {Seeds} runs"));
        }

        Assert.True(results.Sum(result => result.Counts.WritesApplied) > 1000, "hardly any write was applied");
        Assert.True(results.Sum(result => result.Counts.WritesUnknown) > 0, "no write had an unknown outcome");
    }
}
