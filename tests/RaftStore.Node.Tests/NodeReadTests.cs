using RaftStore.Node.Tests.Harness;
using RaftStore.Raft;

namespace RaftStore.Node.Tests;

public sealed class NodeReadTests
{
    private const int TimeoutMs = 5000;

    [Fact]
    public void ConfirmRead_OnEveryNodeAfterAWrite_SeesIt()
    {
        TestCluster cluster = new(3);
        cluster.RunUntilLeader();
        for (int i = 0; i < 5; i++)
        {
            cluster.Await(cluster.Write(cluster.Nodes[i % 3], "a", $"{i}"));
            foreach (TestNode node in cluster.Nodes)
            {
                Assert.Equal(RefusalReason.None, cluster.Await(Confirm(cluster, node)));
                Assert.Equal($"{i}", TestCluster.Get(node, "a"));
            }
        }
    }

    [Fact]
    public void ConfirmRead_OnAFollowerThatAppliesLate_WaitsForTheIndex()
    {
        TestCluster cluster = new(3);
        cluster.RunUntilLeader();
        TestNode follower = cluster.Followers[0];
        follower.IsDiskStalled = true;
        cluster.Await(cluster.Write(cluster.Leader, "a", "1"));

        ValueTask<RefusalReason> read = Confirm(cluster, follower);
        cluster.Run(300);
        Assert.False(read.IsCompleted);
        Assert.Null(TestCluster.Get(follower, "a"));

        follower.IsDiskStalled = false;
        Assert.Equal(RefusalReason.None, cluster.Await(read));
        Assert.Equal("1", TestCluster.Get(follower, "a"));
    }

    [Fact]
    public void ConfirmRead_ManyWaiting_ShareOneConfirmation()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        long before = leader.Node.Counters.ReadRounds;

        List<ValueTask<RefusalReason>> reads = [.. Enumerable.Range(0, 500).Select(_ => Confirm(cluster, leader))];
        cluster.Settle();

        Assert.All(reads, read => Assert.Equal(RefusalReason.None, TestCluster.Result(read)));
        Assert.Equal(before + 1, leader.Node.Counters.ReadRounds);
        Assert.Equal(500, leader.Node.Counters.ConfirmedReads);
    }

    [Fact]
    public void ConfirmRead_ThatComesWhileOneIsUnderWay_IsNotAnsweredByIt()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        bool holdsBack = true;
        List<(NodeId From, byte[] Frame)> held = [];
        cluster.Filter = (from, to, _, frame) =>
        {
            if (!holdsBack || to != leader.Id || frame[12] != 8)
            {
                return true;
            }

            held.Add((from, frame));
            return false;
        };
        ValueTask<RefusalReason> first = Confirm(cluster, leader);
        cluster.Settle();
        ValueTask<RefusalReason> second = Confirm(cluster, leader);
        cluster.Settle();

        // The answers to the first round were given before the second read came.
        held.ForEach(item => cluster.Replay(item.From, leader.Id, PeerChannel.Control, item.Frame));
        held.Clear();
        cluster.Settle();
        Assert.Equal(RefusalReason.None, TestCluster.Result(first));
        Assert.False(second.IsCompleted);

        holdsBack = false;
        Assert.Equal(RefusalReason.None, cluster.Await(second));
    }

    [Fact]
    public void WaitForRevision_OnAFollowerThatAppliesLate_IsToldWhenItHasIt()
    {
        TestCluster cluster = new(3);
        cluster.RunUntilLeader();
        TestNode follower = cluster.Followers[0];
        follower.IsDiskStalled = true;
        ValueTask<RefusalReason>[] waits = [.. new long[] { 3, 1, 2, 4 }.Select(revision => follower.Node.WaitForRevisionAsync(revision, cluster.NowMs + 20_000))];
        for (int i = 0; i < 3; i++)
        {
            cluster.Await(cluster.Write(cluster.Leader, "a", $"{i}"));
        }

        cluster.Run(300);
        Assert.All(waits, wait => Assert.False(wait.IsCompleted));

        follower.IsDiskStalled = false;
        foreach (ValueTask<RefusalReason> wait in waits[..3])
        {
            Assert.Equal(RefusalReason.None, cluster.Await(wait));
        }

        Assert.False(waits[3].IsCompleted);
        Assert.Equal(RefusalReason.TimedOut, cluster.Await(waits[3]));
        Assert.Equal(RefusalReason.None, TestCluster.Result(follower.Node.WaitForRevisionAsync(3, cluster.NowMs)));
        Assert.Equal(0, follower.Node.Counters.Waiters);
    }

    [Fact]
    public void WaitForRevision_OnANodeThatStops_IsRefused()
    {
        TestCluster cluster = new(1);
        TestNode node = cluster.RunUntilLeader();
        ValueTask<RefusalReason> wait = node.Node.WaitForRevisionAsync(9, cluster.NowMs + 20_000);
        cluster.Run(20);

        node.Node.AbandonWaiters();

        Assert.Equal(RefusalReason.ShuttingDown, TestCluster.Result(wait));
    }

    [Fact]
    public void ConfirmRead_OnALeaderWithoutAQuorum_IsRefusedAtItsDeadline()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        cluster.Isolate(leader);

        long begun = cluster.NowMs;
        Assert.Equal(RefusalReason.TimedOut, cluster.Await(leader.Node.ConfirmReadAsync(cluster.NowMs + 400)));
        Assert.InRange(cluster.NowMs - begun, 400, 440);

        cluster.Run(3000);
        Assert.Equal(RefusalReason.NoLeader, cluster.Await(leader.Node.ConfirmReadAsync(cluster.NowMs + 400)));
        Assert.Equal(0, leader.Node.Counters.Waiters);
    }

    [Fact]
    public void ConfirmRead_OnAnIsolatedOldLeader_NeverSeesLessThanTheNewOneAnswered()
    {
        TestCluster cluster = new(3);
        TestNode old = cluster.RunUntilLeader();
        cluster.Await(cluster.Write(old, "a", "old"));
        cluster.Isolate(old);
        ValueTask<RefusalReason> early = old.Node.ConfirmReadAsync(cluster.NowMs + 20_000);
        cluster.RunUntil(() => cluster.LeaderOrNull is TestNode next && next != old, "another leader");
        cluster.Await(cluster.Write(cluster.Leader, "a", "new"));
        Assert.False(early.IsCompleted);
        ValueTask<RefusalReason> late = old.Node.ConfirmReadAsync(cluster.NowMs + 20_000);

        cluster.Heal();

        Assert.Equal(RefusalReason.None, cluster.Await(late));
        Assert.Equal("new", TestCluster.Get(old, "a"));
        Assert.Equal(RefusalReason.None, cluster.Await(early));
    }

    [Fact]
    public void ConfirmRead_WhoseQuestionIsLost_IsAskedAgainUnderAnotherId()
    {
        TestCluster cluster = new(3);
        cluster.RunUntilLeader();
        TestNode follower = cluster.Followers[0];
        HashSet<string> ids = [];
        cluster.Filter = (_, _, _, frame) =>
        {
            if (frame[12] != 9)
            {
                return true;
            }

            Assert.True(ids.Add(Convert.ToHexString(frame.AsSpan(40, 8))), "an id was used twice");
            return ids.Count > 2;
        };

        Assert.Equal(RefusalReason.None, cluster.Await(Confirm(cluster, follower)));
        Assert.Equal(3, ids.Count);
    }

    [Fact]
    public void ConfirmRead_BeforeThereIsALeader_WaitsForOne()
    {
        TestCluster cluster = new(3);

        Assert.Equal(RefusalReason.None, cluster.Await(Confirm(cluster, cluster[2])));
    }

    [Fact]
    public void ConfirmRead_AfterARestart_UsesOtherIdsThanBefore()
    {
        TestCluster cluster = new(3);
        cluster.RunUntilLeader();
        TestNode follower = cluster.Followers[0];
        HashSet<string> ids = [];
        cluster.Filter = (_, _, _, frame) => frame[12] != 9 || ids.Add(Convert.ToHexString(frame.AsSpan(40, 8)));
        for (int start = 0; start < 5; start++)
        {
            Assert.Equal(RefusalReason.None, cluster.Await(Confirm(cluster, follower)));
            follower.Kill();
            follower.Start();
            cluster.Run(300);
        }

        Assert.Equal(5, ids.Count);
    }

    [Fact]
    public void DescribeCluster_OnAFollower_TellsWhatTheLeaderKnows()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        cluster.Await(cluster.Write(leader, "a", "1"));
        cluster.Run(300);

        ClusterView view = cluster.Await(cluster.Followers[0].Node.DescribeClusterAsync(cluster.NowMs + TimeoutMs));

        Assert.Equal((true, leader.Id, leader.Status.Term, leader.Status.CommitIndex), (view.FromLeader, view.Leader, view.Term, view.CommitIndex));
        Assert.Equal(["n1", "n2", "n3"], view.Members.Select(member => member.Member.Name));
        Assert.All(view.Members, member => Assert.Equal((leader.Status.CommitIndex, leader.Status.CommitIndex), (member.MatchIndex, member.AppliedIndex)));
        Assert.All(view.Members, member => Assert.InRange(member.LastContactMs, 0, 150));
    }

    [Fact]
    public void DescribeCluster_WithoutALeader_TellsWhatTheNodeKnows()
    {
        TestCluster cluster = new(3);

        ClusterView view = cluster.Await(cluster[2].Node.DescribeClusterAsync(cluster.NowMs + TimeoutMs));

        Assert.Equal((false, NodeId.None, 3), (view.FromLeader, view.Leader, view.Members.Count));
        Assert.Equal(-1, view.Members[0].MatchIndex);
        Assert.Equal(0, view.Members[1].AppliedIndex);
    }

    [Fact]
    public void DescribeCluster_LeaderSilent_TellsWhatTheNodeKnowsInGoodTime()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        leader.IsPaused = true;
        long begun = cluster.NowMs;

        ClusterView view = cluster.Await(cluster.Followers[0].Node.DescribeClusterAsync(cluster.NowMs + TimeoutMs));

        Assert.False(view.FromLeader);
        Assert.InRange(cluster.NowMs - begun, 0, 600);
    }

    [Fact]
    public void Status_OfALeader_NamesItOnlyOnceItsFirstEntryIsApplied()
    {
        TestCluster cluster = new(3);
        bool sawUnestablished = false;
        cluster.Filter = (_, _, _, _) =>
        {
            foreach (TestNode node in cluster.Nodes.Where(node => node.Status.Role == RaftRole.Leader))
            {
                sawUnestablished |= node.Status.Leader.IsNone;
                Assert.True(node.Status.Leader.IsNone || node.Status.AppliedIndex > 0);
            }

            return true;
        };

        cluster.RunUntilLeader();
        Assert.True(sawUnestablished);
    }

    [Fact]
    public void Status_OfAFollower_BoundsItsStaleness()
    {
        TestCluster cluster = new(3);
        cluster.RunUntilLeader();
        cluster.Run(1000);
        TestNode follower = cluster.Followers[0];
        Assert.InRange(cluster.NowMs - follower.Status.FreshAsOfMs, 0, 400);

        cluster.Isolate(follower);
        cluster.Run(2000);
        Assert.InRange(cluster.NowMs - follower.Status.FreshAsOfMs, 2000, 2400);
    }

    private static ValueTask<RefusalReason> Confirm(TestCluster cluster, TestNode node) => node.Node.ConfirmReadAsync(cluster.NowMs + TimeoutMs);
}
