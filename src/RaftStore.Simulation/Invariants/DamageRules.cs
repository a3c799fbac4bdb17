using RaftStore.Node;
using RaftStore.Storage;

namespace RaftStore.Simulation;

/// <summary>What a start does with one fault of the disk: it refuses, naming the file, or it finds everything that was there. It never takes part with a
/// shortened log, another vote or another state. Tried on copies of disks in use, as a killed process would leave them.</summary>
internal sealed class DamageRules
{
    private const long EveryUsMax = 8_000_000;

    private readonly World _world;
    private readonly RandomStream _random;

    public DamageRules(World world)
    {
        _world = world;
        _random = new RandomStream(world.Seed, "damage");
    }

    public void Start() => _world.Events.After(_random.Between(1, EveryUsMax), () =>
    {
        if (_world.IsHealed)
        {
            return;
        }

        if (_world.Membership.DrawUp(_random) is { IsDamaged: false } machine)
        {
            Try(machine);
        }

        Start();
    });

    private void Try(SimulatedMachine machine)
    {
        SimulatedDisk harmed = machine.Disk.CopyAsSeen();
        if (Damage.Inflict(harmed, _random) is not { } damage)
        {
            return;
        }

        Found whole = Recover(machine.Disk.CopyAsSeen());
        Found found;
        try
        {
            found = Recover(harmed);
        }
        catch (DataDirectoryException refusal)
        {
            bool isNamed = refusal.Path.StartsWith(SimulatedMachine.DataPath, StringComparison.Ordinal);
            ClusterInvariants.Check(isNamed && refusal.Message.Contains(refusal.Path, StringComparison.Ordinal), $"{damage} is refused without naming a file: {refusal.Message}");
            _world.Invariants.Saw($"damaged {damage.Region} refused");
            return;
        }

        string which = $"{damage} on a copy of the disk of {machine.Id}";
        ClusterInvariants.Check(found.Log.HardState == whole.Log.HardState, $"{which}: a start finds {found.Log.HardState}, and not {whole.Log.HardState}");
        ClusterInvariants.Check(found.Log.Base == whole.Log.Base && found.StateHash == whole.StateHash, $"{which}: a start begins after {found.Log.Base} with state {found.StateHash}, and not after {whole.Log.Base} with {whole.StateHash}");
        long durable = machine.Node!.Core.DurableIndex;
        ClusterInvariants.Check(found.LastIndex >= durable, $"{which}: a start finds the log to {found.LastIndex}, of which {durable} was known to be durable");
        for (int place = 0; place < found.Log.Batches.Count; place++)
        {
            // Byte by byte: the checksum that a record bears may be right and the rest of it be damaged.
            bool isSame = found.Log.Batches[place].Bytes.Span.SequenceEqual(whole.Log.Batches[place].Bytes.Span);
            ClusterInvariants.Check(isSame, $"{which}: a start finds another {found.Log.Batches[place]} than the {whole.Log.Batches[place]} that was there");
        }

        _world.Invariants.Saw($"damaged {damage.Region} made good or of no account");
    }

    private static Found Recover(SimulatedDisk disk)
    {
        using DataDirectory directory = DataDirectory.Open(disk, SimulatedMachine.DataPath);
        NodeIdentity identity = directory.Identity ?? throw new SimulationFailureException("a damaged directory is taken for an empty one");
        RecoveredNode recovered = NodeRecovery.Recover(disk, directory, identity, SimulatedMachine.Wal, nowMs: 0, () => 0);
        using WriteAheadLog log = recovered.Log;
        return new Found(recovered.Found, recovered.Start.Store.Current.Hash);
    }

    private sealed record Found(RecoveredLog Log, string StateHash)
    {
        public long LastIndex => Log.Batches.Count == 0 ? Log.Base.Index : Log.Batches[^1].LastIndex;
    }
}
