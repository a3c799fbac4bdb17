using System.Text;
using RaftStore.Kv;
using RaftStore.Node.Tests.Harness;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node.Tests.Recovery;

public sealed class NewClusterTests
{
    private const string Path = "restored";

    [Fact]
    public void Write_AState_StartsAsAClusterOfOneWithItsHistory()
    {
        MemoryFileSystem disk = new();
        NewCluster plan = new(new ClusterId(77), "r1", "127.0.0.1:7500", RaiseBy: 1000);

        long revision = plan.Write(disk, Path, Store(20), term: 5);

        using DataDirectory directory = DataDirectory.Open(disk, Path);
        NodeIdentity identity = directory.Identity!;
        Assert.Equal((plan.Cluster, new NodeId(1), "r1", FormationState.Formed), (identity.Cluster, identity.Node, identity.Name, identity.State));
        RecoveredNode recovered = NodeRecovery.Recover(disk, directory, identity, new WalOptions(), nowMs: 0, () => 0);
        using WriteAheadLog log = recovered.Log;
        KvView view = recovered.Start.Store.Current;
        Assert.Equal((1020L, 1020L, 1020L), (revision, view.Revision, view.AppliedIndex));
        Assert.Equal(new EntryId(1020, 5), recovered.Start.Initial.SnapshotLast);
        Assert.Equal(5, recovered.Found.HardState.Term);
        Assert.Empty(recovered.Start.Initial.Batches);
        foreach ((long at, string value) in new[] { (7L, "7"), (20L, "20"), (500L, "20"), (1020L, "20") })
        {
            Assert.True(view.TryGet("a"u8, at, out KvItem item));
            Assert.Equal(value, Encoding.UTF8.GetString(item.Value.Span));
        }
    }

    [Fact]
    public void Write_WithoutRaising_KeepsTheRevision()
    {
        MemoryFileSystem disk = new();

        Assert.Equal(3, new NewCluster(new ClusterId(77), "r1", "127.0.0.1:7500", RaiseBy: 0).Write(disk, Path, Store(3), term: 1));
    }

    [Fact]
    public void Write_ADirectoryOfANode_IsRefused()
    {
        MemoryFileSystem disk = new();
        NewCluster plan = NewCluster.Draw("r1", "127.0.0.1:7500");
        plan.Write(disk, Path, Store(3), term: 1);

        DataDirectoryException refusal = Assert.Throws<DataDirectoryException>(() => NewCluster.Draw("r2", "127.0.0.1:7500").Write(disk, Path, Store(3), term: 1));

        Assert.Contains("r1", refusal.Message, StringComparison.Ordinal);
        Assert.NotEqual(ClusterId.None, plan.Cluster);
    }

    private static KvStore Store(int writes)
    {
        KvStore store = new();
        for (int i = 1; i <= writes; i++)
        {
            store.Apply(i, clusterTimeMs: i, KvCommand.Put("a"u8, Encoding.UTF8.GetBytes($"{i}")));
        }

        store.Publish();
        return store;
    }
}
