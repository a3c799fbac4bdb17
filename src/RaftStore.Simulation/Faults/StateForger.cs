using System.Text;
using RaftStore.Kv;
using RaftStore.Kv.Versions;
using RaftStore.Node;

namespace RaftStore.Simulation;

/// <summary>Makes the state of one machine really wrong: between two of its lives one value in its newest snapshot becomes another, with every
/// checksum right. Only the comparison of states between machines can find that.</summary>
/// <remarks>The false value is known, so it is known of each state and of each answer whether it is wrong. What holds it is excused from the rules about
/// equal states and explained answers, and nothing else is. It can reach another machine only by a snapshot of a leader that has it.</remarks>
internal sealed class StateForger
{
    /// <summary>Once nothing is written any more, whoever differs from the leader at the same index must be quarantined within this time.</summary>
    private const long FoundWithinUs = 10_000_000;

    private readonly World _world;
    private readonly RandomStream _random;
    private readonly List<QuarantineCare> _cares = [];
    private readonly SortedDictionary<int, long> _differsSinceUs = [];
    private SimulatedMachine? _victim;
    private FalseVersion? _false;
    private bool _hasLed;
    private bool _hasSpread;

    public StateForger(World world)
    {
        _world = world;
        _random = new RandomStream(world.Seed, "state forger");
    }

    public void Start()
    {
        if (_world.Profile.ForgesState)
        {
            _victim = _world.Machines[_random.Below(_world.Profile.Machines)];
            _cares.AddRange(_world.Machines.Select(machine => new QuarantineCare(_world, _random, machine, () => !IsIn(machine.Node!.View))));
            Forge();
            Again();
        }
    }

    /// <summary>True for a state that holds the false version.</summary>
    public bool IsIn(KvView view)
    {
        if (_false is null)
        {
            return false;
        }

        VersionedKey found = view.Root.Find(Encoding.ASCII.GetBytes(_false.Key));
        KeyVersion? version = found.IsPresent ? found.At(_false.ModRevision) : null;
        return version?.ModRevision == _false.ModRevision && version.Value.Length > 0 && version.Value[0] == FalseVersion.Mark;
    }

    /// <summary>A pump has run.</summary>
    public void AfterPump(SimulatedMachine machine)
    {
        if (_false is null || !IsIn(machine.Node!.View))
        {
            return;
        }

        if (machine != _victim && !_hasSpread)
        {
            _hasSpread = true;
            ClusterInvariants.Check(_hasLed, $"the false value of {_victim!.Id} is in the state of {machine.Id}, though it has not led");
            _world.Trace.Tell($"{machine.Id} has taken over the false state, with a snapshot");
            _world.Invariants.Saw("false state spread by a leader's snapshot");
        }

        _hasLed |= machine.Node.Core.Role == Raft.RaftRole.Leader;
    }

    /// <summary>A client got this value: a false one tells nothing of what was written.</summary>
    /// <returns>True where it is false, and may be: the machine holds it, or a leader has held it that answered for it.</returns>
    public bool Excuses(SimulatedMachine machine, string? value)
    {
        if (!FalseVersion.IsFalse(value))
        {
            return false;
        }

        ClusterInvariants.Check(_hasLed || IsIn(machine.Node!.View), $"{machine.Id} answers {value}, which is false, though its state is right");
        _world.Invariants.Saw("false answer given before the state was found to be wrong");
        return true;
    }

    private void Again() => _world.Events.After(_random.Between(100_000, 1_000_000), () =>
    {
        _cares.ForEach(care => care.Look());
        foreach (SimulatedMachine machine in _world.Machines)
        {
            CheckFound(machine);
        }

        Again();
    });

    private void Forge() => _world.Events.After(_random.Between(500_000, 4_000_000), () =>
    {
        if (_world.IsHealed)
        {
            return;
        }

        if (_victim!.IsUp)
        {
            _victim.Kill("somebody turns it off");
        }

        _victim.Disk.ProcessKilled();
        _false = FalseSnapshot.Rewrite(_victim.Disk, SimulatedMachine.DataPath);
        if (_false is null)
        {
            Forge();
        }
        else
        {
            _world.Invariants.Saw("state made wrong on the disk");
            _world.Trace.Tell($"the state of {_victim.Id} is made wrong: {_false}");
        }

        _victim.Start();
    });

    private void CheckFound(SimulatedMachine machine)
    {
        if (_false is null || machine.Node is not { } node)
        {
            return;
        }

        if (node.Status.Divergence is DivergenceReport report)
        {
            bool isWrong = IsIn(node.View);
            _world.Invariants.Saw("false state found", isWrong ? 1 : 0);
            ClusterInvariants.Check(isWrong || _hasSpread || !report.HasMajority || machine == _victim, $"{machine.Id} is right, and is quarantined because a majority says so: {report}");
            _differsSinceUs.Remove(machine.Number);
            return;
        }

        SimulatedMachine? leader = _world.Machines.FirstOrDefault(one => one.Node is { Core.Role: Raft.RaftRole.Leader } leading && leading.Core.Term == node.Core.Term);
        bool differs = _world.Workload.IsFinished && leader is not null && leader.Node!.View.AppliedIndex == node.View.AppliedIndex && leader.Node.View.Hash != node.View.Hash;
        if (!differs)
        {
            _differsSinceUs.Remove(machine.Number);
        }
        else if (!_differsSinceUs.TryAdd(machine.Number, _world.Events.NowUs))
        {
            long sinceUs = _differsSinceUs[machine.Number];
            ClusterInvariants.Check(_world.Events.NowUs - sinceUs < FoundWithinUs, $"{machine.Id} differs from its leader since {sinceUs / 1000} ms, and nobody has found out");
        }
    }
}
