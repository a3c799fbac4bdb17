using RaftStore.Node.Formation;
using RaftStore.Node.Handshakes;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Simulation;

/// <summary>How the cluster of a run comes about by discovery: machines with empty disks look for each other by a name, some of them found a cluster, and
/// the others are taken in. The rest of the run begins once a majority of the founders is formed; who has not come that far goes on beside it.</summary>
internal sealed class Founding
{
    /// <summary>Within this time there is a cluster, from when every machine runs, every frame arrives and every answer to the name is right, in
    /// microseconds. A few rounds of a second each are enough; the rest is for two lists that are on disks both and of which none can be founded any
    /// more, which people have to give up.</summary>
    private const long HealedUsMax = 45_000_000;

    /// <summary>People look after what is stuck this often, and first after that long, in microseconds.</summary>
    private const long LookUs = 5_000_000;
    private const long StuckUs = 20_000_000;

    private const long RestartUsMin = 50_000;
    private const long RestartUsMax = 3_000_000;

    private readonly World _world;
    private readonly RandomStream _random;
    private readonly DiscoveryFaults _faults;
    private readonly PeerCalls _calls;
    private readonly FoundingNemesis _nemesis;
    private readonly List<Seeker> _seekers = [];
    private readonly Dictionary<int, (int Life, FoundingDesk Desk)> _fronts = [];
    private long _healedUs;

    public Founding(World world, DiscoveryFaults faults)
    {
        _world = world;
        _faults = faults;
        _random = new RandomStream(world.Seed, "founding");
        _calls = new PeerCalls(world, Answer);
        Names = new NameService(world, this, faults);
        Rules = new FoundingRules(world);
        _nemesis = new FoundingNemesis(world, this, faults, _calls.Network);
        for (int i = 0; i < world.Profile.Machines + faults.Spares; i++)
        {
            _seekers.Add(new Seeker(this, world, world.AddMachine()));
        }
    }

    public NameService Names { get; }

    public FoundingRules Rules { get; }

    public IReadOnlyList<Seeker> Seekers => _seekers;

    /// <summary>Every machine that answers, or will: what the name ought to show.</summary>
    public IEnumerable<SimulatedMachine> Present => _world.Machines.Where(machine => machine.MayRun || _seekers.Exists(seeker => seeker.Machine == machine && !seeker.IsOver));

    /// <summary>True once there is a cluster.</summary>
    public bool IsFounded { get; private set; }

    /// <summary>True once nothing hinders it any more.</summary>
    public bool IsHealed { get; private set; }

    /// <summary>True once every machine belongs to the cluster, or did.</summary>
    public bool IsFinished => _seekers.TrueForAll(seeker => seeker.IsOver);

    /// <summary>The URL where clients reach a machine.</summary>
    public static string ClientAddressOf(SimulatedMachine machine) => $"http://{machine.Address}";

    /// <summary>Lets a cluster come about.</summary>
    /// <param name="runUntil">Runs the world until something is so.</param>
    public void Run(Action<Func<bool>> runUntil)
    {
        foreach (Seeker seeker in _seekers)
        {
            _world.Events.After(_random.Between(0, 1 + (1000L * _faults.StartLateMsMax)), seeker.Start);
        }

        _nemesis.Start();
        _world.Events.After(LookUs, Look);
        long healUs = 1000L * _faults.FaultyMs;
        runUntil(() => IsFounded || _world.Events.NowUs >= healUs);
        if (!IsFounded)
        {
            _world.Trace.Tell("the founding is not hindered any more");
            Heal();
            runUntil(() => IsFounded || _world.Events.NowUs >= _healedUs + HealedUsMax);
        }

        ClusterInvariants.Check(IsFounded, $"no cluster is founded, {HealedUsMax / 1_000_000} seconds after everything was healed: {string.Join("; ", _seekers.Select(Describe))}");
        _world.Invariants.Saw("cluster founded by discovery");
        _world.Invariants.Saw("spare machine left out by the founding", _seekers.Count(seeker => _world.Founders.FindByName(seeker.Name) is null));
    }

    /// <summary>Nothing hinders it any more: every machine runs, and the name shows them all.</summary>
    public void Heal()
    {
        IsHealed = Names.IsRight = true;
        _healedUs = _world.Events.NowUs;
        _calls.Network.Heal();
        _calls.Network.Faults = NetworkFaults.None;
        foreach (Seeker seeker in _seekers)
        {
            if (!seeker.IsOver)
            {
                seeker.Machine.Disk.CutPowerAfter(-1);
            }

            seeker.Start();
        }
    }

    /// <summary>Asks whoever is reached at an address.</summary>
    public void Ask(Seeker asker, string address, byte[] question, long timeoutUs, Action<byte[]?> answered)
    {
        if (NameService.IsStranger(address))
        {
            _world.Events.After(_random.Between(1, timeoutUs), () => answered([5, 0, 1, 2, 3, 4, 5]));
            return;
        }

        _calls.Ask(asker, Names.Find(address), question, timeoutUs, answered);
    }

    /// <summary>Starts a process again, after a while.</summary>
    public void RestartLater(Seeker seeker) => _world.Events.After(_random.Between(RestartUsMin, RestartUsMax), seeker.Start);

    /// <summary>A machine has become firm for a list, and begins to found.</summary>
    public void BecameFirm(Seeker seeker)
    {
        Rules.BecameFirm(seeker);
        _nemesis.Aim(seeker);
    }

    /// <summary>A machine has made an identity durable.</summary>
    public void Written(Seeker seeker, NodeIdentity identity)
    {
        Rules.Found(seeker, identity);
        _nemesis.Aim(seeker);
    }

    /// <summary>A machine with an empty disk was taken in.</summary>
    public void Joined(SimulatedMachine machine) => _world.Invariants.Saw("machine joined by discovery", _seekers.Exists(seeker => seeker.Machine == machine) ? 1 : 0);

    /// <summary>A machine is durably formed. It runs as a member once a majority is, be it a moment later than a server.</summary>
    public void Formed(Seeker seeker, NodeIdentity identity)
    {
        if (IsFounded)
        {
            if (identity.Cluster == _world.Cluster)
            {
                seeker.Admit(identity);
            }

            return;
        }

        if (Rules.HasMajority(identity.Cluster))
        {
            Begin(identity);
        }
    }

    /// <summary>A machine ended itself since its disk does not fit a cluster that is formed. Somebody looks at it, and starts it without.</summary>
    public void Refused(Seeker seeker)
    {
        _world.Invariants.Saw("founder without its disk refused");
        if (seeker.OnDisk is not null)
        {
            seeker.Wipe("an operator saw that it does not fit");
        }

        RestartLater(seeker);
    }

    private static string Describe(Seeker seeker) => $"{seeker.Name}: {seeker.Detail}, on its disk {seeker.OnDisk?.State.ToString() ?? "nothing"} {seeker.OnDisk?.Cluster}";

    private void Begin(NodeIdentity identity)
    {
        IsFounded = true;
        _world.Trace.Tell($"cluster {identity.Cluster} is founded by {string.Join(", ", identity.Founders.Voters.Select(member => member.Name))}, of {_seekers.Count} machines");
        _world.Found(identity.Founders, identity.Cluster);
        foreach (Member member in identity.Founders.Voters)
        {
            Seeker founder = _seekers.Single(seeker => seeker.Name == member.Name);
            NodeIdentity? onDisk = founder.OnDisk;
            if (onDisk?.Cluster != identity.Cluster)
            {
                Lose(founder, member.Id);
            }
            else if (onDisk.State == FormationState.Formed && founder.IsUp)
            {
                founder.Admit(onDisk);
            }
        }
    }

    // It had confirmed, and lost its disk before the others were formed: its member is lost, and it must not come back under its id.
    private void Lose(Seeker founder, NodeId member)
    {
        _world.Invariants.Saw("founder's disk lost before its cluster was formed");
        SimulatedMachine lost = founder.Machine;
        founder.Replace(_world.AddMachine(lost.Name, lost.Address));
        _world.LoseFounder(lost, member);
        RestartLater(founder);
    }

    private byte[]? Answer(Seeker asker, int askersLife, SimulatedMachine asked, byte[] question)
    {
        if (asked.Node is { } node)
        {
            NodeIdentity identity = asked.Identity!;
            FoundingDesk front = FrontOf(asked, identity);
            PeerIdentity member = new(identity.Cluster, identity.Node, asked.Name, ClientAddressOf(asked), asked.Address);
            return asked.IsPaused ? null : front.Answer(question, member, node.Status.AppliedConfiguration, asked.NowMs, status => front.Formation!.Receive(status, asked.NowMs) || true);
        }

        if (_seekers.Find(one => one.Machine == asked) is not { IsUp: true } seeker)
        {
            return null;
        }

        if (seeker.IsSearching && FoundingDesk.IsInquiry(question))
        {
            Rules.Asked(asker.Name, askersLife, seeker);
        }

        return seeker.Answer(question);
    }

    // What a node that runs says to founders that were away, and to those who look for a cluster.
    private FoundingDesk FrontOf(SimulatedMachine machine, NodeIdentity identity)
    {
        if (_fronts.TryGetValue(machine.Number, out (int Life, FoundingDesk Desk) front) && front.Life == machine.Life)
        {
            return front.Desk;
        }

        NodeSighting self = new() { Name = machine.Name, Stage = NodeStage.Unknown, Life = _random.NextBits(), PeerAddress = machine.Address, ClientAddress = ClientAddressOf(machine) };
        FoundingCourse course = new(self, search: null, identity, given: null);
        course.Entered(identity.Cluster, identity.Node);
        FoundingDesk desk = new(new PeerIdentity(ClusterId.None, NodeId.None, machine.Name, ClientAddressOf(machine), machine.Address), course)
        {
            Formation = new FormationProtocol(machine.Name, course.Founders!, identity, _random.NextBits),
        };
        _fronts[machine.Number] = (machine.Life, desk);
        return desk;
    }

    // What the description of discovery asks of people: a founding that cannot be finished is given up on the disks that hold it.
    private void Look()
    {
        foreach (Seeker seeker in _seekers.Where(seeker => !seeker.IsOver && !seeker.Joins))
        {
            if (seeker.OnDisk is { } left && (IsFounded ? left.Cluster != _world.Cluster : IsStuck(left)))
            {
                Rules.GivenUp(left.Cluster);
                _world.Invariants.Saw(IsFounded ? "founding beside the cluster given up by an operator" : "stuck founding given up by an operator");
                seeker.Wipe("its founding is given up by an operator");
                RestartLater(seeker);
            }
        }

        if (!IsFinished)
        {
            _world.Events.After(LookUs, Look);
        }
    }

    private bool IsStuck(NodeIdentity left)
        => IsHealed && _world.Events.NowUs > _healedUs + StuckUs
            && !_seekers.Exists(other => other.OnDisk is { State: FormationState.Formed } formed && formed.Cluster == left.Cluster);
}
