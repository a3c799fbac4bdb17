using RaftStore.Node.Formation;
using RaftStore.Raft;

namespace RaftStore.Simulation;

/// <summary>What people do to the membership in a run: the errands under way, the machines that join, and the disks that are lost.</summary>
internal sealed class MembershipWorks
{
    private const int Operators = 2;

    /// <summary>A wish of which its operator heard no more may still be carried out for so long, in microseconds: longer than a frame is held back,
    /// and than a leader stays in office that was paused with the wish in its queue.</summary>
    private const long LingerUs = 3_000_000;

    private readonly World _world;
    private readonly RandomStream _random;
    private readonly List<Errand> _errands = [];
    private readonly List<Joiner> _joiners = [];
    private readonly List<Operator> _operators = [];
    private readonly HurriedOperator _hurried;
    private long _votersQuietFromUs = -1;
    private long _wipedUs = -LingerUs;

    public MembershipWorks(World world)
    {
        _world = world;
        _random = new RandomStream(world.Seed, "membership");
        _hurried = new HurriedOperator(world);
        for (int i = 0; i < Operators; i++)
        {
            _operators.Add(new Operator(world, i));
        }
    }

    /// <summary>True while a wish that may take voters away, or make some, may yet be carried out.</summary>
    public bool IsChangingVoters => _world.Events.NowUs < _votersQuietFromUs || _errands.Any(errand => errand.ChangesVoters);

    /// <summary>True while a leader may not have noticed that a disk was lost: nobody takes voters away then.</summary>
    public bool IsMourning => _world.Events.NowUs < _wipedUs + LingerUs;

    /// <summary>True where nobody waits for anything.</summary>
    public bool IsFinished => _errands.Count == 0 && _joiners.All(joiner => joiner.IsDone);

    public void Start()
    {
        if (_world.Profile.MembershipEveryMs > 0)
        {
            _operators.ForEach(one => one.Begin());
            PlanWipe();
        }
    }

    /// <summary>Some machine that runs; null where none does.</summary>
    public SimulatedMachine? DrawUp(RandomStream random)
    {
        List<SimulatedMachine> up = [.. _world.Machines.Where(machine => machine.IsUp)];
        return up.Count == 0 ? null : up[random.Below(up.Count)];
    }

    /// <summary>An errand is under way.</summary>
    public void Run(Errand errand) => _errands.Add(errand);

    /// <summary>A machine with an empty disk asks to be taken in: the machines that are drawn, one at a time, or any that runs.</summary>
    public void Join(SimulatedMachine machine, bool promotesItself, NodeId replaces, Func<RandomStream, SimulatedMachine?>? drawAsked = null)
    {
        Joiner joiner = new(_world, machine, promotesItself, replaces, drawAsked ?? DrawUp);
        _joiners.Add(joiner);
        joiner.Begin();
    }

    /// <summary>The machine of that member has no disk any more: a learner has to be taken out; a voter is replaced by whoever comes.</summary>
    public void Bury(NodeId member, bool isLearner)
    {
        if (isLearner && DrawUp(_random) is { } asked)
        {
            Run(Errand.Change(asked, new RemoveMember(member, Force: false), timeoutMs: 3_000, _ => { }));
        }
    }

    public void AfterPump(SimulatedMachine machine)
    {
        for (int i = _errands.Count - 1; i >= 0; i--)
        {
            // An answer may begin another errand, at the end of the list.
            Errand errand = _errands[i];
            if (errand.Poll(machine))
            {
                Over(errand);
            }
        }

        if (machine.IsUp && _world.Profile.MembershipEveryMs > 0 && !_world.IsHealed)
        {
            _hurried.AfterPump(machine);
        }
    }

    public void MachineEnded(SimulatedMachine machine)
    {
        for (int i = _errands.Count - 1; i >= 0; i--)
        {
            Errand errand = _errands[i];
            if (errand.MachineEnded(machine))
            {
                Over(errand);
            }
        }
    }

    private void Over(Errand errand)
    {
        _errands.Remove(errand);
        _votersQuietFromUs = errand.ChangesVoters ? _world.Events.NowUs + LingerUs : _votersQuietFromUs;
    }

    private void PlanWipe()
    {
        if (_world.Profile.WipeEveryMs > 0)
        {
            _world.Events.After(_random.Between(1, 2000L * _world.Profile.WipeEveryMs), () =>
            {
                if (!_world.IsHealed)
                {
                    Wipe();
                    PlanWipe();
                }
            });
        }
    }

    private void Wipe()
    {
        IReadOnlyList<SimulatedMachine> present = _world.Present;
        SimulatedMachine victim = present[_random.Below(present.Count)];
        if (IsChangingVoters || !_world.Atlas.CanLose([victim]))
        {
            return;
        }

        _world.Invariants.Saw("disk wiped");
        LoseDisk(victim);
    }

    /// <summary>A disk is lost: the machine comes back with an empty one under its name, and is taken in anew.</summary>
    public void LoseDisk(SimulatedMachine victim)
    {
        Mourn();
        victim.Wipe();
        _world.Events.After(_random.Between(50_000, 2_000_000), () => Return(victim));
    }

    /// <summary>A disk is lost, or may be: nobody takes voters away for a while.</summary>
    public void Mourn() => _wipedUs = _world.Events.NowUs;

    // It comes back under its old name, as if nothing had happened: as a founder where it was one, and then with --join.
    private void Return(SimulatedMachine lost)
    {
        if (_world.Founders.FindByName(lost.Name) is not null)
        {
            FormAgain(lost.Name);
        }

        SimulatedMachine machine = _world.AddMachine(lost.Name, lost.Address);
        Join(machine, promotesItself: true, NodeId.None);
    }

    // What founders do with one who has nothing: the formation protocol of the product, without a network.
    private void FormAgain(string name)
    {
        FormationProtocol empty = new(name, _world.Founders, identity: null, _random.NextBits);
        foreach (SimulatedMachine other in _world.Machines)
        {
            if (!other.IsUp || other.Name == name || other.Identity is not { Instance: 0 } identity)
            {
                continue;
            }

            FormationProtocol formed = new(other.Name, _world.Founders, identity, _random.NextBits);
            for (int round = 0; round < 3; round++)
            {
                formed.Receive(empty.StatusFor(other.Name), _world.Events.NowMs);
                empty.Receive(formed.StatusFor(name), _world.Events.NowMs);
            }

            FormationAction action = empty.Next().Action;
            ClusterInvariants.Check(action == FormationAction.Stop, $"{name} has lost its disk, meets {other.Name} of a formed cluster, and goes on with {action}");
            _world.Invariants.Saw("wiped founder refused");
        }
    }
}
