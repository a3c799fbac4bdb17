using RaftStore.Raft.Tests.Cluster;
using static RaftStore.Raft.Tests.Cluster.Driver;

namespace RaftStore.Raft.Tests.Paper;

/// <summary>Thesis §3.4 and §3.9: randomised election timeouts.</summary>
public sealed class ElectionTimingTests
{
    [Fact]
    public void Section3_4_Timeout_IsDrawnFromTheWholeRangeAndNeverOutsideIt()
    {
        var seen = new List<long>();
        for (ulong seed = 1; seed <= 300; seed++)
        {
            seen.Add(TimeToCampaign(new Driver(options: new RaftOptions { Id = Node(1), Seed = seed })));
        }

        Assert.All(seen, ms => Assert.InRange(ms, 1000, 2000));
        Assert.True(seen.Min() < 1050 && seen.Max() > 1950, $"drawn from {seen.Min()} to {seen.Max()} only");
        Assert.InRange(seen.Average(), 1440, 1560);
    }

    [Fact]
    public void Section3_4_Timeout_IsDrawnAnewEachTime()
    {
        var node = new Driver();
        var seen = new List<long>();
        for (uint term = 1; term <= 20; term++)
        {
            node.Step(new Heartbeat(Node(2), Node(1), term, 0, 0, -1, 0, 0));
            node.Sync();
            seen.Add(TimeToCampaign(node));
        }

        Assert.True(seen.Distinct().Count() > 15, string.Join(' ', seen));
    }

    [Fact]
    public void Section3_4_SameSeed_SameTimeouts()
    {
        long first = TimeToCampaign(new Driver(options: new RaftOptions { Id = Node(1), Seed = 42 }));

        Assert.Equal(first, TimeToCampaign(new Driver(options: new RaftOptions { Id = Node(1), Seed = 42 })));
        Assert.NotEqual(first, TimeToCampaign(new Driver(options: new RaftOptions { Id = Node(1), Seed = 43 })));
    }

    // §3.4: split votes are resolved because the next timeouts differ.
    [Fact]
    public void Section3_4_SplitVote_TheNextElectionSucceeds()
    {
        for (ulong seed = 1; seed <= 30; seed++)
        {
            var cluster = new InMemoryCluster(4, seed);
            cluster.Filter = message => message is not VoteRequest { Term: 1 } and not VoteResponse { Term: 1 };
            cluster.WaitForLeader(withinMs: 15_000);
        }
    }

    // The shorter of two timeouts, and a few round trips.
    [Fact]
    public void Section3_9_LeaderCrashes_AnotherIsElectedWithinOneElectionTimeout()
    {
        var times = new List<long>();
        for (ulong seed = 1; seed <= 40; seed++)
        {
            var cluster = new InMemoryCluster(3, seed);
            TestMember leader = cluster.WaitForLeader();
            cluster.Run(1000);
            cluster.Crash(leader);
            long crashedMs = cluster.NowMs;
            cluster.WaitForLeader();
            times.Add(cluster.NowMs - crashedMs);
        }

        times.Sort();
        Assert.InRange(times[0], 850, 2000);
        Assert.InRange(times[20], 900, 1600);
        Assert.InRange(times[^1], 900, 2100);
    }

    [Fact]
    public void Time_GoingBack_ChangesNothing()
    {
        var node = new Driver();
        node.Elapse(900);

        node.Raft.Tick(5);
        node.Raft.Tick(0);
        node.Elapse(1100);

        Assert.Equal(RaftRole.PreCandidate, node.Raft.Role);
    }

    private static long TimeToCampaign(Driver node)
    {
        long sinceMs = node.NowMs;
        while (node.Raft.Role == RaftRole.Follower)
        {
            node.Elapse(1);
        }

        return node.NowMs - sinceMs;
    }
}
