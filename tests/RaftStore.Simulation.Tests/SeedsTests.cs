using System.Collections.Concurrent;
using System.Globalization;

namespace RaftStore.Simulation.Tests;

public sealed class SeedsTests
{
    private const ulong Seeds = 200;

    /// <summary>Situations that a batch of this size must have met: where one is missing, the faults do not reach what they are for.</summary>
    private static readonly string[] Sometimes =
    [
        "all machines lost power at once",
        "append refused",
        "backup cut off by the end of its machine",
        "backup restored",
        "backup taken from a running machine",
        "became Candidate",
        "became Leader",
        "change refused before the term's no-op",
        "clock ran fast or slow",
        "cluster founded by discovery",
        "compaction ended as AlreadyCompacted",
        "compaction ended as Done",
        "compaction ended as FutureRevision",
        "conflict truncated",
        "connection half-open",
        "connection made anew",
        "cut backup refused",
        "damaged copy of the vote made good or of no account",
        "damaged disk made good or of no account",
        "damaged disk refused, and its node replaced",
        "damaged identity refused",
        "damaged last acknowledged record refused",
        "damaged note of the durable end made good or of no account",
        "damaged record refused",
        "damaged segment's header refused",
        "damaged snapshot refused",
        "disk damaged",
        "disk damaged: one bit flipped",
        "disk damaged: overwritten by a misdirected write",
        "disk damaged: zeroed",
        "disk full",
        "disk stalled",
        "disk wiped",
        "exchange of directories finished after a power cut",
        "false answer given before the state was found to be wrong",
        "false state found",
        "founder came back to the founding that it had begun",
        "founder lost power while founding",
        "founders cut off from each other",
        "frame arrived twice",
        "frame lost",
        "frame overtook one of an older connection",
        "frame refused by a full queue",
        "frame stopped by a cut",
        "frame vanished in a half-open connection",
        "frame waited for a narrow link",
        "healed but for some machines",
        "history found linearizable",
        "joint configuration entered",
        "joint configuration left",
        "leader elected among 1 voters",
        "leader elected among 2 voters",
        "leader elected among 3 voters",
        "leader elected among 4 voters",
        "leader elected among 5 voters",
        "leader elected among 6 voters",
        "leader paused",
        "leader removed itself",
        "leader stepped down",
        "learner lagged and was not promoted",
        "learner promoted",
        "link flapped",
        "link narrowed",
        "machine deaf",
        "machine isolated",
        "machine joined by discovery",
        "machine lost power",
        "machine mute",
        "machine's log failed",
        "machine's log failed for want of room",
        "machines clogged one by one",
        "name answer missing a machine",
        "name query failed",
        "network split",
        "network split with a bridge",
        "new cluster recovered",
        "node quarantined",
        "older copy of a disk noticed",
        "one-way cut",
        "past revision read",
        "past revision refused as Compacted",
        "past revision refused as Future",
        "pre-vote refused",
        "process killed",
        "process paused",
        "quarantine survived a restart",
        "quarantined node repaired",
        "read answered at its least revision",
        "recovery met a power cut",
        "removed node ignored",
        "removed node stopped",
        "replacement finished",
        "restore met a power cut",
        "second change refused while pending",
        "setting changed",
        "snapshot carrying a configuration installed",
        "snapshot installed",
        "snapshot of the second generation with members of the first",
        "snapshot taken",
        "spare machine left out by the founding",
        "stale name answered",
        "state made wrong on the disk",
        "torn tail recovered",
        "transfer failed and cleared",
        "transfer refused",
        "transfer succeeded",
        "uncommitted change reverted",
        "unknown write in a history",
        "vote denied",
        "vote given on a full disk",
        "wiped founder refused",
        "wiped node refused",
    ];

    [Fact]
    public void EveryRule_UnderEveryDrawnFault_Holds()
    {
        ConcurrentBag<SimulationResult> results = [];
        ParallelOptions perCore = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.For(1L, (long)Seeds + 1, perCore, seed => results.Add(Simulator.Run((ulong)seed)));

        string failures = string.Join(Environment.NewLine, results.Where(result => result.Failure is not null).OrderBy(result => result.Seed)
            .Select(result => $"FAILED, replay with scripts/simulate.sh --seed {result.Seed}: {result.Failure}"));
        Assert.True(failures.Length == 0, failures);
        foreach (string situation in Sometimes)
        {
            Assert.True(results.Sum(result => result.Sightings.GetValueOrDefault(situation)) > 0, string.Create(CultureInfo.InvariantCulture, $"'{situation}' never occurred in {Seeds} runs"));
        }

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
