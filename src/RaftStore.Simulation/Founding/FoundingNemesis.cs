using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Simulation;

/// <summary>Crashes machines that have no cluster yet, empties their disks, and cuts what lies between them, until the founding is healed.</summary>
internal sealed class FoundingNemesis(World world, Founding founding, DiscoveryFaults faults, SimulatedNetwork network)
{
    private const long CutUsMax = 4_000_000;

    /// <summary>A step of a founding takes about so long, in microseconds.</summary>
    private const long SoonUsMax = 30_000;

    /// <summary>Disk operations of a founding at a machine, roughly: a power cut is drawn from as many.</summary>
    private const int OperationsMax = 30;

    /// <summary>So many founders are needed at least for one of them to be lost with what it had confirmed: the rest is a majority.</summary>
    private const int FoundersToLoseOne = 3;

    private readonly RandomStream _random = new(world.Seed, "nemesis of the founding");
    private bool _hasLostOne;

    public void Start()
    {
        Every(faults.CutEveryMs, () => Cut(Any()));
        Every(faults.CrashEveryMs, Crash);
        Every(faults.WipeEveryMs, () => Wipe(Any()));
    }

    /// <summary>A machine has come a step further in its founding: what lasts a moment only is aimed at.</summary>
    public void Aim(Seeker seeker)
    {
        if (founding.IsHealed)
        {
            return;
        }

        if (faults.CrashEveryMs > 0 && _random.OneIn(3))
        {
            seeker.Machine.Disk.CutPowerAfter(_random.Between(1, OperationsMax));
        }

        if (faults.WipeEveryMs > 0 && _random.OneIn(3))
        {
            Seeker victim = Any();
            world.Events.After(_random.Between(1, SoonUsMax), () => Wipe(victim));
        }

        if (faults.CutEveryMs > 0 && _random.OneIn(3))
        {
            Cut(seeker);
        }
    }

    private void Every(int meanMs, Action strike)
    {
        if (meanMs == 0)
        {
            return;
        }

        world.Events.After(_random.Between(1, 2000L * meanMs), () =>
        {
            if (!founding.IsHealed && !founding.IsFinished)
            {
                strike();
                Every(meanMs, strike);
            }
        });
    }

    private void Cut(Seeker victim)
    {
        NodeId one = IdOf(victim);
        NodeId other = IdOf(Any());
        if (one == other)
        {
            return;
        }

        bool isOneWay = _random.OneIn(2);
        Obstacle obstacle = isOneWay ? new Obstacle([(one, other)]) : Obstacle.Between([one], [other]);
        network.Raise(obstacle);
        world.Invariants.Saw("founders cut off from each other");
        world.Trace.Tell($"nothing goes from machine {one} to machine {other}{(isOneWay ? "" : ", nor back")}");
        world.Events.After(_random.Between(10_000, CutUsMax), () => network.Clear(obstacle));
    }

    private void Crash()
    {
        Seeker victim = Any();
        if (!victim.IsUp || victim.Joins)
        {
            return;
        }

        switch (_random.Below(4))
        {
            case 0:
                victim.Kill("killed");
                founding.RestartLater(victim);
                break;
            case 1:
                victim.PowerCut();
                founding.RestartLater(victim);
                break;
            default:
                // In the middle of what it writes next.
                victim.Machine.Disk.CutPowerAfter(_random.Between(1, OperationsMax));
                break;
        }
    }

    private void Wipe(Seeker victim)
    {
        if (founding.IsHealed || victim.IsOver || victim.Joins || (founding.IsFounded && world.Founders.IsVoter(IdIn(victim))))
        {
            return;
        }

        if (victim.OnDisk is { } identity)
        {
            if (_hasLostOne || world.Profile.Machines < FoundersToLoseOne)
            {
                return;
            }

            _hasLostOne = true;
            world.Invariants.Saw(identity.State == FormationState.Formed ? "founder's disk lost while it alone was formed" : "founder's disk lost while founding");
        }

        victim.Wipe("its disk is lost");
        founding.RestartLater(victim);
    }

    private Seeker Any() => founding.Seekers[_random.Below(founding.Seekers.Count)];

    private static NodeId IdOf(Seeker seeker) => new((uint)seeker.Machine.Number);

    private NodeId IdIn(Seeker seeker) => world.Founders.Voters.FirstOrDefault(member => member.Name == seeker.Name)?.Id ?? NodeId.None;
}
