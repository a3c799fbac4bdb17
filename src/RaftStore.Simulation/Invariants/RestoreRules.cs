using RaftStore.Kv;
using RaftStore.Node;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Simulation;

/// <summary>A backup that is restored into an empty directory, with a power cut at a drawn operation: what is left is the whole state, or a directory
/// that no start takes for a node's.</summary>
internal static class RestoreRules
{
    private const long RaiseBy = 1_000_000;
    private const string Place = "/restored";
    private const int OperationsMax = 50;

    public static void Check(World world, RandomStream random, SimulatedDisk disk, Func<KvStore> load, long term)
    {
        NewCluster plan = new(new ClusterId(world.Cluster.Value ^ 4), "restored", "restored:1", RaiseBy);
        long revision = load().Current.Revision + RaiseBy;
        disk.CutPowerAfter(random.Between(1, OperationsMax));
        try
        {
            plan.Write(disk, Place, load(), term);
            disk.CutPowerAfter(-1);
            ClusterInvariants.Check(RevisionIn(disk) == revision, $"a backup was restored to revision {RevisionIn(disk)}, and not to {revision}");
            world.Invariants.Saw("backup restored");
        }
        catch (SimulatedPowerCutException)
        {
            disk.PowerCut();
            CheckUnfinished(disk, revision);
            world.Invariants.Saw("restore met a power cut");
        }
    }

    /// <summary>What a power cut left of a restore to that revision.</summary>
    public static void CheckUnfinished(SimulatedDisk disk, long revision)
    {
        try
        {
            ClusterInvariants.Check(RevisionIn(disk) is var left && (left is null || left == revision), $"a restore to revision {revision} met a power cut, and what it left has revision {RevisionIn(disk)}");
        }
        catch (DataDirectoryException)
        {
            // Refused, as it has to be.
        }
    }

    // The revision with which a node would start; null where it would find an empty directory.
    private static long? RevisionIn(SimulatedDisk disk)
    {
        using DataDirectory directory = DataDirectory.Open(disk, Place);
        if (directory.Identity is not { } identity)
        {
            return null;
        }

        if (identity.State == FormationState.Forming)
        {
            // A start finishes this by itself, since all founders are here.
            directory.WriteIdentity(identity with { State = FormationState.Formed });
        }

        RecoveredNode recovered = NodeRecovery.Recover(disk, directory, identity, SimulatedMachine.Wal, nowMs: 0, () => 0);
        using WriteAheadLog log = recovered.Log;
        return recovered.Start.Store.Current.Revision;
    }
}
