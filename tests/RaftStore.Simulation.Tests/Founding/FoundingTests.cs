using System.Collections.Concurrent;
using System.Globalization;

namespace RaftStore.Simulation.Tests.Founding;

/// <summary>Clusters that come about by discovery, each with hardly anything after it.</summary>
public sealed class FoundingTests
{
    private const ulong Seeds = 100;

    /// <summary>Seldom by chance, so that many come as far as to found something: there they are aimed at.</summary>
    private static readonly DiscoveryFaults Hard = new()
    {
        Spares = 3,
        StartLateMsMax = 2_000,
        NameMissingPerMille = 50,
        NameStalePerMille = 50,
        NameFailedPerMille = 50,
        NameLateMsMax = 200,
        CutEveryMs = 20_000,
        CrashEveryMs = 20_000,
        WipeEveryMs = 20_000,
        FaultyMs = 10_000,
    };

    [Fact]
    public void Founding_HinderedInEveryWay_HoldsEveryRuleAndEndsWithOneCluster()
    {
        SortedDictionary<string, long> seen = RunAll(Hard);

        Assert.Equal((long)Seeds, seen["cluster founded by discovery"]);
        foreach (string situation in (string[])["founder lost power while founding", "founder came back to the founding that it had begun", "founder's disk lost while founding", "founder's disk lost before its cluster was formed", "machine joined by discovery"])
        {
            Assert.True(seen.GetValueOrDefault(situation) > 0, $"'{situation}' never occurred");
        }
    }

    [Fact]
    public void Founding_ByNamesOfWhichEachShowsAHalf_MakesTwoClustersOnlyOfMachinesThatNeverMet()
    {
        SortedDictionary<string, long> seen = RunAll(Hard with { NameShowsHalves = true, NameStalePerMille = 0, CrashEveryMs = 0, WipeEveryMs = 0, CutEveryMs = 0 });

        Assert.True(seen.GetValueOrDefault("two clusters founded by machines that never met") > 0, "no two clusters were founded");
        Assert.Equal(0, seen.GetValueOrDefault("stuck founding given up by an operator"));
    }

    // Nothing is in the way: two rounds of the search and the formation itself.
    [Fact]
    public void Founding_NothingHindersIt_IsDoneWithinSeconds()
    {
        List<string> story = [];
        FaultProfile profile = FaultProfile.Draw(1) with { Machines = 3, Network = NetworkFaults.None, Discovery = new DiscoveryFaults { FaultyMs = 5_000 } };

        Assert.Null(Simulator.Run(1, profile, faultyMs: 0, story.Add).Failure);

        string founded = Assert.Single(story, line => line.Contains(" is founded by n1, n2, n3, of 3 machines", StringComparison.Ordinal));
        Assert.InRange(double.Parse(founded.AsSpan(0, 10), CultureInfo.InvariantCulture), 0, 5_000);
    }

    private static SortedDictionary<string, long> RunAll(DiscoveryFaults faults)
    {
        ConcurrentBag<SimulationResult> results = [];
        ParallelOptions perCore = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.For(1L, (long)Seeds + 1, perCore, seed =>
        {
            FaultProfile drawn = FaultProfile.Draw((ulong)seed);
            FaultProfile profile = drawn with { Machines = 2 + (int)(seed % 3), MembershipEveryMs = 1_000, DeceivesOne = false, ForgesState = false, Discovery = faults };
            results.Add(Simulator.Run((ulong)seed, profile, faultyMs: 0));
        });

        Assert.Equal([], results.Where(result => result.Failure is not null).OrderBy(result => result.Seed).Select(result => result.Failure));
        SortedDictionary<string, long> seen = new(StringComparer.Ordinal);
        foreach ((string name, long times) in results.SelectMany(result => result.Sightings))
        {
            seen[name] = seen.GetValueOrDefault(name) + times;
        }

        return seen;
    }
}
