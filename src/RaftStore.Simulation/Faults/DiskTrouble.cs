using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Simulation;

/// <summary>Disks that fail, fill up and rot under the machines that use them, and what has to follow.</summary>
internal sealed class DiskTrouble
{
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;
    private const int IoError = 5;

    private readonly World _world;
    private readonly RandomStream _random;

    // What a machine knew for certain when its disk was damaged under it, by its number: it never goes on with less. A power cut may lose the note of
    // the durable end that followed the last sync, and then nobody can tell rot of what that sync wrote from a torn tail.
    private readonly Dictionary<int, (long Committed, long Term, long SectorsLost)> _known = [];

    public DiskTrouble(World world)
    {
        _world = world;
        _random = new RandomStream(world.Seed, "disk trouble");
    }

    public void Start()
    {
        Every(_world.Profile.DiskErrorEveryMs, Fail);
        Every(_world.Profile.DiskFullEveryMs, Fill);
        Every(_world.Profile.DamageEveryMs, Rot);
    }

    /// <summary>Starts the process on a machine.</summary>
    /// <returns>False where its disk did not let it.</returns>
    public bool Start(SimulatedMachine machine, Action boot)
    {
        try
        {
            boot();
            CheckKnown(machine);
            return true;
        }
        catch (SimulatedPowerCutException)
        {
            machine.PowerCut();
        }
        catch (StorageIoException exception)
        {
            machine.Kill($"could not start: {exception.Message}");
        }
        catch (DataDirectoryException exception) when (machine.IsDamaged)
        {
            Replace(machine, exception);
            _world.Invariants.Saw("damaged disk refused, and its node replaced");
        }
        catch (DataDirectoryException exception)
        {
            throw new SimulationFailureException($"machine {machine.Id} finds its data damaged, though nothing damaged it: {exception.Message}", exception);
        }

        return false;
    }

    /// <summary>Lets a process do something on its disk.</summary>
    /// <returns>False where it has ended by that.</returns>
    public bool Run(SimulatedMachine machine, Action work)
    {
        try
        {
            work();

            // An error that nobody reports has been tried again, or forgotten: what the disk holds is not known then.
            ClusterInvariants.Check(machine.Disk.IoErrors == 0, $"the disk of {machine.Id} failed with EIO, and its node goes on");
            return true;
        }
        catch (SimulatedPowerCutException)
        {
            machine.PowerCut();
        }
        catch (StorageIoException exception)
        {
            // Where only what needs room is refused, a node goes on. It ends where the file system says at any operation that there is none:
            // what a sync that failed has left on the disk is not known, for whatever reason it failed.
            bool isPlanned = exception == machine.Disk.PlannedFailure;
            ClusterInvariants.Check(exception.Errno != NoSpace || isPlanned, $"{machine.Id} ends because its disk is full: {exception.Message}");
            _world.Invariants.Saw("machine's log failed");
            _world.Invariants.Saw("machine's log failed for want of room", exception.Errno == NoSpace ? 1 : 0);
            machine.Kill($"exit code 4: {exception.Message}");
        }
        catch (DataDirectoryException exception) when (machine.IsDamaged)
        {
            Replace(machine, exception);
            _world.Invariants.Saw("damage met in use, and the node replaced");
        }

        return false;
    }

    /// <summary>Lets a pump run.</summary>
    /// <returns>False where its process has ended by that.</returns>
    public bool RunPump(SimulatedMachine machine)
    {
        try
        {
            machine.Node!.RunOnce(machine.NowMs);
            return true;
        }
        catch (RaftInvariantException exception)
        {
            throw new SimulationFailureException($"machine {machine.Id} stops itself: {exception.Message}", exception);
        }
        catch (LostEntriesException exception) when (machine.IsDamaged)
        {
            // What rot and a power cut have taken together looked like a torn tail, and the leader knows better.
            Replace(machine, exception);
            _world.Invariants.Saw("disk that forgot noticed, and the node replaced");
            return false;
        }
    }

    // Nobody may repair it by hand: an operator puts an empty disk in, and it has to be taken in anew.
    private void Replace(SimulatedMachine machine, Exception exception)
    {
        machine.Kill($"exit code 3: {exception.Message}");
        _world.Membership.LoseDisk(machine);
    }

    private void Every(int meanMs, Action<SimulatedMachine> strike)
    {
        if (meanMs == 0)
        {
            return;
        }

        _world.Events.After(_random.Between(1, 2000L * meanMs), () =>
        {
            if (!_world.IsHealed)
            {
                IReadOnlyList<SimulatedMachine> present = _world.Present;
                strike(present[_random.Below(present.Count)]);
                Every(meanMs, strike);
            }
        });
    }

    private void Fail(SimulatedMachine machine)
    {
        bool isLasting = _random.OneIn(2);
        int errno = _random.Below(4) switch { 0 => QuotaExceeded, 1 => NoSpace, _ => IoError };
        machine.Disk.FailAfter(_random.Between(1, 60), errno, isLasting ? long.MaxValue : _random.Between(1, 3));
        _world.Trace.Tell($"{machine.Id}'s disk is about to fail {(isLasting ? "for good" : "for a moment")} with errno {errno}");
        RestartLater(machine);
    }

    private void Fill(SimulatedMachine machine)
    {
        long refusedBefore = machine.Disk.RefusedForSpace;
        machine.Disk.CapacityBytes = machine.Disk.UsedBytes + (_random.OneIn(3) ? _random.Between(0, 150_000) : 0);
        _world.Trace.Tell($"{machine.Id}'s disk has {machine.Disk.CapacityBytes - machine.Disk.UsedBytes} bytes left");
        _world.Events.After(_random.Between(500_000, 9_000_000), () =>
        {
            _world.Invariants.Saw("disk full", machine.Disk.RefusedForSpace > refusedBefore ? 1 : 0);
            _world.Invariants.Saw("log had no room", machine.Node is { Status.HasLogSpace: false } ? 1 : 0);
            machine.Disk.CapacityBytes = long.MaxValue;
            _world.Trace.Tell($"{machine.Id}'s disk has room again");
            RestartLater(machine);
        });
    }

    // In use, or at rest between two lives of the process. From then on the machine counts as lost, since any later read may come upon the damage.
    private void Rot(SimulatedMachine machine)
    {
        if (_world.Membership.IsChangingVoters || machine.IsDamaged || machine.Node is not { } node || !_world.Atlas.CanLose([machine]))
        {
            return;
        }

        long durable = node.Core.DurableIndex;

        // A term of which it has just heard, and which it has told nobody, may go with the process.
        long term = _world.Invariants.HardStateOnPlatter(machine).Term;
        if (_random.OneIn(2))
        {
            if (Damage.Inflict(machine.Disk, _random, ofSnapshot: _random.OneIn(2)) is { } rot)
            {
                machine.IsDamaged = Tell(machine, rot);
                _world.Invariants.Saw("disk damaged in use");
                _known[machine.Number] = (Math.Min(node.Core.CommitIndex, durable), term, machine.Disk.SectorsLost);
                _world.Membership.Mourn();
            }

            return;
        }

        machine.Kill("killed");
        machine.IsDamaged = Damage.Inflict(machine.Disk, _random) is { } damage && Tell(machine, damage);
        _world.Membership.Mourn();
        machine.Start();
        if (machine.IsUp)
        {
            ClusterInvariants.Check(
                machine.Node!.Core.LastEntry.Index >= durable && machine.Node.Core.Term >= term,
                $"{machine.Id} goes on with a log to {machine.Node.Core.LastEntry} in term {machine.Node.Core.Term}, though it had {durable} durable in term {term} before its disk was damaged");
            _world.Invariants.Saw("damaged disk made good or of no account");
        }
    }

    private void CheckKnown(SimulatedMachine machine)
    {
        if (_known.TryGetValue(machine.Number, out (long Committed, long Term, long SectorsLost) known) && known.SectorsLost == machine.Disk.SectorsLost)
        {
            (EntryId last, long term) = (machine.Node!.Core.LastEntry, machine.Node.Core.Term);
            ClusterInvariants.Check(
                last.Index >= known.Committed && term >= known.Term,
                $"{machine.Id} starts with a log to {last} in term {term}, though it had entry {known.Committed}, which is committed, durable in term {known.Term} when its disk was damaged under it");
            _world.Invariants.Saw("disk that was damaged in use started from");
        }
    }

    private bool Tell(SimulatedMachine machine, Damage damage)
    {
        _world.Trace.Tell($"{machine.Id}'s disk is damaged: {damage}");
        _world.Invariants.Saw("disk damaged");
        _world.Invariants.Saw($"disk damaged: {damage.Kind}");
        return true;
    }

    private void RestartLater(SimulatedMachine machine) => _world.Events.After(_random.Between(10_000, 4_000_000), () =>
    {
        if (!machine.IsUp)
        {
            machine.Start();
        }
    });
}
