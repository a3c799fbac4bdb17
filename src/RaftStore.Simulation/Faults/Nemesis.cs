using RaftStore.Raft;

namespace RaftStore.Simulation;

/// <summary>Does to the cluster what the run's profile says, at times that it draws, until the world is healed.</summary>
internal sealed class Nemesis
{
    private readonly World _world;
    private readonly RandomStream _random;

    public Nemesis(World world)
    {
        _world = world;
        _random = new RandomStream(world.Seed, "nemesis");
    }

    public void Start()
    {
        Every(_world.Profile.PartitionEveryMs, Partition);
        Every(_world.Profile.CrashEveryMs, Crash);
        Every(_world.Profile.PauseEveryMs, Pause);
        Every(_world.Profile.DiskErrorEveryMs, FailDisk);
    }

    private void Every(int meanMs, Action strike)
    {
        if (meanMs == 0)
        {
            return;
        }

        _world.Events.After(_random.Between(1, 2000L * meanMs), () =>
        {
            if (!_world.IsHealed)
            {
                strike();
                Every(meanMs, strike);
            }
        });
    }

    private void Partition()
    {
        switch (_random.Below(4))
        {
            case 0:
                Split();
                break;
            case 1:
                Isolate();
                break;
            case 2:
                (NodeId from, NodeId to) = (Any().Id, Any().Id);
                _world.Network.Cut(from, to);
                _world.Trace.Tell($"nothing goes from {from} to {to} any more");
                break;
            default:
                _world.Network.Heal();
                _world.Trace.Tell("the network is whole again");
                break;
        }
    }

    private void Split()
    {
        List<NodeId> left = [];
        List<NodeId> right = [];
        foreach (SimulatedMachine machine in _world.Present)
        {
            (_random.OneIn(2) ? left : right).Add(machine.Id);
        }

        foreach (NodeId one in left)
        {
            foreach (NodeId other in right)
            {
                _world.Network.Cut(one, other);
                _world.Network.Cut(other, one);
            }
        }

        _world.Trace.Tell($"the network is split: {string.Join(',', left)} | {string.Join(',', right)}");
    }

    private void Isolate()
    {
        NodeId alone = Any().Id;
        bool inbound = _random.OneIn(2);
        bool outbound = !inbound || _random.OneIn(2);
        foreach (SimulatedMachine other in _world.Present)
        {
            if (other.Id != alone && inbound)
            {
                _world.Network.Cut(other.Id, alone);
            }

            if (other.Id != alone && outbound)
            {
                _world.Network.Cut(alone, other.Id);
            }
        }

        _world.Trace.Tell($"{alone} is cut off{(inbound ? ", hears nothing" : "")}{(outbound ? ", says nothing" : "")}");
    }

    private void Crash()
    {
        if (_random.OneIn(10))
        {
            _world.Trace.Tell("all machines lose their power at once");
            foreach (SimulatedMachine machine in _world.Present)
            {
                Down(machine, machine.PowerCut);
            }

            return;
        }

        SimulatedMachine victim = Any();
        switch (_random.Below(3))
        {
            case 0:
                Down(victim, () => victim.Kill("killed"));
                break;
            case 1:
                Down(victim, victim.PowerCut);
                break;
            default:
                // In the middle of a disk operation that is still to come.
                victim.Disk.CutPowerAfter(_random.Between(1, 30));
                RestartLater(victim);
                break;
        }
    }

    private void Down(SimulatedMachine machine, Action strike)
    {
        if (machine.IsUp)
        {
            strike();
        }

        RestartLater(machine);
    }

    private void RestartLater(SimulatedMachine machine) => _world.Events.After(_random.Between(10_000, 4_000_000), () =>
    {
        if (!machine.IsUp)
        {
            machine.Start();
        }
    });

    private void Pause()
    {
        SimulatedMachine machine = Any();
        if (machine.IsUp && !machine.IsPaused)
        {
            machine.Pause();
            _world.Events.After(_random.Between(10_000, 5_000_000), () =>
            {
                if (machine.IsPaused)
                {
                    machine.Resume();
                }
            });
        }
    }

    private void FailDisk()
    {
        SimulatedMachine machine = Any();
        machine.Disk.FailAfter(_random.Between(1, 20));
        _world.Trace.Tell($"{machine.Id}'s disk is about to fail");
        RestartLater(machine);
    }

    private SimulatedMachine Any()
    {
        IReadOnlyList<SimulatedMachine> present = _world.Present;
        return present[_random.Below(present.Count)];
    }
}
