using RaftStore.Kv;
using RaftStore.Node;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Simulation.Tests.Recovery;

public sealed class NewClusterTests
{
    private const string Place = "/restored";

    private static readonly NewCluster Plan = new(new ClusterId(7), "n1", "n1:1", RaiseBy: 10);

    // The name of the directory of snapshots was not durable when the identity was: a power cut could leave a node that founds an empty cluster.
    [Fact]
    public void Write_PowerCutAtAnyOperation_LeavesNoIdentityWithoutTheState()
    {
        int cuts = 0;
        for (int operation = 1; Cut(operation); operation++)
        {
            cuts++;
        }

        Assert.InRange(cuts, 15, 200);
    }

    // Several draws of what the cut loses. False where the operations were over before it.
    private static bool Cut(int operation)
    {
        for (ulong seed = 0; seed < 40; seed++)
        {
            SimulatedDisk disk = new(new RandomStream(seed, "disk"));
            disk.CutPowerAfter(operation);
            try
            {
                Plan.Write(disk, Place, new KvStore(), term: 1);
                return false;
            }
            catch (SimulatedPowerCutException)
            {
                disk.PowerCut();
                CheckLeft(disk, $"operation {operation}, seed {seed}");
            }
        }

        return true;
    }

    private static void CheckLeft(SimulatedDisk disk, string when)
    {
        try
        {
            using DataDirectory directory = DataDirectory.Open(disk, Place);
            Assert.True(directory.Identity is null || SnapshotStore.OpenUnchanged(disk, directory.SnapshotPath, Plan.Cluster).Latest is not null, $"{when}: an identity, and no state");
        }
        catch (DataDirectoryException)
        {
            // A start refuses it.
        }
    }
}
