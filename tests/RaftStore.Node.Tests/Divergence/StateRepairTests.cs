using RaftStore.Node.Codec;
using RaftStore.Node.Tests.Harness;

namespace RaftStore.Node.Tests.Divergence;

/// <summary>A quarantine outlives the process, and ends on an operator's word: with the leader's state, whatever happens on the way.</summary>
public sealed class StateRepairTests
{
    [Fact]
    public void QuarantinedNode_Restarted_StaysQuarantinedAndGoesOnReplicating()
    {
        TestCluster cluster = Started(out TestNode wrong);
        DivergenceReport report = wrong.Status.Divergence!;

        wrong.Kill();
        wrong.Start();
        Assert.Equal(report, wrong.Status.Divergence);
        cluster.Run(10_000);

        Assert.Equal(report, wrong.Status.Divergence);
        Assert.Equal(RefusalReason.Diverged, cluster.Await(wrong.Node.ConfirmReadAsync(cluster.NowMs + 5000)));
        Assert.Equal(RefusalReason.Diverged, cluster.Await(cluster.Write(wrong, "b", "1")).Reason);
        cluster.Isolate(cluster.Followers.Single(node => node != wrong));
        Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(cluster.Leader, "c", "1")).Certainty);
        Assert.NotEqual(wrong, cluster.Leader);
    }

    [Fact]
    public void Repair_OnAnOperatorsWord_MakesTheNodeOneLikeAnyOther()
    {
        TestCluster cluster = Started(out TestNode wrong);

        AdminOutcome outcome = Repair(cluster, wrong, wrong);

        Assert.Equal((AdminResult.Done, wrong.Id), (outcome.Result, outcome.Member));
        Assert.True(outcome.Repair.Index > 0);
        AssertRight(cluster, wrong);
        wrong.Kill();
        wrong.Start();
        cluster.Run(5000);
        AssertRight(cluster, wrong);

        // It serves, leads when it must, and is found again when it is wrong again.
        Assert.Equal(AdminResult.Done, cluster.Await(cluster.Leader.Node.TransferLeadershipAsync(wrong.Id, cluster.NowMs + 5000)).Result);
        cluster.RunUntil(() => cluster.LeaderOrNull == wrong, "the repaired node leads");
        Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(wrong, "b", "1")).Certainty);
        Corruption.Quarantine(cluster, wrong);
    }

    [Fact]
    public void Repair_AskedOfAnotherMember_IsDoneByTheOneThatNeedsIt()
    {
        TestCluster cluster = Started(out TestNode wrong);
        TestNode other = cluster.Followers.Single(node => node != wrong);

        AdminOutcome outcome = Repair(cluster, other, wrong);

        Assert.Equal((AdminResult.Done, wrong.Id), (outcome.Result, outcome.Member));
        Assert.True(outcome.Repair.Index > 0);
        AssertRight(cluster, wrong);
    }

    [Fact]
    public void Repair_OfANodeThatIsNotQuarantined_IsRefused()
    {
        TestCluster cluster = Started(out TestNode wrong);
        TestNode right = cluster.Followers.Single(node => node != wrong);

        Assert.Equal(AdminResult.NotQuarantined, Repair(cluster, right, right).Result);
        Assert.Equal(AdminResult.NotQuarantined, Repair(cluster, wrong, cluster.Leader).Result);
        Assert.NotNull(wrong.Status.Divergence);
    }

    [Fact]
    public void Repair_WithoutALeader_IsRefusedAndDoneOnceThereIsOne()
    {
        TestCluster cluster = Started(out TestNode wrong);
        foreach (TestNode right in cluster.Nodes.Where(node => node != wrong))
        {
            right.IsPaused = true;
        }

        cluster.Run(3000);
        Assert.Equal(AdminResult.TimedOut, Repair(cluster, wrong, wrong).Result);
        Assert.Equal(RepairStage.None, wrong.Status.Repair.Stage);

        foreach (TestNode right in cluster.Nodes)
        {
            right.IsPaused = false;
        }

        cluster.RunUntilLeader();
        Assert.Equal(AdminResult.Done, Repair(cluster, wrong, wrong).Result);
        AssertRight(cluster, wrong);
    }

    [Fact]
    public void Repair_WhoseLeaderIsLostForLong_SaysSoAndGoesOnByItself()
    {
        TestCluster cluster = Started(out TestNode wrong);
        List<TestNode> others = [.. cluster.Nodes.Where(node => node != wrong)];
        others.ForEach(node => node.IsPaused = true);

        Assert.Equal(AdminResult.TimedOut, Repair(cluster, wrong, wrong).Result);
        Assert.Equal(RepairStage.Waiting, wrong.Status.Repair.Stage);

        others.ForEach(node => node.IsPaused = false);
        cluster.RunUntil(() => wrong.Status.Divergence is null, "it is repaired");
        AssertRight(cluster, wrong);
    }

    [Fact]
    public void Repair_ThatTakesLong_TellsHowFarItHasComeAndIsOneForAllWhoAsk()
    {
        TestCluster cluster = Started(out TestNode wrong, largeValues: 20);
        TestNode leader = cluster.Leader;
        int chunks = 0;
        cluster.Filter = (_, to, channel, _) => channel != PeerChannel.Snapshot || to != wrong.Id || ++chunks <= 3;

        AdminOutcome first = Repair(cluster, leader, wrong);
        AdminOutcome second = Repair(cluster, wrong, wrong);

        Assert.Equal((AdminResult.Repairing, AdminResult.Repairing), (first.Result, second.Result));
        Assert.Equal(RepairStage.Receiving, second.Repair.Stage);
        Assert.InRange(second.Repair.ReceivedBytes, 1, second.Repair.LengthBytes - 1);
        Assert.NotNull(wrong.Status.Divergence);
        cluster.Filter = null;
        cluster.RunUntil(() => wrong.Status.Divergence is null, "it is repaired");
        AssertRight(cluster, wrong);
    }

    [Fact]
    public void Repair_WhileWritesGoOn_KeepsThemBackAndLosesNone()
    {
        TestCluster cluster = Started(out TestNode wrong, largeValues: 20);
        TestNode leader = cluster.Leader;
        TestNode other = cluster.Followers.Single(node => node != wrong);
        int chunks = 0;
        cluster.Filter = (_, to, channel, _) => channel != PeerChannel.Snapshot || to != wrong.Id || ++chunks <= 3;
        ValueTask<AdminOutcome> repair = wrong.Node.RepairAsync(wrong.Id, trusts: false, cluster.NowMs + 60_000);
        cluster.RunUntil(() => chunks > 3, "some chunks came");

        // With the other follower gone each of these is acknowledged by the node that is being repaired.
        cluster.Isolate(other);
        for (int i = 0; i < 300; i++)
        {
            Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(leader, $"during{i}", "y")).Certainty);
        }

        Assert.True(wrong.Status.AppliedIndex < wrong.Status.CommitIndex);
        cluster.Filter = null;
        Assert.Equal(AdminResult.Done, cluster.Await(repair).Result);
        Assert.True(wrong.Status.Repair.Index < wrong.Status.CommitIndex);
        cluster.Run(1000);
        Assert.Equal("y", TestCluster.Get(wrong, "during299"));
        cluster.Heal();
        AssertRight(cluster, wrong);
    }

    [Fact]
    public void Repair_WithMoreKeptBackThanIsHeld_TakesNoMoreAndRecovers()
    {
        TestCluster cluster = Started(out TestNode wrong);
        cluster.Filter = (_, to, channel, _) => channel != PeerChannel.Snapshot || to != wrong.Id;
        ValueTask<AdminOutcome> repair = wrong.Node.RepairAsync(wrong.Id, trusts: false, cluster.NowMs + 600_000);
        cluster.Run(100);
        string value = new('v', 200_000);
        for (int i = 0; i < 400; i++)
        {
            Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(cluster.Leader, $"large{i % 3}", value)).Certainty);
        }

        Assert.InRange(wrong.Node.Core.UnappliedBytes, 60L << 20, 68L << 20);
        cluster.Filter = null;
        Assert.Equal(AdminResult.Done, cluster.Await(repair).Result);
        AssertRight(cluster, wrong);
    }

    [Fact]
    public void Repair_WhoseLeaderDiesMidway_TakesTheNextLeadersState()
    {
        TestCluster cluster = Started(out TestNode wrong, nodes: 5, largeValues: 20);
        TestNode leader = cluster.Leader;
        int chunks = 0;
        cluster.Filter = (from, to, channel, _) => channel != PeerChannel.Snapshot || to != wrong.Id || from != leader.Id || ++chunks <= 3;
        ValueTask<AdminOutcome> repair = wrong.Node.RepairAsync(wrong.Id, trusts: false, cluster.NowMs + 120_000);
        cluster.RunUntil(() => chunks > 3, "some chunks came");

        leader.Kill();
        cluster.RunUntil(() => cluster.LeaderOrNull is { } next && next != leader, "another leads");
        Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(cluster.Leader, "next", "1")).Certainty);

        Assert.Equal(AdminResult.Done, cluster.Await(repair).Result);
        leader.Start();
        AssertRight(cluster, wrong);
        Assert.Equal("1", TestCluster.Get(wrong, "next"));
    }

    [Fact]
    public void Repair_WhoseLeaderSendsNothing_AppliesWhatWasKeptBackAndAsksAnew()
    {
        TestCluster cluster = Started(out TestNode wrong);
        TestNode leader = cluster.Leader;
        leader.IsWorkerStalled = true;
        ValueTask<AdminOutcome> repair = wrong.Node.RepairAsync(wrong.Id, trusts: false, cluster.NowMs + 120_000);
        cluster.Run(1000);
        cluster.Await(cluster.Write(leader, "meanwhile", "1"));
        long keptBackAt = wrong.Status.AppliedIndex;
        cluster.RunUntil(() => wrong.Status.AppliedIndex > keptBackAt, "it begins again", limitMs: 40_000);

        leader.IsWorkerStalled = false;
        Assert.Equal(AdminResult.Done, cluster.Await(repair).Result);
        AssertRight(cluster, wrong);
    }

    [Fact]
    public void Repair_OfAStateThatWentIntoASnapshot_OutlivesARestart()
    {
        // The wrong state is not found out before a snapshot of it is taken: without a repair every start would make it again.
        TestCluster cluster = new(3, options => Small(options, snapshotLogBytes: 100_000), segmentBytes: 256 << 10);
        TestNode wrong = Follower(cluster);
        cluster.Filter = (_, _, _, frame) => frame[12] != (byte)FrameKind.StateHash;
        Corruption.Corrupt(cluster, wrong);
        long before = wrong.Status.SnapshotIndex;
        for (int i = 0; wrong.Status.SnapshotIndex == before; i++)
        {
            cluster.Await(cluster.Write(cluster.Leader, $"k{i}", new string('v', 5000)));
        }

        cluster.Filter = null;
        cluster.RunUntil(() => wrong.Status.Divergence is not null && Corruption.IsMarked(wrong), "it is found out", limitMs: 10_000);
        AdminOutcome outcome = Repair(cluster, wrong, wrong);

        Assert.Equal((AdminResult.Done, wrong.Status.SnapshotIndex), (outcome.Result, outcome.Repair.Index));
        AssertRight(cluster, wrong);
        wrong.Kill();
        wrong.Start();
        AssertRight(cluster, wrong);
    }

    [Fact]
    public void QuarantinedNode_WhoseLogGrows_TakesTheLeadersSnapshotAndStaysQuarantined()
    {
        TestCluster cluster = Started(out TestNode wrong, snapshotLogBytes: 100_000);
        long before = wrong.Node.Counters.SnapshotsTaken;
        for (int i = 0; i < 100; i++)
        {
            cluster.Await(cluster.Write(cluster.Leader, $"k{i}", new string('v', 5000)));
        }

        cluster.RunUntil(() => wrong.Node.Counters.SnapshotsInstalled > 0, "it takes the leader's snapshot");
        Assert.Equal(before, wrong.Node.Counters.SnapshotsTaken);
        Assert.NotNull(wrong.Status.Divergence);
        Assert.True(Corruption.IsMarked(wrong));
        Assert.Equal(AdminResult.Done, Repair(cluster, wrong, wrong).Result);
        AssertRight(cluster, wrong);
    }

    [Fact]
    public void TwoThatDiffer_OneTrusted_LeadsAndTheOtherIsRepairedFromIt()
    {
        TestCluster cluster = new(2);
        TestNode wrong = cluster.RunUntilLeader();
        TestNode right = cluster.Followers.Single();
        cluster.Await(cluster.Write(wrong, "a", "1"));
        Corruption.Corrupt(cluster, wrong);
        cluster.RunUntil(() => cluster.Nodes.TrueForAll(node => node.Status.Divergence is not null && Corruption.IsMarked(node)), "both stop", limitMs: 10_000);
        Assert.Equal(AdminResult.TimedOut, Repair(cluster, wrong, wrong).Result);
        foreach (TestNode node in cluster.Nodes)
        {
            node.Kill();
            node.Start();
        }

        cluster.Run(10_000);
        Assert.Null(cluster.LeaderOrNull);

        Assert.Equal(AdminResult.Done, Repair(cluster, right, right, trusts: true).Result);
        Assert.False(Corruption.IsMarked(right));
        cluster.RunUntil(() => cluster.LeaderOrNull == right, "the trusted node leads");
        Assert.Equal(AdminResult.Done, Repair(cluster, right, wrong).Result);
        Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(right, "b", "1")).Certainty);
        AssertRight(cluster, wrong);
    }

    [Fact]
    public void Trust_AgainstAMajority_IsRefused()
    {
        TestCluster cluster = Started(out TestNode wrong);

        Assert.Equal(AdminResult.MajorityDiffers, Repair(cluster, wrong, wrong, trusts: true).Result);
        Assert.NotNull(wrong.Status.Divergence);
        Assert.True(Corruption.IsMarked(wrong));
    }

    [Fact]
    public void Repair_CrashedAtAnyStep_LeavesTheMarkOrTheRightState()
    {
        int marked = 0;
        int repaired = 0;
        for (int steps = 0; repaired < 3; steps++)
        {
            Assert.True(steps < 500, "the repair never ends");
            TestCluster cluster = Started(out TestNode wrong, largeValues: 2);
            _ = wrong.Node.RepairAsync(wrong.Id, trusts: false, cluster.NowMs + 60_000).AsTask();
            for (int i = 0; i < steps; i++)
            {
                // Nobody needs time to pass but for its ticks.
                _ = cluster.Nodes[i % 3].Step() | cluster.DeliverOne();
                cluster.Elapse(i % 3 == 0 ? 10 : 0);
            }

            wrong.Kill();
            wrong.Start();
            cluster.Run(3000);
            if (wrong.Status.Divergence is null)
            {
                repaired++;
            }
            else
            {
                marked++;
                Assert.True(Corruption.IsMarked(wrong));
                Assert.Equal(AdminResult.Done, Repair(cluster, wrong, wrong).Result);
            }

            AssertRight(cluster, wrong);
        }

        Assert.True(marked > 10, $"{marked} crashes before the end are too few to have met every step");
    }

    private static NodeOptions Small(NodeOptions options, long snapshotLogBytes) => new()
    {
        Cluster = options.Cluster,
        Raft = options.Raft,
        LogReserveBytes = options.LogReserveBytes,
        SnapshotLogBytes = snapshotLogBytes,
        SnapshotChunkBytes = 16 << 10,
    };

    private static TestNode Follower(TestCluster cluster)
    {
        TestNode leader = cluster.RunUntilLeader();
        return cluster.Nodes.First(node => node != leader);
    }

    /// <summary>A cluster with some data in it, one of whose followers is quarantined.</summary>
    private static TestCluster Started(out TestNode wrong, int nodes = 3, int largeValues = 0, long snapshotLogBytes = 256 << 20)
    {
        TestCluster cluster = new(nodes, options => Small(options, snapshotLogBytes));
        wrong = Follower(cluster);
        cluster.Await(cluster.Write(cluster.Leader, "a", "1"));
        for (int i = 0; i < largeValues; i++)
        {
            cluster.Await(cluster.Write(cluster.Leader, $"large{i}", new string((char)('a' + i), 20_000)));
        }

        Corruption.Quarantine(cluster, wrong);
        return cluster;
    }

    private static AdminOutcome Repair(TestCluster cluster, TestNode asked, TestNode wrong, bool trusts = false)
        => cluster.Await(asked.Node.RepairAsync(wrong.Id, trusts, cluster.NowMs + 5000));

    /// <summary>Its state is what the others' is, as data and as a hash, nothing says that it is wrong, and it serves.</summary>
    private static void AssertRight(TestCluster cluster, TestNode wrong)
    {
        cluster.RunUntilLeader();
        cluster.Await(cluster.Write(cluster.Leader, "after", "2"));
        cluster.Run(3000);
        Assert.All(cluster.Nodes, node => Assert.Null(node.Status.Divergence));
        Assert.All(cluster.Nodes, node => Assert.Equal(
            (cluster.Leader.Node.View.AppliedIndex, cluster.Leader.Node.View.Hash), (node.Node.View.AppliedIndex, node.Node.View.Hash)));
        Assert.Equal(("1", "x", "2"), (TestCluster.Get(wrong, "a") ?? "1", TestCluster.Get(wrong, "corrupted"), TestCluster.Get(wrong, "after")));
        Assert.False(Corruption.IsMarked(wrong));
        Assert.Equal(RefusalReason.None, cluster.Await(wrong.Node.ConfirmReadAsync(cluster.NowMs + 5000)));
    }
}
