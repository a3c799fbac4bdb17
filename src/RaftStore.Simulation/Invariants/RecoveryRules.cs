using RaftStore.Node;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Simulation;

/// <summary>What can be made of one member's disk when all others are lost: at the end of a run, from a copy of what is on the platter, by the
/// product's own means and in the same directory, with power cuts at drawn operations on the way.</summary>
internal sealed class RecoveryRules(World world)
{
    private const long RaiseBy = 1_000_000;

    /// <summary>Disk operations of one recovery, roughly; a cut is drawn from a few more, so that some recoveries meet none.</summary>
    private const int OperationsMax = 80;

    private const int CutsMax = 3;

    private readonly RandomStream _random = new(world.Seed, "recovery");

    /// <summary>Recovers a machine that has converged, and so has everything that was ever acknowledged, and nothing else.</summary>
    public void AtEnd()
    {
        // An entry that nobody knows to be committed is taken for true by a recovery, and may change the state.
        SimulatedMachine[] up = [.. world.Machines.Where(machine => machine.Node is { } node && !machine.IsDamaged && node.Core.LastEntry.Index == node.View.AppliedIndex)];
        if (up.Length == 0)
        {
            return;
        }

        SimulatedMachine lost = up[_random.Below(up.Length)];
        SimulatedDisk disk = lost.Disk.CopyOfPlatter();
        NewCluster plan = new(new ClusterId(world.Cluster.Value ^ 2), lost.Name, lost.Address, RaiseBy);
        for (int cuts = 0; !TryRecover(lost, disk, plan, isCut: cuts < CutsMax); cuts++)
        {
            disk.PowerCut();
            world.Invariants.Saw("recovery met a power cut");
            CheckOldOrNew(lost, disk.CopyOfPlatter(), plan);
        }

        CheckNew(lost, disk, plan);
        CheckAside(lost, disk, plan);
        world.Invariants.Saw("new cluster recovered");
    }

    // What «raftstore recover» does, again after each cut. False where the power was cut.
    private bool TryRecover(SimulatedMachine lost, SimulatedDisk disk, NewCluster plan, bool isCut)
    {
        disk.CutPowerAfter(isCut ? _random.Between(1, OperationsMax) : -1);
        try
        {
            using DataDirectory directory = DataDirectory.Open(disk, SimulatedMachine.DataPath);
            if (directory.Identity!.Cluster == plan.Cluster)
            {
                world.Invariants.Saw("exchange of directories finished after a power cut");
            }
            else
            {
                SurvivingState state = SurvivingState.Read(disk, directory);
                CheckOld(lost, state);
                state.Replace(disk, directory, plan);
            }

            disk.CutPowerAfter(-1);
            return true;
        }
        catch (SimulatedPowerCutException)
        {
            return false;
        }
    }

    private static void CheckOldOrNew(SimulatedMachine lost, SimulatedDisk disk, NewCluster plan)
    {
        bool isNew;
        using (DataDirectory directory = DataDirectory.Open(disk, SimulatedMachine.DataPath))
        {
            isNew = directory.Identity!.Cluster == plan.Cluster;
            if (!isNew)
            {
                CheckOld(lost, SurvivingState.Read(disk, directory));
            }
        }

        if (isNew)
        {
            CheckNew(lost, disk, plan);
        }
    }

    private static void CheckOld(SimulatedMachine lost, SurvivingState state)
    {
        (long revision, string hash) = (state.Store.Current.Revision, state.Store.Current.Hash);
        ClusterInvariants.Check(
            revision == lost.Node!.View.Revision && hash == lost.Node.View.Hash,
            $"the disk of {lost.Id} holds revision {revision} with hash {hash}, but its node showed {lost.Node.View.Revision} with {lost.Node.View.Hash}");
    }

    private static void CheckNew(SimulatedMachine lost, SimulatedDisk disk, NewCluster plan)
    {
        using DataDirectory directory = DataDirectory.Open(disk, SimulatedMachine.DataPath);
        ClusterInvariants.Check(directory.Identity is { State: FormationState.Formed } identity && identity.Cluster == plan.Cluster, $"{lost.Id} was recovered, and its directory is that of {directory.Identity}");
        RecoveredNode recovered = NodeRecovery.Recover(disk, directory, directory.Identity!, SimulatedMachine.Wal, nowMs: 0, () => 0);
        using WriteAheadLog log = recovered.Log;
        long revision = lost.Node!.View.Revision + RaiseBy;
        long found = recovered.Start.Store.Current.Revision;
        ClusterInvariants.Check(found == revision, $"{lost.Id} was recovered at revision {found}, and not at {revision}");
    }

    // What stood there is kept, and a directory like any other.
    private static void CheckAside(SimulatedMachine lost, SimulatedDisk disk, NewCluster plan)
    {
        string aside;
        using (DataDirectory directory = DataDirectory.Open(disk, SimulatedMachine.DataPath))
        {
            aside = directory.AsidePath(plan.Cluster);
        }

        using DataDirectory kept = DataDirectory.Open(disk, aside);
        CheckOld(lost, SurvivingState.Read(disk, kept));
    }
}
