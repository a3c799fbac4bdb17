using RaftStore.Kv;
using RaftStore.Node.Tests.Harness;

namespace RaftStore.Node.Tests;

/// <summary>Compaction through the cluster, and history that gets shorter while nobody writes.</summary>
public sealed class NodeHistoryTests
{
    private const int ValueBytes = 10;

    [Fact]
    public void Compact_ThroughAFollower_DropsTheSameOnEveryNodeWhileNobodyWrites()
    {
        const int Versions = 5_000;
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        WriteMany(cluster, leader, Versions);
        TestNode follower = cluster.Followers[0];
        cluster.Run(200);

        KvResult result = cluster.Await(follower.Node.WriteAsync(KvCommand.Compact(Versions - 10), cluster.NowMs + TestCluster.WriteTimeoutMs)).Result;
        Assert.Equal((KvStatus.Done, (long)Versions), (result.Status, result.Revision));
        Assert.Equal(Versions - 10, leader.Node.View.CompactedRevision);
        Assert.True(leader.Node.View.StoredBytes > 11 * ValueBytes);

        cluster.Run(2_000);
        Assert.All(cluster.Nodes, node => Assert.Equal(11 * ValueBytes, node.Node.View.StoredBytes));
        Assert.Single(cluster.Nodes.Select(node => node.Node.View.Hash).Distinct());

        // Nothing is left to drop, so the cluster is as quiet as it was.
        long index = leader.Status.AppliedIndex;
        cluster.Run(60_000);
        Assert.All(cluster.Nodes, node => Assert.Equal(index, node.Status.AppliedIndex));
    }

    [Fact]
    public void Compact_FollowerRestartedInTheMiddle_ComesToTheSameState()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        WriteMany(cluster, leader, 5_000);
        TestNode follower = cluster.Followers[0];
        ValueTask<WriteOutcome> compact = leader.Node.WriteAsync(KvCommand.Compact(5_000), cluster.NowMs + TestCluster.WriteTimeoutMs);
        Assert.Equal(KvStatus.Done, cluster.Await(compact).Result.Status);
        cluster.Run(50);
        follower.Kill();
        Assert.True(leader.Node.View.StoredBytes > ValueBytes);
        follower.Start();
        cluster.RunUntil(() => cluster.Nodes.TrueForAll(node => node.Node.View.StoredBytes == ValueBytes), "everything dropped everywhere");
        cluster.Run(500);
        Assert.Single(cluster.Nodes.Select(node => node.Node.View.Hash).Distinct());
    }

    [Fact]
    public void Compact_RevisionCompactedOrInTheFuture_IsAnsweredSo()
    {
        TestCluster cluster = new(1);
        TestNode node = cluster.RunUntilLeader();
        cluster.Await(cluster.Write(node, "a", "1"));
        Assert.Equal(KvStatus.FutureRevision, Compact(2));
        Assert.Equal(KvStatus.Done, Compact(1));
        Assert.Equal(KvStatus.AlreadyCompacted, Compact(1));

        KvStatus Compact(long revision) => cluster.Await(node.Node.WriteAsync(KvCommand.Compact(revision), cluster.NowMs + TestCluster.WriteTimeoutMs)).Result.Status;
    }

    [Fact]
    public void History_OfItsAgeWhileNobodyWrites_IsDroppedAndThenTheClusterIsQuiet()
    {
        TestCluster cluster = new(1);
        TestNode node = cluster.RunUntilLeader();
        WriteMany(cluster, node, 1_500);
        cluster.Run(60_000);
        Assert.Equal(0, node.Node.View.CompactedRevision);
        Assert.InRange(node.Status.AppliedIndex, 1_500, 1_500 + 2);

        cluster.Run((int)KvLimits.Default.HistoryAgeMs);
        Assert.Equal(500, node.Node.View.CompactedRevision);
        long index = node.Status.AppliedIndex;
        cluster.Run(60_000);
        Assert.Equal(index, node.Status.AppliedIndex);
    }

    [Fact]
    public void History_LeaderWithoutAQuorum_AppendsOneEntryAndNoMore()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        WriteMany(cluster, leader, 1_500);
        long durable = leader.Status.DurableIndex;
        cluster.Isolate(leader);
        cluster.Run(30_000);
        Assert.InRange(leader.Status.DurableIndex, durable, durable + 2);
        cluster.Heal();
        cluster.RunUntilLeader();
        cluster.Run(3_000);
        Assert.Single(cluster.Nodes.Select(node => node.Node.View.Hash).Distinct());
    }

    private static void WriteMany(TestCluster cluster, TestNode node, int count)
    {
        for (int written = 0; written < count; written += 100)
        {
            List<ValueTask<WriteOutcome>> writes = [.. Enumerable.Range(written, 100).Select(_ => cluster.Write(node, "k", "123456789"))];
            writes.ForEach(write => Assert.Equal(WriteCertainty.Applied, cluster.Await(write).Certainty));
        }
    }
}
