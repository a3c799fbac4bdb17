using RaftStore.Node.Tests.Harness;
using RaftStore.Raft;

namespace RaftStore.Node.Tests.Divergence;

/// <summary>Members compare their states; one that is wrong serves nobody and does not lead.</summary>
public sealed class DivergenceTests
{
    [Fact]
    public void StatesThatAgree_IdleOrWorking_QuarantineNobody()
    {
        TestCluster cluster = new(3);
        cluster.RunUntilLeader();
        for (int i = 0; i < 1100; i++)
        {
            _ = cluster.Write(cluster.Leader, $"k{i}", "v").AsTask();
        }

        cluster.Run(5000);
        Assert.All(cluster.Nodes, node => Assert.Null(node.Status.Divergence));
        Assert.All(cluster.Nodes, node => Assert.Equal(1000, node.Node.RecordedHashes[^1].Index));
    }

    [Fact]
    public void FollowerThatDiffers_InAnIdleCluster_IsQuarantinedAndServesNobody()
    {
        TestCluster cluster = new(3);
        TestNode wrong = cluster.RunUntilLeader() == cluster[1] ? cluster[2] : cluster[1];
        cluster.Await(cluster.Write(cluster.Leader, "a", "1"));
        Corruption.Corrupt(cluster, wrong);

        cluster.RunUntil(() => wrong.Status.Divergence is not null, "the wrong node is quarantined", limitMs: 10_000);
        cluster.Run(5000);

        Assert.All(cluster.Nodes.Where(node => node != wrong), node => Assert.Null(node.Status.Divergence));
        DivergenceReport report = wrong.Status.Divergence!;
        Assert.True(report.HasMajority);
        Assert.NotEqual(report.OwnHash, report.OtherHash);
        Assert.Equal(RefusalReason.Diverged, cluster.Await(wrong.Node.ConfirmReadAsync(cluster.NowMs + 5000)));
        WriteOutcome refused = cluster.Await(cluster.Write(wrong, "b", "1"));
        Assert.Equal((WriteCertainty.NotApplied, RefusalReason.Diverged), (refused.Certainty, refused.Reason));
        Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(cluster.Leader, "b", "1")).Certainty);
    }

    [Fact]
    public void QuarantinedNode_WithAReadThatWaitsForARevision_RefusesItWhenTheRevisionComes()
    {
        TestCluster cluster = new(3);
        TestNode wrong = cluster.RunUntilLeader() == cluster[1] ? cluster[2] : cluster[1];
        cluster.Await(cluster.Write(cluster.Leader, "a", "1"));
        ValueTask<RefusalReason> waiting = wrong.Node.WaitForRevisionAsync(4, cluster.NowMs + 60_000);
        Corruption.Corrupt(cluster, wrong);
        cluster.RunUntil(() => wrong.Status.Divergence is not null, "the wrong node is quarantined", limitMs: 10_000);

        cluster.Await(cluster.Write(cluster.Leader, "b", "1"));
        Assert.Equal(RefusalReason.Diverged, cluster.Await(waiting));
        Assert.Equal(RefusalReason.Diverged, cluster.Await(wrong.Node.WaitForRevisionAsync(1, cluster.NowMs + 5000)));
        Assert.Null(cluster.Await(wrong.Node.CaptureAsync()));
    }

    [Fact]
    public void LeaderThatDiffers_StepsDownAndAnotherLeads()
    {
        TestCluster cluster = new(3);
        TestNode wrong = cluster.RunUntilLeader();
        cluster.Await(cluster.Write(wrong, "a", "1"));
        Corruption.Corrupt(cluster, wrong);

        cluster.RunUntil(() => wrong.Status.Divergence is not null, "the wrong node is quarantined", limitMs: 10_000);
        Assert.NotEqual(RaftRole.Leader, wrong.Status.Role);
        cluster.RunUntil(() => cluster.LeaderOrNull is { } leader && leader != wrong, "another leads");
        cluster.Run(20_000);

        Assert.NotEqual(wrong, cluster.Leader);
        Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(cluster.Leader, "b", "1")).Certainty);

        // It still votes and replicates: with it alone the new leader has a majority.
        cluster.Isolate(cluster.Followers.Single(node => node != wrong));
        Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(cluster.Leader, "c", "1")).Certainty);
    }

    [Fact]
    public void TwoThatDiffer_WithoutAMajority_BothStop()
    {
        TestCluster cluster = new(2);
        TestNode wrong = cluster.RunUntilLeader();
        cluster.Await(cluster.Write(wrong, "a", "1"));
        Corruption.Corrupt(cluster, wrong);

        cluster.RunUntil(() => cluster.Nodes.TrueForAll(node => node.Status.Divergence is { HasMajority: false }), "both stop", limitMs: 10_000);
    }
}
