using RaftStore.Kv;
using RaftStore.Node.Codec;
using RaftStore.Node.Tests.Harness;
using RaftStore.Node.Waiters;
using RaftStore.Raft;

namespace RaftStore.Node.Tests;

public sealed class NodeLimitsTests
{
    [Fact]
    public void Write_BeyondTheWaitersMax_IsRefusedAtOnceAndTheRestIsServed()
    {
        TestCluster cluster = new(1, options => With(options, waitersMax: 10));
        TestNode node = cluster.RunUntilLeader();

        List<ValueTask<WriteOutcome>> writes = [.. Enumerable.Range(0, 12).Select(i => cluster.Write(node, $"k{i}", "v"))];

        Assert.All(writes[10..], write => Assert.Equal((WriteCertainty.NotApplied, RefusalReason.Overloaded), Ends(TestCluster.Result(write))));
        Assert.All(writes[..10], write => Assert.Equal(WriteCertainty.Applied, cluster.Await(write).Certainty));
        Assert.Equal(0, node.Node.Counters.Waiters);
        Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(node, "again", "v")).Certainty);
    }

    [Fact]
    public void Write_BeyondTheInputBytes_IsRefusedAtOnce()
    {
        TestCluster cluster = new(1, options => With(options, inputBytesMax: 1000));
        TestNode node = cluster.RunUntilLeader();

        ValueTask<WriteOutcome> first = cluster.Write(node, "a", new string('x', 800));
        ValueTask<WriteOutcome> second = cluster.Write(node, "b", new string('x', 800));

        Assert.Equal((WriteCertainty.NotApplied, RefusalReason.Overloaded), Ends(TestCluster.Result(second)));
        Assert.Equal(WriteCertainty.Applied, cluster.Await(first).Certainty);
        Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(node, "b", new string('x', 800))).Certainty);
    }

    [Fact]
    public void ConfirmRead_BeyondTheWaitersMax_IsRefusedAtOnce()
    {
        TestCluster cluster = new(3, options => With(options, waitersMax: 1));
        TestNode node = cluster.RunUntilLeader();

        ValueTask<RefusalReason> first = node.Node.ConfirmReadAsync(cluster.NowMs + 1000);
        ValueTask<RefusalReason> second = node.Node.ConfirmReadAsync(cluster.NowMs + 1000);

        Assert.Equal(RefusalReason.Overloaded, TestCluster.Result(second));
        Assert.Equal(RefusalReason.None, cluster.Await(first));
    }

    [Fact]
    public void Write_WithTooManyBytesUnapplied_IsRefusedAndTheCounterReturnsToZero()
    {
        TestCluster cluster = new(3, options => With(options, raft: new RaftOptions { Id = options.Raft.Id, Seed = options.Raft.Seed, UnappliedBytesMax = 4000 }));
        TestNode leader = cluster.RunUntilLeader();
        leader.IsDiskStalled = true;
        List<ValueTask<WriteOutcome>> writes = [.. Enumerable.Range(0, 8).Select(i => cluster.Write(leader, $"k{i}", new string('x', 900)))];
        cluster.Settle();

        List<ValueTask<WriteOutcome>> refused = [.. writes.Where(write => write.IsCompleted)];
        Assert.Equal(4, refused.Count);
        Assert.All(refused, write => Assert.Equal((WriteCertainty.NotApplied, RefusalReason.Overloaded), Ends(TestCluster.Result(write))));

        leader.IsDiskStalled = false;
        Assert.All(writes.Except(refused), write => Assert.Equal(WriteCertainty.Applied, cluster.Await(write).Certainty));
        Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(leader, "again", new string('x', 900))).Certainty);
    }

    [Fact]
    public void Write_QuorumLost_BytesAreCappedAndTheCounterReturnsToZero()
    {
        TestCluster cluster = new(3, options => With(options, raft: new RaftOptions { Id = options.Raft.Id, Seed = options.Raft.Seed, UnappliedBytesMax = 4000 }));
        TestNode alone = cluster.RunUntilLeader();
        cluster.Await(cluster.Write(alone, "before", "v"));
        cluster.Run(500);
        cluster.Isolate(alone);

        Task<WriteOutcome>[] writes = [.. Enumerable.Range(0, 12).Select(i => cluster.Write(alone, $"k{i}", new string('x', 900)).AsTask())];
        cluster.Run(300);

        Assert.Equal(RaftRole.Leader, alone.Status.Role);
        Assert.InRange(alone.Status.UnappliedBytes, 3 * 900, 4000);
        Assert.True(SpinWait.SpinUntil(() => writes.Count(write => write.IsCompleted) == 8, TimeSpan.FromMinutes(1)), "eight writes are refused");
        Assert.All(writes.Where(write => write.IsCompleted), write => Assert.Equal((WriteCertainty.NotApplied, RefusalReason.Overloaded), Ends(write.Result)));

        // The others elect a leader and go on; what this one appended alone is taken back, and with it what was counted.
        cluster.RunUntil(() => cluster.Nodes.Any(node => node != alone && node.Status.Role == RaftRole.Leader), "another leader");
        TestNode next = cluster.Nodes.Single(node => node != alone && node.Status.Role == RaftRole.Leader);
        Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(next, "meanwhile", "v")).Certainty);
        cluster.Heal();
        cluster.RunUntil(() => alone.Node.Counters.Waiters == 0, "every caller is told");
        Assert.True(SpinWait.SpinUntil(() => Array.TrueForAll(writes, write => write.IsCompleted), TimeSpan.FromMinutes(1)), "every caller has heard it");
        cluster.RunUntil(() => cluster.Nodes.TrueForAll(node => node.Status.AppliedIndex == next.Status.CommitIndex), "every node has applied everything");
        cluster.Run(500);
        Assert.All(cluster.Nodes, node => Assert.Equal(0, node.Status.UnappliedBytes));
        Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(alone, "again", new string('x', 900))).Certainty);
    }

    [Fact]
    public void Write_ForwardedToALeaderThatIsFull_IsNotApplied()
    {
        TestCluster cluster = new(3, options => With(options, inputBytesMax: 1000));
        TestNode leader = cluster.RunUntilLeader();
        leader.IsPaused = true;
        List<ValueTask<WriteOutcome>> writes = [.. cluster.Followers.Select(follower => cluster.Write(follower, "a", new string('x', 800)))];

        // Both reach the leader's queue before its pump runs; there is room for one.
        cluster.Settle();
        leader.IsPaused = false;
        cluster.Settle();

        WriteOutcome[] outcomes = [.. writes.Select(TestCluster.Result)];
        Assert.Single(outcomes, outcome => outcome.Certainty == WriteCertainty.Applied);
        Assert.Single(outcomes, outcome => Ends(outcome) == (WriteCertainty.NotApplied, RefusalReason.Overloaded));
        Assert.Equal(0, leader.Node.Counters.Waiters);
    }

    [Fact]
    public void Write_DiskFull_IsNotAppliedWhileReadsAndVotesGoOn()
    {
        TestCluster cluster = new(3, segmentBytes: 256 << 10);
        TestNode leader = cluster.RunUntilLeader();
        leader.Disk.CapacityBytes = leader.Disk.UsedBytes;
        WriteOutcome outcome = default;
        for (int i = 0; i < 200 && outcome.Reason == RefusalReason.None; i++)
        {
            outcome = cluster.Await(cluster.Write(leader, $"k{i}", new string('x', 4000)));
        }

        Assert.Equal((WriteCertainty.NotApplied, RefusalReason.DiskFull), Ends(outcome));
        Assert.False(leader.Status.HasLogSpace);
        Assert.Equal(RefusalReason.None, cluster.Await(leader.Node.ConfirmReadAsync(cluster.NowMs + 1000)));
        Assert.Equal(RefusalReason.DiskFull, cluster.Await(cluster.Write(cluster.Followers[0], "f", "v")).Reason);

        // It can still vote: the others elect without it, and it follows.
        long term = leader.Status.Term;
        cluster.Isolate(leader);
        cluster.RunUntil(() => cluster.LeaderOrNull is TestNode next && next != leader, "another leader");
        cluster.Heal();
        cluster.RunUntil(() => leader.Status.Term > term && leader.Status.Leader == cluster.Leader.Id, "the full node follows");

        leader.Disk.CapacityBytes = long.MaxValue;
        cluster.RunUntil(() => leader.Status.HasLogSpace, "space again");
        Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(leader, "after", "1")).Certainty);
        cluster.RunUntil(() => TestCluster.Get(leader, "after") == "1", "the full node catches up");
    }

    [Fact]
    public void Write_LeaderLowOnMemory_RefusesPutsAndTakesWhatMakesRoom()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        TestNode follower = cluster.Followers[0];
        Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(leader, "a", "1")).Certainty);
        Assert.True(leader.Status.HasMemory);
        long term = leader.Status.Term;

        leader.Node.ReportMemory(isLow: true);

        Assert.Equal((WriteCertainty.NotApplied, RefusalReason.LowOnMemory), Ends(cluster.Await(cluster.Write(leader, "b", "2"))));
        Assert.Equal((WriteCertainty.NotApplied, RefusalReason.LowOnMemory), Ends(cluster.Await(cluster.Write(follower, "b", "2"))));
        Assert.Equal((false, true), (leader.Status.HasMemory, follower.Status.HasMemory));
        Assert.Equal(2, leader.Node.Counters.RefusedWrites);
        Assert.Equal(RefusalReason.None, cluster.Await(leader.Node.ConfirmReadAsync(cluster.NowMs + 1000)));
        byte[][] makeRoom = [KvCommand.Delete("a"u8), KvCommand.DeleteRange(default), KvCommand.Compact(1), KvCommand.ChangeSettings([new KvSettingChange(KvSetting.All[0], 1 << 20)])];
        Assert.All(makeRoom, command => Assert.Equal(KvStatus.Done, cluster.Await(leader.Node.WriteAsync(command, cluster.NowMs + 1000)).Result.Status));
        Assert.Equal(WriteCertainty.Applied, cluster.Await(follower.Node.WriteAsync(KvCommand.Delete("a"u8), cluster.NowMs + 1000)).Certainty);
        cluster.Run(10_000);
        Assert.Equal((leader, term), (cluster.Leader, leader.Status.Term));
        Assert.Null(TestCluster.Get(leader, "b"));

        leader.Node.ReportMemory(isLow: false);

        Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(follower, "b", "3")).Certainty);
        Assert.True(leader.Status.HasMemory);
    }

    [Fact]
    public void Write_FollowerLowOnMemory_IsTakenAndReplicatedToIt()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        TestNode follower = cluster.Followers[0];

        follower.Node.ReportMemory(isLow: true);

        Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(follower, "a", "1")).Certainty);
        cluster.RunUntil(() => TestCluster.Get(follower, "a") == "1", "the follower applies it");
        Assert.Equal((true, false), (leader.Status.HasMemory, follower.Status.HasMemory));
    }

    [Fact]
    public void Write_ManyAtOnceWithLittleSpaceLeft_NeverFillsTheLogToTheBrim()
    {
        TestCluster cluster = new(1, segmentBytes: 256 << 10);
        TestNode node = cluster.RunUntilLeader();
        node.Disk.CapacityBytes = node.Disk.UsedBytes;

        // Far more than there is room for, all in one pass: what fits is written, and the log's thread never runs out of space.
        List<ValueTask<WriteOutcome>> writes = [.. Enumerable.Range(0, 300).Select(i => cluster.Write(node, $"k{i}", new string('x', 4000)))];
        cluster.Run(6000);

        List<WriteOutcome> outcomes = [.. writes.Select(TestCluster.Result)];
        Assert.InRange(outcomes.Count(outcome => outcome.Certainty == WriteCertainty.Applied), 50, 150);
        Assert.All(outcomes.Where(outcome => outcome.Certainty != WriteCertainty.Applied), outcome => Assert.Equal((WriteCertainty.NotApplied, RefusalReason.DiskFull), Ends(outcome)));
        Assert.True(node.Log.ReservedBytes >= 64 << 10, $"{node.Log.ReservedBytes} bytes are left");
    }

    [Fact]
    public void Write_FasterThanSpaceIsMade_WaitsForItInsteadOfCallingTheDiskFull()
    {
        TestCluster cluster = new(1, segmentBytes: 4 << 20);
        TestNode node = cluster.RunUntilLeader();

        // Each pass writes more than the mebibyte by which the next segment grows meanwhile.
        List<ValueTask<WriteOutcome>> writes = [.. Enumerable.Range(0, 60).Select(i => cluster.Write(node, $"k{i}", new string('x', 500_000)))];
        bool hadSpace = true;
        cluster.RunUntil(
            () =>
            {
                hadSpace &= node.Status.HasLogSpace;
                return node.Node.Counters.Waiters == 0;
            },
            "every write has ended");

        Assert.True(hadSpace);
        Assert.All(writes, write => Assert.Equal(WriteCertainty.Applied, TestCluster.Result(write).Certainty));
    }

    [Fact]
    public void Write_TooLargeForTheSpaceLeft_IsRefusedAndSmallOnesAreServed()
    {
        TestCluster cluster = new(1, segmentBytes: 1 << 20);
        TestNode node = cluster.RunUntilLeader();
        node.Disk.CapacityBytes = node.Disk.UsedBytes;

        ValueTask<WriteOutcome> large = cluster.Write(node, "large", new string('x', 4 << 20));
        ValueTask<WriteOutcome> small = cluster.Write(node, "small", "x");

        Assert.Equal((WriteCertainty.NotApplied, RefusalReason.DiskFull), Ends(cluster.Await(large)));
        Assert.Contains(cluster.Await(small).Certainty, new[] { WriteCertainty.Applied, WriteCertainty.NotApplied });
        cluster.Run(100);
        Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(node, "small", "x")).Certainty);
    }

    [Fact]
    public void AppendEntries_OnAFollowerWithAFullDisk_AreDroppedAndHeartbeatsAnswered()
    {
        TestCluster cluster = new(3, segmentBytes: 256 << 10);
        TestNode leader = cluster.RunUntilLeader();
        TestNode full = cluster.Followers[0];
        full.Disk.CapacityBytes = full.Disk.UsedBytes;
        for (int i = 0; i < 150; i++)
        {
            Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(leader, $"k{i}", new string('x', 4000))).Certainty);
        }

        cluster.Run(2000);
        Assert.False(full.Status.HasLogSpace);
        Assert.True(full.Node.Counters.AppendsDropped > 0);
        Assert.Equal(leader.Id, full.Status.Leader);
        Assert.Same(leader, cluster.Leader);

        full.Disk.CapacityBytes = long.MaxValue;
        cluster.RunUntil(() => full.Status.AppliedIndex == leader.Status.AppliedIndex, "the follower catches up");
        Assert.Equal(leader.Node.View.Hash, full.Node.View.Hash);
    }

    [Fact]
    public void Shutdown_Begun_RefusesNewCallersAndFinishesTheOthers()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        ValueTask<WriteOutcome> before = cluster.Write(leader, "a", "1");

        leader.Node.BeginShutdown();

        Assert.Equal((WriteCertainty.NotApplied, RefusalReason.ShuttingDown), Ends(TestCluster.Result(cluster.Write(leader, "b", "2"))));
        Assert.Equal(RefusalReason.ShuttingDown, TestCluster.Result(leader.Node.ConfirmReadAsync(cluster.NowMs + 1000)));
        Assert.Equal(WriteCertainty.Applied, cluster.Await(before).Certainty);
    }

    [Fact]
    public void Write_ForwardedToALeaderThatShutsDown_WaitsForTheNextLeader()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        TestNode follower = cluster.Followers[0];
        leader.Node.BeginShutdown();
        ValueTask<WriteOutcome> write = cluster.Write(follower, "a", "1");
        cluster.Run(300);
        Assert.False(write.IsCompleted);

        leader.Kill();

        Assert.Equal(WriteCertainty.Applied, cluster.Await(write).Certainty);
    }

    [Fact]
    public void Receive_MoreThanTheQueueHolds_DropsFramesAndSaysNothing()
    {
        TestCluster cluster = new(3, segmentBytes: 64 << 20);
        TestNode leader = cluster.RunUntilLeader();
        TestNode follower = cluster.Followers[0];
        follower.IsPaused = true;
        byte[] large = Codec.FrameSamples.Bytes(RaftStore.Node.Codec.MessageEncoder.Encode(TestCluster.ClusterId, new AppendEntries(leader.Id, follower.Id, 1, EntryId.Zero, [EntryBatch.Seal(new EntryId(1, 1), 0, EntryKind.Command, [new byte[8 << 20]])], 0), out _));

        for (int i = 0; i < 12; i++)
        {
            Assert.Null(follower.Node.Receive(leader.Id, PeerChannel.Bulk, large));
        }

        Assert.InRange(follower.Node.Counters.FramesDropped, 4, 5);
    }

    [Fact]
    public void Receive_ForwardedCommandThatNobodyCouldApply_IsRefusedBeforeItCanBeProposed()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        NodeId peer = cluster.Followers[0].Id;
        long lastIndex = leader.Node.Status.CommitIndex;
        WriteWaiter write = new WaiterPool<WriteWaiter>(own => new WriteWaiter(own)).Rent();
        write.Command = "no command at all"u8.ToArray();
        write.DeadlineMs = cluster.NowMs + 1000;
        Envelope envelope = new(TestCluster.ClusterId, peer, leader.Id, leader.Node.Status.Term);
        byte[] frame = Codec.FrameSamples.Bytes(ForwardCodec.Encode(envelope, [write], firstId: 1, cluster.NowMs));

        Assert.Contains("cannot be applied", leader.Node.Receive(peer, PeerChannel.Bulk, frame), StringComparison.Ordinal);
        cluster.Run(300);

        Assert.Equal(lastIndex, leader.Node.Status.CommitIndex);
        Assert.Equal(1, leader.Node.Counters.FramesRefused);
    }

    private static (WriteCertainty Certainty, RefusalReason Reason) Ends(WriteOutcome outcome) => (outcome.Certainty, outcome.Reason);

    private static NodeOptions With(NodeOptions options, int waitersMax = 1000, long inputBytesMax = 1 << 20, RaftOptions? raft = null) => new()
    {
        Cluster = options.Cluster,
        Raft = raft ?? options.Raft,
        LogReserveBytes = options.LogReserveBytes,
        WaitersMax = waitersMax,
        InputBytesMax = inputBytesMax,
    };
}
