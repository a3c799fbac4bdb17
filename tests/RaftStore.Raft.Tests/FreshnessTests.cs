using RaftStore.Raft.Tests.Cluster;
using static RaftStore.Raft.Tests.Cluster.Driver;

namespace RaftStore.Raft.Tests;

/// <summary>The contract's bound on staleness: now − echoed stamp + age of the leader's quorum contact, once that commit is applied.</summary>
public sealed class FreshnessTests
{
    [Fact]
    public void StalenessMs_NeverHeardFromALeader_Unknown()
    {
        var node = new Driver();

        Assert.Equal(-1, node.Raft.StalenessMs(node.NowMs));
    }

    [Fact]
    public void StalenessMs_EchoedStamp_IsItsAgePlusTheQuorumsOnceTheCommitIsApplied()
    {
        Driver node = new Driver().Following(2, 1);
        node.Elapse(1000);
        long stampMs = node.NowMs - 30;
        node.Step(Append(2, 1, 1, EntryId.Zero, 0, Batch(1, 1)));

        node.Step(new Heartbeat(Node(2), Node(1), 1, 0, 1, stampMs, 20, 1));
        Assert.Equal(-1, node.Raft.StalenessMs(node.NowMs));

        node.Sync();
        node.Step(Append(2, 1, 1, new EntryId(1, 1), 1));
        Assert.Equal(50, node.Raft.StalenessMs(node.NowMs));
        Assert.Equal(150, node.Raft.StalenessMs(node.NowMs + 100));
    }

    // A follower that applies slowly must not wait for an index that moves on with every heartbeat.
    [Fact]
    public void StalenessMs_NewerBoundsWhileOneWaits_TheFirstStillCountsWhenItIsApplied()
    {
        var freshness = new Freshness(startMs: 0);
        freshness.Offer(asOfMs: 100, commitIndex: 5, appliedIndex: 0);
        freshness.Offer(asOfMs: 200, commitIndex: 9, appliedIndex: 0);
        freshness.Offer(asOfMs: 300, commitIndex: 12, appliedIndex: 0);

        freshness.Applied(5);
        Assert.Equal(100, freshness.AsOfMs);
        freshness.Applied(11);
        Assert.Equal(100, freshness.AsOfMs);
        freshness.Applied(12);
        Assert.Equal(300, freshness.AsOfMs);
    }

    [Fact]
    public void StalenessMs_OlderBoundAfterANewerOne_ChangesNothing()
    {
        var freshness = new Freshness(startMs: 0);
        freshness.Offer(300, 1, 1);

        freshness.Offer(200, 1, 1);

        Assert.Equal(300, freshness.AsOfMs);
    }

    [Fact]
    public void StalenessMs_StampOfAnEarlierLife_Ignored()
    {
        Driver node = new Driver().Following(2, 1);

        node.Step(new Heartbeat(Node(2), Node(1), 1, 0, 1, 9_999, 0, 0));
        Assert.Equal(-1, node.Raft.StalenessMs(node.NowMs));

        // And one of the future is no stamp of this node.
        node.Step(new Heartbeat(Node(2), Node(1), 1, 0, 1, node.NowMs + 1, 0, 0));
        Assert.Equal(-1, node.Raft.StalenessMs(node.NowMs));
    }

    [Fact]
    public void Leader_BeforeItCommittedInItsTerm_EchoesNoStamp()
    {
        Driver node = new Driver().Elected(noOpCommitted: false);
        node.Elapse(100);
        node.Step(new HeartbeatResponse(Node(2), Node(1), 1, 1, 777, 0));
        node.Forget();

        node.Elapse(100);

        Assert.All(node.Sent.OfType<Heartbeat>(), heartbeat => Assert.Equal(-1, heartbeat.EchoedStampMs));
        Assert.Equal(-1, node.Raft.StalenessMs(node.NowMs));
    }

    // The age counts from when the round began: its answers may have been on their way for long.
    [Fact]
    public void Leader_AnswersToAnOldRound_TheContactIsAsOldAsThatRound()
    {
        Driver node = new Driver().Elected();
        node.Elapse(100);
        long round = node.SentTo<Heartbeat>(2).Last().ReadRound;
        node.Elapse(70);

        node.Step(new HeartbeatResponse(Node(2), Node(1), 1, round, 777, 1));

        Assert.Equal(70, node.Raft.StalenessMs(node.NowMs));
        node.Forget();
        node.Elapse(30);
        Heartbeat heartbeat = Assert.Single(node.SentTo<Heartbeat>(2));
        Assert.Equal((777L, 100L, 1L), (heartbeat.EchoedStampMs, heartbeat.QuorumAgeMs, heartbeat.CommitAtEcho));
        Assert.Equal(-1, Assert.Single(node.SentTo<Heartbeat>(3)).EchoedStampMs);
    }

    // Its followers may have applied, and served, what its own disk still holds back.
    [Fact]
    public void Leader_CommittedButNotYetAppliedHere_NotAsFreshAsItsQuorum()
    {
        Driver node = new Driver().Elected();
        node.Elapse(100);
        node.Step(new HeartbeatResponse(Node(2), Node(1), 1, 1, 777, 1));
        Assert.Equal(0, node.Raft.StalenessMs(node.NowMs));
        node.Propose("a");
        node.Acknowledge(2, 2);
        node.Acknowledge(3, 2);
        Assert.Equal(2, node.Raft.CommitIndex);

        Assert.NotEqual(0, node.Raft.StalenessMs(node.NowMs + 500));
        node.Elapse(100);
        node.Step(new HeartbeatResponse(Node(2), Node(1), 1, 2, 888, 1));
        Assert.InRange(node.Raft.StalenessMs(node.NowMs), -1, 200);
        Assert.NotEqual(0, node.Raft.StalenessMs(node.NowMs));

        node.Sync();
        Assert.Equal(0, node.Raft.StalenessMs(node.NowMs));
    }

    [Fact]
    public void ClusterOfOne_IsNeverStale()
    {
        Driver node = new Driver(size: 1).Elected();

        Assert.Equal(0, node.Raft.StalenessMs(node.NowMs + 12_345));
    }

    [Fact]
    public void Cluster_LosesItsQuorum_StalenessGrowsOnEveryNode()
    {
        var cluster = new InMemoryCluster(3, seed: 77);
        cluster.WaitForLeader();
        cluster.Agree("a", 3);
        cluster.Run(1000);
        Assert.All(cluster.Members, member => Assert.InRange(member.Raft!.StalenessMs(cluster.NowMs), 0, 300));

        foreach (TestMember member in cluster.Members)
        {
            cluster.Disconnect(member);
        }

        cluster.Run(30_000);
        Assert.All(cluster.Members, member => Assert.InRange(member.Raft!.StalenessMs(cluster.NowMs), 30_000, 30_300));
    }
}
