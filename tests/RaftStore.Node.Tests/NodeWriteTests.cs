using RaftStore.Kv;
using RaftStore.Node.Tests.Harness;
using RaftStore.Raft;

namespace RaftStore.Node.Tests;

public sealed class NodeWriteTests
{
    [Fact]
    public void Write_ClusterOfOne_IsAppliedOnlyAfterTheSync()
    {
        TestCluster cluster = new(1);
        TestNode node = cluster.RunUntilLeader();
        node.IsDiskStalled = true;

        ValueTask<WriteOutcome> write = cluster.Write(node, "a", "1");
        cluster.Run(200);
        Assert.False(write.IsCompleted);
        Assert.Null(TestCluster.Get(node, "a"));

        node.IsDiskStalled = false;
        WriteOutcome outcome = cluster.Await(write);
        Assert.Equal((WriteCertainty.Applied, RefusalReason.None, KvStatus.Done, 1L), (outcome.Certainty, outcome.Reason, outcome.Result.Status, outcome.Result.Revision));
        Assert.Equal("1", TestCluster.Get(node, "a"));
    }

    [Fact]
    public void Write_OnTheLeader_IsAppliedOnEveryNode()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();

        WriteOutcome outcome = cluster.Await(cluster.Write(leader, "a", "1"));
        cluster.Run(200);

        Assert.Equal(WriteCertainty.Applied, outcome.Certainty);
        Assert.All(cluster.Nodes, node => Assert.Equal("1", TestCluster.Get(node, "a")));
        Assert.Single(cluster.Nodes.Select(node => node.Node.View.Hash).Distinct());
    }

    [Fact]
    public void Write_OnTheLeader_CompletesWhileItsOwnDiskIsStalled()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        leader.IsDiskStalled = true;

        ValueTask<WriteOutcome> write = cluster.Write(leader, "a", "1");
        cluster.Run(200);

        // A majority holds it, but the leader applies nothing that is not durable on its own disk.
        Assert.Equal(2, cluster.Followers.Count(node => node.Status.DurableIndex > leader.Status.DurableIndex));
        Assert.False(write.IsCompleted);
        leader.IsDiskStalled = false;
        Assert.Equal(WriteCertainty.Applied, cluster.Await(write).Certainty);
    }

    [Fact]
    public void Write_ThroughAFollower_IsAppliedAndAnswered()
    {
        TestCluster cluster = new(3);
        cluster.RunUntilLeader();
        TestNode follower = cluster.Followers[0];

        WriteOutcome outcome = cluster.Await(cluster.Write(follower, "a", "1"));

        Assert.Equal((WriteCertainty.Applied, 1L), (outcome.Certainty, outcome.Result.Revision));
        Assert.Equal(1, follower.Node.Counters.ForwardedWrites);
        Assert.Equal(1, cluster.Leader.Node.Counters.ForwardedWritesServed);
    }

    [Fact]
    public void Write_ManyThroughAFollowerInOnePass_TravelInOneFrameAndOneAnswer()
    {
        TestCluster cluster = new(3);
        cluster.RunUntilLeader();
        TestNode follower = cluster.Followers[0];
        int requests = 0;
        int responses = 0;
        cluster.Filter = (from, _, _, frame) =>
        {
            requests += frame[12] == 32 ? 1 : 0;
            responses += frame[12] == 33 ? 1 : 0;
            return true;
        };

        List<ValueTask<WriteOutcome>> writes = [.. Enumerable.Range(0, 100).Select(i => cluster.Write(follower, $"k{i}", "v"))];
        cluster.Settle();

        Assert.All(writes, write => Assert.Equal(WriteCertainty.Applied, TestCluster.Result(write).Certainty));
        Assert.Equal((1, 1), (requests, responses));
    }

    [Fact]
    public void Write_LargerThanAForwardFrame_TravelsAloneBothWays()
    {
        TestCluster cluster = new(3, segmentBytes: 8 << 20);
        cluster.RunUntilLeader();
        TestNode follower = cluster.Followers[0];
        string large = new('x', 1 << 20);

        Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(follower, "a", large)).Certainty);
        ValueTask<WriteOutcome> second = follower.Node.WriteAsync(KvCommand.Put("a"u8, "2"u8, default, wantsPrevious: true), cluster.NowMs + 5000);
        Assert.Equal(large.Length, cluster.Await(second).Result.Previous!.Value.Value.Length);
    }

    [Fact]
    public void Write_WithoutALeader_WaitsForOne()
    {
        TestCluster cluster = new(3);

        ValueTask<WriteOutcome> write = cluster.Write(cluster[1], "a", "1");
        cluster.Settle();
        Assert.False(write.IsCompleted);

        Assert.Equal(WriteCertainty.Applied, cluster.Await(write).Certainty);
    }

    [Fact]
    public void Write_WithoutALeaderUntilTheDeadline_IsNotApplied()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        foreach (TestNode other in cluster.Followers)
        {
            other.Kill();
        }

        cluster.Run(3000);
        long begun = cluster.NowMs;
        WriteOutcome outcome = cluster.Await(cluster.Write(leader, "a", "1", timeoutMs: 700));

        Assert.Equal((WriteCertainty.NotApplied, RefusalReason.NoLeader), (outcome.Certainty, outcome.Reason));
        Assert.InRange(cluster.NowMs - begun, 700, 740);
    }

    [Fact]
    public void Write_WhoseDeadlineHasPassed_IsNotApplied()
    {
        TestCluster cluster = new(1);
        TestNode node = cluster.RunUntilLeader();

        WriteOutcome outcome = cluster.Await(cluster.Write(node, "a", "1", timeoutMs: 0));

        Assert.Equal((WriteCertainty.NotApplied, RefusalReason.TimedOut), (outcome.Certainty, outcome.Reason));
        cluster.Run(100);
        Assert.Null(TestCluster.Get(node, "a"));
    }

    [Fact]
    public void Write_AppendedByALeaderWithoutAQuorum_IsUnknownAtItsDeadline()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        cluster.Isolate(leader);

        WriteOutcome outcome = cluster.Await(cluster.Write(leader, "a", "1", timeoutMs: 500));

        Assert.Equal((WriteCertainty.Unknown, RefusalReason.TimedOut), (outcome.Certainty, outcome.Reason));
        Assert.Equal(0, leader.Node.Counters.Waiters);
    }

    [Fact]
    public void Write_WhoseEntryIsReplaced_IsNotAppliedForCertainAndTriedAgain()
    {
        TestCluster cluster = new(3);
        TestNode old = cluster.RunUntilLeader();
        cluster.Isolate(old);
        ValueTask<WriteOutcome> write = cluster.Write(old, "a", "lost and found", timeoutMs: 30_000);
        cluster.Settle();
        Assert.Equal(1, old.Node.Counters.Proposals);

        cluster.RunUntil(() => cluster.LeaderOrNull is TestNode next && next != old, "another leader");
        Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(cluster.Leader, "b", "2")).Certainty);
        Assert.False(write.IsCompleted);
        cluster.Heal();

        // Its entry is replaced by one of the new term, so it goes to the new leader, and is applied once.
        WriteOutcome outcome = cluster.Await(write);
        cluster.Run(300);
        Assert.Equal(WriteCertainty.Applied, outcome.Certainty);
        Assert.Equal(1, outcome.Result.Version);
        Assert.All(cluster.Nodes, node => Assert.Equal("lost and found", TestCluster.Get(node, "a")));
    }

    [Fact]
    public void Write_ForwardedToALeaderWhoseEntryIsReplaced_IsTriedAgainThroughTheNextLeader()
    {
        TestCluster cluster = new(5);
        TestNode old = cluster.RunUntilLeader();
        TestNode origin = cluster.Followers[0];
        TestNode[] majority = [.. cluster.Nodes.Where(node => node != old && node != origin)];

        // The old leader and the origin are cut off together, then healed together.
        cluster.Filter = (from, to, _, _) => (from == old.Id || from == origin.Id) == (to == old.Id || to == origin.Id);
        ValueTask<WriteOutcome> write = cluster.Write(origin, "a", "1", timeoutMs: 60_000);
        cluster.Settle();
        Assert.Equal(1, old.Node.Counters.ForwardedWritesServed);
        cluster.RunUntil(() => majority.Any(node => node.Status.Role == RaftRole.Leader && node.Status.Leader == node.Id), "a leader of the majority");
        cluster.Await(cluster.Write(majority.Single(node => node.Status.Role == RaftRole.Leader), "b", "2"));
        cluster.Filter = null;

        WriteOutcome outcome = cluster.Await(write);

        Assert.Equal((WriteCertainty.Applied, 1L), (outcome.Certainty, outcome.Result.Version));
    }

    [Fact]
    public void Write_OfALeaderThatStepsDown_IsStillAnsweredWhenItsEntryCommits()
    {
        TestCluster cluster = new(3);
        TestNode old = cluster.RunUntilLeader();

        // Its entry reaches everybody, but no acknowledgement comes back: it steps down with the entry in every log.
        cluster.Filter = (_, to, channel, frame) => to != old.Id || channel != PeerChannel.Control;
        ValueTask<WriteOutcome> write = cluster.Write(old, "a", "1", timeoutMs: 60_000);
        cluster.RunUntil(() => old.Status.Role != RaftRole.Leader, "stepping down");
        Assert.False(write.IsCompleted);
        cluster.Filter = null;

        WriteOutcome outcome = cluster.Await(write);
        Assert.Equal((WriteCertainty.Applied, 1L), (outcome.Certainty, outcome.Result.Version));
    }

    [Fact]
    public void Write_ForwardedToALeaderThatHangs_IsUnknownSoonAfterTheNextLeads()
    {
        TestCluster cluster = new(3);
        TestNode hung = cluster.RunUntilLeader();
        TestNode[] others = [.. cluster.Followers];
        hung.IsPaused = true;
        ValueTask<WriteOutcome> write = cluster.Write(others[0], "a", "1", timeoutMs: 600_000);
        cluster.RunUntil(() => others.Any(node => node.Status.Role == RaftRole.Leader), "the next leader");
        Assert.False(write.IsCompleted);

        cluster.Run(1000);

        WriteOutcome outcome = TestCluster.Result(write);
        Assert.Equal((WriteCertainty.Unknown, RefusalReason.TimedOut), (outcome.Certainty, outcome.Reason));
        Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(others[0], "b", "1")).Certainty);
    }

    [Fact]
    public void Write_ForwardedOverAConnectionThatIsLost_IsUnknownAtOnce()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        TestNode follower = cluster.Followers[0];
        cluster.Filter = (_, _, _, frame) => frame[12] != 33;
        ValueTask<WriteOutcome> write = cluster.Write(follower, "a", "1");
        cluster.Run(100);
        Assert.False(write.IsCompleted);

        follower.Node.PeerLost(leader.Id, PeerChannel.Bulk);
        cluster.Settle();

        Assert.Equal((WriteCertainty.Unknown, RefusalReason.TimedOut), (TestCluster.Result(write).Certainty, RefusalReason.TimedOut));
    }

    [Fact]
    public void Write_ForwardedToALeaderThatDies_IsUnknownAndTheNextOneIsApplied()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        TestNode follower = cluster.Followers[0];
        leader.IsPaused = true;
        ValueTask<WriteOutcome> first = cluster.Write(follower, "a", "1");
        cluster.Settle();
        leader.IsPaused = false;
        leader.Kill();
        ValueTask<WriteOutcome> second = cluster.Write(follower, "b", "2");
        cluster.Settle();

        Assert.Equal(WriteCertainty.Unknown, TestCluster.Result(first).Certainty);
        Assert.Equal(WriteCertainty.Applied, cluster.Await(second).Certainty);
        Assert.Null(TestCluster.Get(follower, "a"));
    }

    [Fact]
    public void Write_ForwardedFrameReplayed_IsAppliedOnce()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        TestNode follower = cluster.Followers[0];
        List<byte[]> seen = [];
        cluster.Filter = (_, _, _, frame) =>
        {
            if (frame[12] == 32)
            {
                seen.Add(frame);
            }

            return true;
        };
        Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(follower, "a", "1")).Certainty);
        Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(leader, "a", "2")).Certainty);

        foreach (byte[] frame in seen.ToList())
        {
            cluster.Replay(follower.Id, leader.Id, PeerChannel.Bulk, frame);
        }

        cluster.Run(200);
        Assert.Equal("2", TestCluster.Get(leader, "a"));
        Assert.Equal(0, leader.Node.Counters.Waiters);
    }

    [Fact]
    public void Write_ForwardedFrameReplayedInALaterTerm_IsRefused()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        TestNode follower = cluster.Followers[0];
        byte[]? seen = null;
        cluster.Filter = (_, _, _, frame) =>
        {
            seen = frame[12] == 32 ? frame : seen;
            return true;
        };
        cluster.Await(cluster.Write(follower, "a", "1"));
        cluster.Filter = null;
        leader.Kill();
        leader.Start();
        cluster.RunUntil(() => leader.Status.Role != RaftRole.Leader && cluster.Nodes.Any(node => node.Status.Role == RaftRole.Leader), "another leader");
        for (int round = 0; cluster.RunUntilLeader() != leader && round < 50; round++)
        {
            TestNode other = cluster.Leader;
            cluster.Isolate(other);
            cluster.RunUntil(() => cluster.LeaderOrNull is TestNode next && next != other, "a change");
            cluster.Heal();
            cluster.Run(500);
        }

        Assert.Same(leader, cluster.Leader);
        cluster.Await(cluster.Write(leader, "a", "2"));
        cluster.Replay(follower.Id, leader.Id, PeerChannel.Bulk, seen!);
        cluster.Run(200);

        Assert.Equal("2", TestCluster.Get(leader, "a"));
        Assert.Equal(0, leader.Node.Counters.ForwardedWritesServed);
    }

    [Fact]
    public void Write_ForwardedFrameReplayedAfterItsLeaderStepsDown_IsNotCalledUnapplied()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        TestNode follower = cluster.Followers[0];
        byte[]? seen = null;
        cluster.Filter = (_, to, _, frame) =>
        {
            seen = frame[12] == 32 && seen is null ? frame : seen;
            return frame[12] != 5 && (to != leader.Id || frame[12] == 32);
        };

        // The leader appends it, reaches nobody with it, hears from nobody, and steps down; then another copy of the request comes.
        ValueTask<WriteOutcome> write = cluster.Write(follower, "a", "1", timeoutMs: 60_000);
        cluster.RunUntil(() => leader.Node.Counters.ForwardedWritesServed == 1, "the entry in the leader's log");
        cluster.RunUntil(() => leader.Status.Role != RaftRole.Leader, "stepping down");
        cluster.Filter = (_, _, _, frame) => frame[12] is not (1 or 3);
        cluster.Replay(follower.Id, leader.Id, PeerChannel.Bulk, seen!);
        cluster.Run(200);
        cluster.Filter = (from, _, _, frame) => frame[12] is not (1 or 3) || from == leader.Id;

        // The old leader's log is the longest, so it is elected again, and the entry commits: once.
        WriteOutcome outcome = cluster.Await(write);
        cluster.Run(500);
        Assert.Equal((WriteCertainty.Applied, 1L), (outcome.Certainty, outcome.Result.Version));
        Assert.Equal(1, leader.Node.View.Revision);
    }

    [Fact]
    public void Write_FollowerWithoutAConnectionToTheLeader_WaitsForOne()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        TestNode follower = cluster.Followers[0];
        cluster.Isolate(follower);
        ValueTask<WriteOutcome> write = cluster.Write(follower, "a", "1");
        cluster.Run(300);
        Assert.False(write.IsCompleted);
        Assert.Equal(0, follower.Node.Counters.ForwardedWrites);

        cluster.Heal();

        Assert.Equal(WriteCertainty.Applied, cluster.Await(write).Certainty);
        Assert.Equal("1", TestCluster.Get(leader, "a"));
    }

    [Fact]
    public void Write_EmptyOrTooLargeForABatch_IsTheCallersMistake()
    {
        TestCluster cluster = new(1);

        Assert.Throws<ArgumentOutOfRangeException>(() => Ask(cluster[1], []));
        Assert.Throws<ArgumentOutOfRangeException>(() => Ask(cluster[1], new byte[EntryBatch.LengthBytesMax]));
    }

    private static void Ask(TestNode node, byte[] command) => _ = node.Node.WriteAsync(command, 0).AsTask();
}
