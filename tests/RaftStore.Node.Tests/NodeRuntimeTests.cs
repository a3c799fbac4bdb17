using System.Collections.Concurrent;
using RaftStore.Node.Tests.Harness;
using RaftStore.Storage;

namespace RaftStore.Node.Tests;

public sealed class NodeRuntimeTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Runtime_ThreeNodesAndManyClients_ServeEveryWriteAndReadAndNeverOnTheirOwnThreads()
    {
        using ThreadedCluster cluster = Started(3);
        await cluster.LeaderAsync().WaitAsync(Limit);
        ConcurrentDictionary<string, bool> threads = new();

        async Task RunClientAsync(int client)
        {
            Node node = cluster.Machines[client % 3].Node;
            for (int i = 0; i < 50; i++)
            {
                WriteOutcome outcome = await node.WriteAsync(TestCluster.Put($"c{client}", $"{i}"), NodeClock.SystemMs + 30_000);
                threads.TryAdd(Thread.CurrentThread.Name ?? "", true);
                Assert.Equal(WriteCertainty.Applied, outcome.Certainty);
                Assert.Equal(i + 1, outcome.Result.Version);
                Assert.Equal(RefusalReason.None, await node.ConfirmReadAsync(NodeClock.SystemMs + 30_000));
                threads.TryAdd(Thread.CurrentThread.Name ?? "", true);
                Kv.KvView view = node.View;
                Assert.True(view.TryGet(System.Text.Encoding.UTF8.GetBytes($"c{client}"), view.Revision, out Kv.KvItem item));
                Assert.Equal($"{i}", System.Text.Encoding.UTF8.GetString(item.Value.Span));
            }
        }

        await Task.WhenAll(Enumerable.Range(0, 24).Select(client => Task.Run(() => RunClientAsync(client)))).WaitAsync(Limit);

        Assert.DoesNotContain(threads.Keys, name => name.StartsWith("raftstore-", StringComparison.Ordinal));
        Assert.All(cluster.Machines, machine => Assert.Empty(machine.Failures));
        Assert.Equal(24 * 50, cluster.Machines.Max(machine => machine.Node.View.Revision));
    }

    [Fact]
    public async Task Stop_ThenStart_HoldsEverythingAcknowledged()
    {
        using ThreadedCluster cluster = Started(1);
        ThreadedCluster.Machine machine = await cluster.LeaderAsync().WaitAsync(Limit);
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(WriteCertainty.Applied, (await machine.Node.WriteAsync(TestCluster.Put($"k{i}", "v"), NodeClock.SystemMs + 30_000)).Certainty);
        }

        machine.Stop(1000);
        machine.Start();
        await cluster.LeaderAsync().WaitAsync(Limit);

        Assert.Equal(RefusalReason.None, await machine.Node.ConfirmReadAsync(NodeClock.SystemMs + 30_000));
        Assert.Equal(20, machine.Node.View.KeyCount);
    }

    [Fact]
    public async Task Stop_WithCallersThatCannotBeServed_TellsEachOfThem()
    {
        using ThreadedCluster cluster = new(3);
        ThreadedCluster.Machine lonely = cluster.Machines[0];
        lonely.Start();
        Task<WriteOutcome> write = lonely.Node.WriteAsync(TestCluster.Put("a", "1"), NodeClock.SystemMs + 60_000).AsTask();
        Task<RefusalReason> read = lonely.Node.ConfirmReadAsync(NodeClock.SystemMs + 60_000).AsTask();

        lonely.Runtime!.Stop(50);

        WriteOutcome outcome = await write.WaitAsync(Limit);
        Assert.Equal((WriteCertainty.NotApplied, RefusalReason.ShuttingDown), (outcome.Certainty, outcome.Reason));
        Assert.Equal(RefusalReason.ShuttingDown, await read.WaitAsync(Limit));
        Assert.Equal(RefusalReason.ShuttingDown, (await lonely.Node.WriteAsync(TestCluster.Put("a", "1"), NodeClock.SystemMs + 60_000)).Reason);
        Assert.False((await lonely.Node.DescribeClusterAsync(NodeClock.SystemMs + 60_000).AsTask().WaitAsync(Limit)).FromLeader);
    }

    [Fact]
    public async Task Stop_OfALeaderWhoseWriteCannotCommit_LeavesItUnknown()
    {
        using ThreadedCluster cluster = Started(3);
        ThreadedCluster.Machine leader = await cluster.LeaderAsync().WaitAsync(Limit);
        foreach (ThreadedCluster.Machine other in cluster.Machines.Where(machine => machine != leader))
        {
            other.Stop(0);
        }

        Task<WriteOutcome> write = leader.Node.WriteAsync(TestCluster.Put("a", "1"), NodeClock.SystemMs + 60_000).AsTask();
        Assert.True(SpinWait.SpinUntil(() => leader.Node.Counters.Proposals > 0 || leader.Node.Status.Role != Raft.RaftRole.Leader, Limit));
        bool wasProposed = leader.Node.Counters.Proposals > 0;

        leader.Runtime!.Stop(20);

        WriteOutcome outcome = await write.WaitAsync(Limit);
        Assert.Equal((wasProposed ? WriteCertainty.Unknown : WriteCertainty.NotApplied, RefusalReason.ShuttingDown), (outcome.Certainty, outcome.Reason));
    }

    [Fact]
    public async Task Runtime_SyncFails_ReportsItOnceAndAcknowledgesNothing()
    {
        using ThreadedCluster cluster = Started(1);
        ThreadedCluster.Machine machine = await cluster.LeaderAsync().WaitAsync(Limit);
        machine.Disk.FailsSyncs = true;

        Task<WriteOutcome> write = machine.Node.WriteAsync(TestCluster.Put("a", "1"), NodeClock.SystemMs + 60_000).AsTask();

        Assert.True(machine.HasFailed.Wait(Limit));
        StorageIoException failure = Assert.IsType<StorageIoException>(Assert.Single(machine.Failures));
        Assert.Equal("fdatasync", failure.Operation);
        Assert.False(write.IsCompleted);
        machine.Stop(1000);
        Assert.Single(machine.Failures);
    }

    [Fact]
    public async Task Runtime_CommandOfANewerVersion_StopsTheNode()
    {
        using ThreadedCluster cluster = Started(1);
        ThreadedCluster.Machine machine = await cluster.LeaderAsync().WaitAsync(Limit);

        Task<WriteOutcome> write = machine.Node.WriteAsync(new byte[] { 0xEE, 0xEE, 0xEE, 0xEE }, NodeClock.SystemMs + 60_000).AsTask();

        Assert.True(machine.HasFailed.Wait(Limit));
        Assert.IsType<Kv.UnknownCommandException>(Assert.Single(machine.Failures));
        Assert.False(write.IsCompleted);
    }

    [Fact]
    public void Dispose_NeverStarted_Returns()
    {
        using ThreadedCluster cluster = Started(1);
        ThreadedCluster.Machine machine = cluster.Machines[0];
        NodeRuntime other = new(machine.Node, new LogWriter(OpenLog(), () => 0), _ => { });

        other.Dispose();
    }

    [Fact]
    public async Task LogStallMs_WhileItIsLong_NothingIsAcknowledgedAndReadsGoOn()
    {
        using ThreadedCluster cluster = Started(1);
        ThreadedCluster.Machine machine = await cluster.LeaderAsync().WaitAsync(Limit);
        machine.Runtime!.LogStallMs = 600_000;

        Task<WriteOutcome> write = machine.Node.WriteAsync(TestCluster.Put("a", "1"), NodeClock.SystemMs + 60_000).AsTask();

        Assert.Equal(RefusalReason.None, await machine.Node.ConfirmReadAsync(NodeClock.SystemMs + 30_000));
        Assert.False(write.IsCompleted);
        machine.Runtime.LogStallMs = 0;
        Assert.Equal(WriteCertainty.Applied, (await write.WaitAsync(Limit)).Certainty);
    }

    [Fact]
    public async Task Stop_WhileTheLogIsHeldBack_WritesWhatWasHandedOut()
    {
        using ThreadedCluster cluster = Started(1);
        ThreadedCluster.Machine machine = await cluster.LeaderAsync().WaitAsync(Limit);
        machine.Runtime!.LogStallMs = 600_000;
        long before = machine.Node.Status.DurableIndex;
        Task<WriteOutcome> write = machine.Node.WriteAsync(TestCluster.Put("a", "1"), NodeClock.SystemMs + 60_000).AsTask();
        Assert.Equal(RefusalReason.None, await machine.Node.ConfirmReadAsync(NodeClock.SystemMs + 30_000));

        machine.Stop(0);

        await write.WaitAsync(Limit);
        machine.Start();
        await cluster.LeaderAsync().WaitAsync(Limit);
        Assert.True(machine.Node.Status.DurableIndex > before);
        Assert.Equal(1, machine.Node.View.KeyCount);
    }

    private static ThreadedCluster Started(int count)
    {
        ThreadedCluster cluster = new(count);
        foreach (ThreadedCluster.Machine machine in cluster.Machines)
        {
            machine.Start();
        }

        return cluster;
    }

    private static WriteAheadLog OpenLog()
    {
        MemoryFileSystem disk = new();
        disk.CreateDirectory("wal");
        return WriteAheadLog.Open(disk, "wal", TestCluster.ClusterId, new WalOptions { SegmentBytes = 64 << 10 }, Raft.EntryId.Zero, out _);
    }
}
