using System.Collections.Concurrent;
using System.Globalization;

namespace RaftStore.Simulation.Tests;

public sealed class SeedsTests
{
    private const ulong Seeds = 200;

    [Fact]
    public void EveryRule_UnderEveryDrawnFault_Holds()
    {
        ConcurrentBag<SimulationResult> results = [];
        ParallelOptions perCore = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.For(1L, (long)Seeds + 1, perCore, seed => results.Add(Simulator.Run((ulong)seed)));

        string failures = string.Join(Environment.NewLine, results.Where(result => result.Failure is not null).OrderBy(result => result.Seed)
            .Select(result => $"FAILED, replay with scripts/simulate.sh --seed {result.Seed}: {result.Failure}"));
        Assert.True(failures.Length == 0, failures);
        string[] missing = [.. Situations.Expected.Where(situation => results.All(result => result.Sightings.GetValueOrDefault(situation) == 0))];
        Assert.True(missing.Length == 0, string.Create(CultureInfo.InvariantCulture, $"never occurred in {Seeds} runs: {string.Join("; ", missing)}"));

        Assert.Equal(0, results.Sum(result => result.Sightings.GetValueOrDefault("search for an order given up")));
        Assert.True(results.Sum(result => result.Counts.WritesApplied) > 1000, "hardly any write was applied");
        Assert.True(results.Sum(result => result.Counts.WritesUnknown) > 0, "no write had an unknown outcome");
    }

    // The leader of two left. It alone held the end of that change when everything stopped, so only it could be elected, and it did not
    // campaign, having no vote any more.
    [Fact]
    public void Seed2101_TheOnlyLogThatCanBeElectedIsThatOfTheLeaderWhoLeaves_TheClusterGoesOn() => Assert.Null(Simulator.Run(2101).Failure);

    // A follower's disk was slow: by the time it had written what the old leader sent, a new one had replaced it. It acknowledged it all the same,
    // to the old leader, who could have done nothing with it.
    [Fact]
    public void Seed30427_EntriesAreReplacedBeforeTheyAreDurable_NobodyAcknowledgesThem() => Assert.Null(Simulator.Run(30427).Failure);

    // A forwarded wish came twice, the second time when the first had been granted and the answer was still on its way: the second answer, that the name
    // was taken, overtook it.
    [Fact]
    public void Seed1839_AWishToAddAMemberArrivesAgainAfterItWasGranted_NobodyIsToldThatItWasNotDone() => Assert.Null(Simulator.Run(1839).Failure);

    // The leader was killed when it had granted the wish, and heard it again in its next life, in the same term: it said that it had done nothing, and the
    // next leader that the name was taken.
    [Fact]
    public void Seed7000762_AWishToAddAMemberArrivesAgainInTheLeadersNextLife_NobodyIsToldThatItWasNotDone() => Assert.Null(Simulator.Run(7000762).Failure);

    // A quarantined node took its leader's state while the entries that it stands for waited for the disk, in place of others: the log was purged before they
    // were written, and could not be cut any more.
    [Fact]
    public void Seed9021388_AStateIsReplacedWhileItsEntriesWaitForTheDisk_TheLogIsPurgedAfterThem() => Assert.Null(Simulator.Run(9021388).Failure);

    // A machine that was firm for one list met a member of a formed cluster, gave its list up for that, had forgotten the member by then, and founded a second
    // cluster with others.
    [Fact]
    public void Seed20030207_AFirmNodeMeetsAFormedCluster_FoundsNoneBesideIt() => Assert.Null(Simulator.Run(20030207).Failure);

    // A machine was killed while the term of which it had just heard was on its way to a slow disk.
    [Theory]
    [InlineData(1252)]
    [InlineData(1434)]
    public void Seed1252And1434_AProcessEndsBeforeItsTermIsDurable_ItsDiskIsNotTakenForDamaged(int seed) => Assert.Null(Simulator.Run((ulong)seed).Failure);

    // All had converged when a leader was elected anew; its first entry was on its disk, and changed the state where it was recovered.
    [Fact]
    public void Seed528_AnElectionInTheLastMoment_ItsUncommittedEntryIsNotHeldAgainstTheState() => Assert.Null(Simulator.Run(528).Failure);

    // A read that waited for its revision when the node's state was found to be wrong was answered from that state.
    [Theory]
    [InlineData(98)]
    [InlineData(196)]
    public void Seed98And196_NodeQuarantinedWhileAReadWaitsForItsRevision_RefusesIt(int seed) => Assert.Null(Simulator.Run((ulong)seed).Failure);
}
