using RaftStore.Kv;
using RaftStore.Node.Tests.Harness;
using RaftStore.Raft;

namespace RaftStore.Node.Tests;

public sealed class NodeSnapshotTests
{
    [Fact]
    public void Log_LongerThanItsBound_IsReplacedByASnapshot()
    {
        TestCluster cluster = new(1, options => Small(options), segmentBytes: 64 << 10);
        TestNode node = cluster.RunUntilLeader();

        Fill(cluster, node, 100);
        cluster.Run(100);

        Assert.True(node.Node.Counters.SnapshotsTaken >= 1);
        Assert.True(node.Status.SnapshotIndex > 0);
        Assert.True(node.Log.LogBytes < 300 << 10, $"{node.Log.LogBytes} bytes of log are left");
        Assert.Single(node.Disk.Paths, path => path.Contains("snapshots/", StringComparison.Ordinal));
    }

    [Fact]
    public void Snapshot_IsNotTakenAgainBeforeTheLogHasGrownByItsSize()
    {
        TestCluster cluster = new(1, options => Small(options), segmentBytes: 64 << 10);
        TestNode node = cluster.RunUntilLeader();

        // 1 MiB of live state: each snapshot is longer than the log's bound, and it alone decides.
        Fill(cluster, node, 500, keys: 250, valueBytes: 4096);
        cluster.Run(100);

        long logged = 500 * 4096;
        Assert.InRange(node.Node.Counters.SnapshotsTaken, 2, logged / (128 << 10) / 2);
    }

    [Fact]
    public void Restart_AfterSnapshotsAndWrites_HoldsEverything()
    {
        TestCluster cluster = new(1, options => Small(options), segmentBytes: 64 << 10);
        TestNode node = cluster.RunUntilLeader();
        Fill(cluster, node, 100);
        Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(node, "last", "1")).Certainty);
        long revision = node.Node.View.Revision;

        node.Kill();
        node.Start();
        cluster.RunUntilLeader();

        Assert.True(node.Status.SnapshotIndex > 0);
        Assert.Equal((revision, 101, "1"), (node.Node.View.Revision, node.Node.View.KeyCount, TestCluster.Get(node, "last")));
    }

    [Fact]
    public void Restart_OfEveryNode_LosesNothingAcknowledged()
    {
        TestCluster cluster = new(3, options => Small(options), segmentBytes: 64 << 10);
        cluster.RunUntilLeader();
        for (int round = 0; round < 4; round++)
        {
            Fill(cluster, cluster.Nodes[round % 3], 40, prefix: $"r{round}-");
            foreach (TestNode node in cluster.Nodes)
            {
                node.Kill();
            }

            foreach (TestNode node in cluster.Nodes)
            {
                node.Start();
            }

            cluster.RunUntilLeader();
        }

        Assert.Equal(RefusalReason.None, cluster.Await(cluster.Nodes[0].Node.ConfirmReadAsync(cluster.NowMs + 5000)));
        Assert.Equal(160, cluster.Nodes[0].Node.View.KeyCount);
        cluster.RunUntil(() => cluster.Nodes.Select(node => node.Node.View.Hash).Distinct().Count() == 1, "equal states");
    }

    [Fact]
    public void Follower_FarBehind_IsBroughtBackBySnapshot()
    {
        TestCluster cluster = FarBehind(out TestNode behind);

        cluster.Heal();
        cluster.RunUntil(() => behind.Status.AppliedIndex == cluster.Leader.Status.AppliedIndex, "the follower catches up");

        Assert.Equal(1, behind.Node.Counters.SnapshotsInstalled);
        Assert.Equal(cluster.Leader.Node.View.Hash, behind.Node.View.Hash);
        Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(behind, "after", "1")).Certainty);
        cluster.RunUntil(() => TestCluster.Get(behind, "after") == "1", "the follower follows");
        cluster.RunUntil(() => cluster.Leader.Node.Counters.SnapshotsSent == 1, "the sender knows");
    }

    [Fact]
    public void Follower_BroughtBackBySnapshot_StartsAgainFromIt()
    {
        TestCluster cluster = FarBehind(out TestNode behind);
        cluster.Heal();
        cluster.RunUntil(() => behind.Status.AppliedIndex == cluster.Leader.Status.AppliedIndex, "the follower catches up");

        behind.Kill();
        behind.Start();
        cluster.RunUntil(() => behind.Status.AppliedIndex == cluster.Leader.Status.AppliedIndex, "the follower is back");

        Assert.Equal(cluster.Leader.Node.View.Hash, behind.Node.View.Hash);
    }

    [Fact]
    public void SnapshotTransfer_UnderWay_IsSeenOnEveryNodeUntilItEnds()
    {
        TestCluster cluster = FarBehind(out TestNode behind);
        TestNode other = cluster.Followers.First(node => node != behind);
        int chunks = 0;
        cluster.Filter = (_, _, _, frame) => frame[12] != 11 || ++chunks <= 2;

        cluster.Heal();
        cluster.RunUntil(() => chunks > 2, "chunks");
        cluster.Run(500);

        foreach (TestNode asked in new[] { cluster.Leader, other })
        {
            ClusterView view = cluster.Await(asked.Node.DescribeClusterAsync(cluster.NowMs + 5000));
            SnapshotTransfer transfer = Assert.NotNull(view.Members.Single(member => member.Member.Id == behind.Id).Snapshot);
            Assert.InRange(transfer.HeldBytes, 1, transfer.LengthBytes - 1);
            Assert.Null(view.Members.Single(member => member.Member.Id == other.Id).Snapshot);
        }

        cluster.Filter = null;
        cluster.RunUntil(() => behind.Status.AppliedIndex == cluster.Leader.Status.AppliedIndex, "the follower catches up");
        cluster.Run(1000);
        Assert.All(cluster.Await(cluster.Leader.Node.DescribeClusterAsync(cluster.NowMs + 5000)).Members, member => Assert.Null(member.Snapshot));
    }

    [Fact]
    public void SnapshotTransfer_EveryThirdChunkAndAnswerLost_StillArrives()
    {
        TestCluster cluster = FarBehind(out TestNode behind);
        int count = 0;
        cluster.Filter = (_, _, _, frame) => frame[12] is not (11 or 12) || ++count % 3 != 0;

        cluster.Heal();
        cluster.RunUntil(() => behind.Status.AppliedIndex == cluster.Leader.Status.AppliedIndex, "the follower catches up");

        Assert.True(count > 30, $"only {count} chunks and answers");
        Assert.Equal(cluster.Leader.Node.View.Hash, behind.Node.View.Hash);
    }

    [Fact]
    public void SnapshotTransfer_ConnectionBrokenMidway_GoesOnWhereItWas()
    {
        TestCluster cluster = FarBehind(out TestNode behind);
        SortedDictionary<long, int> offsets = [];
        cluster.Filter = (_, _, _, frame) =>
        {
            if (frame[12] == 11)
            {
                long offset = BitConverter.ToInt64(frame, 40);
                offsets[offset] = offsets.GetValueOrDefault(offset) + 1;
            }

            return true;
        };
        cluster.Heal();
        cluster.CreepUntil(() => offsets.Count == 10);
        cluster.Isolate(behind);
        cluster.Run(200);
        cluster.Heal();
        cluster.RunUntil(() => behind.Status.AppliedIndex == cluster.Leader.Status.AppliedIndex, "the follower catches up");

        // What had arrived is not sent again.
        Assert.Equal(1, offsets[0]);
        Assert.Equal(cluster.Leader.Node.View.Hash, behind.Node.View.Hash);
    }

    [Fact]
    public void SnapshotTransfer_NewLeaderMidway_InstallsAWholeOne()
    {
        TestCluster cluster = FarBehind(out TestNode behind);
        TestNode first = cluster.Leader;
        int chunks = 0;
        cluster.Filter = (from, _, _, frame) => frame[12] != 11 || from != first.Id || ++chunks < 6;
        cluster.Heal();
        cluster.RunUntil(() => chunks >= 6, "some chunks");

        first.Kill();
        cluster.RunUntil(() => cluster.LeaderOrNull is TestNode next && behind.Status.AppliedIndex == next.Status.AppliedIndex, "the follower catches up");

        Assert.Equal(cluster.Leader.Node.View.Hash, behind.Node.View.Hash);
    }

    [Fact]
    public void SnapshotTransfer_FollowerDiesMidway_BeginsAnewAndInstalls()
    {
        TestCluster cluster = FarBehind(out TestNode behind);
        int chunks = 0;
        cluster.Filter = (_, _, _, frame) => frame[12] != 11 || ++chunks < 6;
        cluster.Heal();
        cluster.RunUntil(() => chunks >= 6, "some chunks");
        behind.Kill();
        cluster.Filter = null;
        behind.Start();
        cluster.Heal();

        cluster.RunUntil(() => behind.Status.AppliedIndex == cluster.Leader.Status.AppliedIndex, "the follower catches up");
        Assert.Equal(cluster.Leader.Node.View.Hash, behind.Node.View.Hash);
    }

    [Fact]
    public void SnapshotTransfer_FollowerLoadsForLong_IsNotGivenUp()
    {
        TestCluster cluster = FarBehind(out TestNode behind);
        int chunks = 0;
        cluster.Filter = (_, _, _, frame) =>
        {
            chunks += frame[12] == 11 ? 1 : 0;
            return true;
        };
        cluster.Heal();
        behind.IsWorkerStalled = true;
        cluster.Run(5000);
        Assert.Equal(0, behind.Node.Counters.SnapshotsInstalled);

        behind.IsWorkerStalled = false;
        cluster.RunUntil(() => behind.Status.AppliedIndex == cluster.Leader.Status.AppliedIndex, "the follower catches up");
        Assert.Equal(1, behind.Node.Counters.SnapshotsInstalled);
    }

    [Fact]
    public void SnapshotTransfer_FollowerSilentForLong_IsGivenUpAndBegunAnewWhenItReturns()
    {
        TestCluster cluster = FarBehind(out TestNode behind);
        cluster.Filter = (from, _, _, frame) => frame[12] != 12 && frame[12] != 11;
        cluster.Heal();
        cluster.Run(40_000);
        cluster.Filter = null;

        cluster.RunUntil(() => behind.Status.AppliedIndex == cluster.Leader.Status.AppliedIndex, "the follower catches up");
        Assert.Equal(cluster.Leader.Node.View.Hash, behind.Node.View.Hash);
    }

    [Fact]
    public void Write_WaitingAtAnIndexThatASnapshotCovers_IsUnknown()
    {
        TestCluster cluster = new(3, options => Small(options), segmentBytes: 64 << 10);
        TestNode old = cluster.RunUntilLeader();
        cluster.Isolate(old);
        ValueTask<WriteOutcome> write = cluster.Write(old, "mine", "1", timeoutMs: 120_000);
        cluster.RunUntil(() => cluster.LeaderOrNull is TestNode next && next != old, "another leader");
        Fill(cluster, cluster.Leader, 200);

        cluster.Heal();
        cluster.RunUntil(() => old.Node.Counters.SnapshotsInstalled == 1, "a snapshot");
        cluster.Run(100);

        Assert.Equal(WriteCertainty.Unknown, TestCluster.Result(write).Certainty);
        Assert.Equal(0, old.Node.Counters.Waiters);
    }

    [Fact]
    public void Snapshot_DiskFull_IsTriedAgainLater()
    {
        TestCluster cluster = new(1, options => Small(options), segmentBytes: 256 << 10);
        TestNode node = cluster.RunUntilLeader();
        node.IsWorkerStalled = true;
        Fill(cluster, node, 40);
        Assert.True(node.Log.LogBytes > 128 << 10);
        node.Disk.CapacityBytes = node.Disk.UsedBytes;
        node.IsWorkerStalled = false;
        cluster.Run(1000);
        Assert.Equal(0, node.Node.Counters.SnapshotsTaken);
        Assert.DoesNotContain(node.Disk.Paths, path => path.EndsWith(".snap", StringComparison.Ordinal));

        node.Disk.CapacityBytes = long.MaxValue;
        cluster.RunUntil(() => node.Node.Counters.SnapshotsTaken == 1, "a snapshot");
    }

    [Fact]
    public void Snapshot_OfAMemoryThatFlippedABit_StopsTheNodeAndARestartMendsIt()
    {
        TestCluster cluster = new(1, options => Small(options), segmentBytes: 64 << 10);
        TestNode node = cluster.RunUntilLeader();
        Fill(cluster, node, 10);
        Corruption.FlipBit(node);

        Assert.Throws<KvInvariantException>(() => Fill(cluster, node, 100, prefix: "more"));
        Assert.DoesNotContain(node.Disk.Paths, path => path.EndsWith(".snap", StringComparison.Ordinal));

        node.Kill();
        node.Start();
        cluster.RunUntilLeader();
        Assert.Equal(new string('a', 4096), TestCluster.Get(node, "k0"));
        Fill(cluster, node, 100, prefix: "more");
        Assert.True(node.Node.Counters.SnapshotsTaken > 0);
    }

    [Fact]
    public void SnapshotTransfer_ContentThatDoesNotComeToItsHash_IsDroppedAndFetchedAnew()
    {
        TestCluster cluster = FarBehind(out TestNode behind);
        TestNode leader = cluster.Leader;
        long before = behind.Status.AppliedIndex;
        cluster.Filter = (_, _, _, frame) => frame[12] != 11;
        cluster.Heal();
        cluster.RunUntil(() => leader.Status.SnapshotIndex == leader.Status.AppliedIndex, "the snapshot that is to be sent");
        cluster.Run(100);
        string path = Assert.Single(leader.Disk.Paths, path => path.EndsWith(".snap", StringComparison.Ordinal));
        byte[] whole = Corruption.FlipBitOfSnapshot(leader.Disk, path);

        cluster.Filter = null;
        cluster.RunUntil(() => behind.Node.Counters.SnapshotsRefused > 1, "what is sent is refused, and asked for again");
        Assert.Equal((before, leader.Id), (behind.Status.AppliedIndex, behind.Status.RefusedSnapshot!.Sender));
        Assert.DoesNotContain(behind.Disk.Paths, path => path.EndsWith(".snap", StringComparison.Ordinal));

        // A start finds nothing that it could not load.
        behind.Kill();
        behind.Start();
        cluster.Run(100);
        Assert.Equal(0, behind.Status.SnapshotIndex);
        Corruption.Overwrite(leader.Disk, path, whole);
        cluster.RunUntil(() => behind.Status.AppliedIndex == leader.Status.AppliedIndex, "the follower catches up");
        Assert.Equal(leader.Node.View.Hash, behind.Node.View.Hash);
    }

    // It is of the last entry, so the one that is taken in its place has its name.
    [Fact]
    public void Snapshot_ThatRotsOnTheLeadersDisk_IsTakenAnewAndTheFollowerCatchesUp()
    {
        TestCluster cluster = FarBehind(out TestNode behind);
        TestNode leader = cluster.Leader;
        cluster.Filter = (_, _, _, frame) => frame[12] != 11;
        cluster.Heal();
        cluster.RunUntil(() => leader.Status.SnapshotIndex == leader.Status.AppliedIndex, "the snapshot that is to be sent");
        string path = Assert.Single(leader.Disk.Paths, path => path.EndsWith(".snap", StringComparison.Ordinal));
        Corruption.FlipBitAt(leader.Disk, path, 10_000);

        cluster.Filter = null;
        cluster.RunUntil(() => behind.Status.AppliedIndex == leader.Status.AppliedIndex, "the follower catches up");

        Assert.Equal(leader.Node.View.Hash, behind.Node.View.Hash);
        Assert.True(behind.Node.Counters.SnapshotsRefused > 0);
        Assert.Contains(path, leader.Status.DamagedSnapshot!.Reason, StringComparison.Ordinal);
        Assert.Equal(path, Assert.Single(leader.Disk.Paths, other => other.EndsWith(".snap", StringComparison.Ordinal)));
        leader.Kill();
        leader.Start();
    }

    private static TestCluster FarBehind(out TestNode behind)
    {
        TestCluster cluster = new(3, options => Small(options), segmentBytes: 64 << 10);
        cluster.RunUntilLeader();
        behind = cluster.Followers[0];
        cluster.Isolate(behind);
        Fill(cluster, cluster.Leader, 200);
        cluster.Run(100);
        Assert.True(cluster.Leader.Status.FirstIndex > behind.Status.AppliedIndex + 1, "the window still reaches back to the follower");
        return cluster;
    }

    private static void Fill(TestCluster cluster, TestNode node, int count, int keys = int.MaxValue, int valueBytes = 4096, string prefix = "k")
    {
        for (int i = 0; i < count; i++)
        {
            ValueTask<WriteOutcome> write = cluster.Write(node, $"{prefix}{i % keys}", new string((char)('a' + (i % 26)), valueBytes));
            Assert.Equal(WriteCertainty.Applied, cluster.Await(write).Certainty);
        }
    }

    private static NodeOptions Small(NodeOptions options) => new()
    {
        Cluster = options.Cluster,
        Raft = new RaftOptions { Id = options.Raft.Id, Seed = options.Raft.Seed, CatchUpBytes = 64 << 10 },
        LogReserveBytes = 16 << 10,
        SnapshotLogBytes = 128 << 10,
        SnapshotChunkBytes = 8 << 10,
    };
}
