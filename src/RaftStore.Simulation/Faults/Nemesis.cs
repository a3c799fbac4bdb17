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
        Every(_world.Profile.PartitionEveryMs, new NetworkNemesis(_world).Strike);
        Every(_world.Profile.CrashEveryMs, Crash);
        Every(_world.Profile.PauseEveryMs, Pause);
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

    private void Crash()
    {
        if (_random.OneIn(10))
        {
            _world.Trace.Tell("all machines lose their power at once");
            _world.Invariants.Saw("all machines lost power at once");
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
                _world.Invariants.Saw("process killed", victim.IsUp ? 1 : 0);
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
            _world.Invariants.Saw(machine.Node!.Status.Role == RaftRole.Leader ? "leader paused" : "process paused");
            _world.Events.After(_random.Between(10_000, 5_000_000), () =>
            {
                if (machine.IsPaused)
                {
                    machine.Resume();
                }
            });
        }
    }

    private SimulatedMachine Any()
    {
        IReadOnlyList<SimulatedMachine> present = _world.Present;
        return present[_random.Below(present.Count)];
    }
}
