using RaftStore.Node;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Simulation;

/// <summary>What can be made of one member's disk when all others are lost: at the end of a run, from a copy of what is on the platter, by the
/// product's own means, with a power cut somewhere on the way. A restored backup is written the same way.</summary>
internal sealed class RecoveryRules(World world)
{
    private const long RaiseBy = 1_000_000;

    /// <summary>Disk operations of one recovery, roughly; a cut is drawn from a few more, so that some recoveries meet none.</summary>
    private const int OperationsMax = 60;

    private readonly RandomStream _random = new(world.Seed, "recovery");

    /// <summary>Recovers a machine that has converged, and so has everything that was ever acknowledged.</summary>
    public void AtEnd()
    {
        SimulatedMachine[] up = [.. world.Machines.Where(machine => machine.IsUp)];
        SimulatedMachine lost = up[_random.Below(up.Length)];
        SimulatedDisk disk = lost.Disk.CopyOfPlatter();
        NewCluster plan = new(new ClusterId(world.Cluster.Value ^ 2), lost.Name, lost.Address, RaiseBy);
        string path = "/new";

        disk.CutPowerAfter(_random.Between(1, OperationsMax));
        if (!TryRecover(lost, disk, plan, path))
        {
            disk.CutPowerAfter(-1);
            disk.PowerCut();
            world.Invariants.Saw("recovery met a power cut");
            CheckUnfinished(disk, path);
            path = "/again";
            ClusterInvariants.Check(TryRecover(lost, disk, plan, path), "a recovery met a power cut that nobody had planned");
        }

        disk.CutPowerAfter(-1);
        using DataDirectory directory = DataDirectory.Open(disk, path);
        RecoveredNode recovered = NodeRecovery.Recover(disk, directory, directory.Identity!, SimulatedMachine.Wal, nowMs: 0, () => 0);
        using WriteAheadLog log = recovered.Log;
        long revision = lost.Node!.View.Revision + RaiseBy;
        long found = recovered.Start.Store.Current.Revision;
        ClusterInvariants.Check(found == revision, $"{lost.Id} was recovered at revision {found}, and not at {revision}");
        world.Invariants.Saw("new cluster recovered");
    }

    // A directory that was not finished is one without an identity, or none at all.
    private static void CheckUnfinished(SimulatedDisk disk, string path)
    {
        try
        {
            using DataDirectory directory = DataDirectory.Open(disk, path);
            ClusterInvariants.Check(
                directory.Identity is not { } identity || SnapshotStore.OpenUnchanged(disk, directory.SnapshotPath, identity.Cluster).Latest is not null,
                "a recovery that met a power cut left an identity, and no state");
        }
        catch (DataDirectoryException)
        {
            // Refused, as it has to be.
        }
    }

    // False where the power was cut.
    private static bool TryRecover(SimulatedMachine lost, SimulatedDisk disk, NewCluster plan, string path)
    {
        try
        {
            using DataDirectory directory = DataDirectory.Open(disk, SimulatedMachine.DataPath);
            SurvivingState state = SurvivingState.Read(disk, directory);
            (long revision, string hash) = (state.Store.Current.Revision, state.Store.Current.Hash);
            ClusterInvariants.Check(
                revision == lost.Node!.View.Revision && hash == lost.Node.View.Hash,
                $"the disk of {lost.Id} holds revision {revision} with hash {hash}, but its node showed {lost.Node.View.Revision} with {lost.Node.View.Hash}");
            plan.Write(disk, path, state.Store, state.Last.Term);
            return true;
        }
        catch (SimulatedPowerCutException)
        {
            return false;
        }
    }
}
