using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Simulation;

/// <summary>What must be on the platters: read with the product's own recovery, from a copy of each disk as it would be after a power
/// cut that loses everything unsynced.</summary>
internal sealed class PlatterRules
{
    /// <summary>Reading a platter costs far more than a step, so one acknowledgement in this many is looked into.</summary>
    private const int AcknowledgementsOneIn = 8;

    private readonly World _world;
    private readonly ConfigurationRules _configurations;
    private readonly RandomStream _random;
    private readonly Dictionary<int, PlatterReader> _readers = [];
    private readonly Dictionary<int, (long Version, long LastIndex)> _ends = [];
    private readonly SortedSet<(long Revision, long Index)> _states = [(0, 0)];

    public PlatterRules(World world, ConfigurationRules configurations)
    {
        _world = world;
        _configurations = configurations;
        _random = new RandomStream(world.Seed, "platters");
    }

    /// <summary>A machine shows this revision at this applied index.</summary>
    public void Shows(long revision, long index) => _states.Add((revision, index));

    /// <summary>I7: what was acknowledged is on a quorum of platters, not merely in memory.</summary>
    public void Acknowledged(long revision)
    {
        if (!_random.OneIn(AcknowledgementsOneIn))
        {
            return;
        }

        // The entry lies after every index at which some machine was still at an older revision.
        long index = _states.GetViewBetween((0, 0), (revision - 1, long.MaxValue)).Max.Index + 1;
        Dictionary<NodeId, bool> holders = [];
        bool Holds(NodeId id)
        {
            if (!holders.TryGetValue(id, out bool holds))
            {
                holders[id] = holds = _world.Machine(id) is { } machine && (machine.IsWiped || machine.IsDamaged || HoldsOnPlatter(machine, index));
            }

            return holds;
        }

        // A configuration counts from its entry on: the leader may have counted by one that is not committed yet.
        (long committedIndex, Configuration committed) = _configurations.Committed;
        bool isSafe = ConfigurationRules.Decides(committed, Holds) || _world.Machines.Any(machine => !machine.Id.IsNone
            && _configurations.LastOf(machine.Id) is (long last, { } configuration) && last > committedIndex && ConfigurationRules.Decides(configuration, Holds));
        ClusterInvariants.Check(isSafe, $"revision {revision} was acknowledged, but of {ConfigurationRules.Describe(committed)} only the platters of {string.Join(',', holders.Where(one => one.Value).Select(one => one.Key))} hold its entry {index}");
    }

    /// <summary>A process that starts has all that its platter holds, and nothing is wrong with what it holds.</summary>
    public void Started(SimulatedMachine machine)
    {
        if (machine.IsDamaged)
        {
            // What it may start with was looked at when it was damaged.
            return;
        }

        RecoveredLog onPlatter = Inspect(machine);
        RaftNode core = machine.Node!.Core;
        EntryId last = LastOf(onPlatter);
        ClusterInvariants.Check(core.LastEntry == last, $"{machine.Id} starts with a log that ends in {core.LastEntry}, though its platter's ends in {last}");
    }

    /// <summary>A machine has taken a snapshot: looks at the members in it.</summary>
    public void CheckSnapshot(SimulatedMachine machine)
    {
        if (SnapshotStore.OpenUnchanged(machine.Disk, machine.SnapshotPath, _world.Cluster).Latest is { } latest)
        {
            _configurations.CheckSnapshot(machine.Id, latest.Metadata);
        }
    }

    /// <summary>Reads a platter.</summary>
    public RecoveredLog Inspect(SimulatedMachine machine)
    {
        SimulatedDisk copy = machine.Disk.CopyOfPlatter();
        try
        {
            using DataDirectory directory = DataDirectory.Open(copy, SimulatedMachine.DataPath);
            SnapshotStore snapshots = SnapshotStore.Open(copy, directory.SnapshotPath, _world.Cluster);
            if (snapshots.Latest is { } latest)
            {
                _configurations.CheckSnapshot(machine.Id, latest.Metadata);
            }

            EntryId snapshot = snapshots.Latest?.Metadata.LastIncluded ?? EntryId.Zero;
            using WriteAheadLog log = WriteAheadLog.Open(copy, directory.WalPath, _world.Cluster, SimulatedMachine.Wal, snapshot, out RecoveredLog recovered);
            return recovered;
        }
        catch (DataDirectoryException exception)
        {
            throw new SimulationFailureException($"the platter of {machine.Id} cannot be read, though nothing damaged it: {exception.Message}", exception);
        }
    }

    /// <summary>Whether a start from that platter would find the entry. What was read of a platter holds until the platter changes.</summary>
    public bool HoldsOnPlatter(SimulatedMachine machine, long index)
    {
        long version = machine.Disk.PlatterVersion;
        if (!_ends.TryGetValue(machine.Number, out (long Version, long LastIndex) end) || end.Version != version)
        {
            _ends[machine.Number] = end = (version, Read(machine).Last.Index);
        }

        return end.LastIndex >= index;
    }

    /// <summary>The term of the entry that a start from that platter would find at an index; -1 for none. What a snapshot covers has the
    /// snapshot's term.</summary>
    public long TermOnPlatter(SimulatedMachine machine, long index) => Read(machine).TermAt(index);

    /// <summary>The term and the vote that a start from that platter would find.</summary>
    public HardState HardStateOnPlatter(SimulatedMachine machine) => Read(machine).HardState;

    private static EntryId LastOf(RecoveredLog log) => log.Batches.Count == 0 ? log.Base : log.Batches[^1].Last;

    // The scan that a start does, without what a start then writes: a look every few acknowledgements must not cost a start.
    private LogEndReader Read(SimulatedMachine machine)
    {
        if (!_readers.TryGetValue(machine.Number, out PlatterReader? reader))
        {
            _readers.Add(machine.Number, reader = new PlatterReader(_world.Cluster));
        }

        try
        {
            reader.Look(machine.Disk);
            ClusterInvariants.Check(machine.Disk.Platter.FileExists($"{SimulatedMachine.DataPath}/identity.json"), $"the platter of {machine.Id} does not say whose it is");
            return reader.Log;
        }
        catch (DataDirectoryException exception)
        {
            throw new SimulationFailureException($"the platter of {machine.Id} cannot be read, though nothing damaged it: {exception.Message}", exception);
        }
    }
}
