using System.Globalization;
using RaftStore.Node;
using RaftStore.Node.Formation;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Simulation;

/// <summary>One run: machines, network, clients and nemesis over one event heap. First a phase under faults, in which only
/// safety is asked for; then everything is healed, and everything pending must finish and all states converge.</summary>
internal sealed class World
{
    private const long HealedUsMax = 60_000_000;

    private readonly List<SimulatedMachine> _machines = [];
    private readonly DamageRules _damage;
    private readonly OlderCopyRules _olderCopies;
    private readonly Dictionary<NodeId, SimulatedMachine> _byId = [];
    private Configuration? _founders;

    public World(ulong seed, FaultProfile profile, Action<string>? listener)
    {
        Seed = seed;
        Profile = profile;
        Events = new EventHeap(seed);
        Trace = new Trace(Events, listener);
        Network = new SimulatedNetwork(Events, new RandomStream(seed, "network"), Deliver) { Faults = profile.Network };
        Invariants = new ClusterInvariants(this);
        Workload = new Workload(this);
        Atlas = new Atlas(this);
        Nemesis = new Nemesis(this);
        Membership = new MembershipWorks(this);
        Deceiver = new Deceiver(this);
        Forger = new StateForger(this);
        Backups = new BackupTaker(this);
        Disks = new DiskTrouble(this);
        _damage = new DamageRules(this);
        _olderCopies = new OlderCopyRules(this);
        Network.Sent = Invariants.FrameSent;
        if (profile.Discovery is { } hindered)
        {
            Founding = new Founding(this, hindered);
            return;
        }

        Found(FoundingList.Create(Enumerable.Range(1, profile.Machines).Select(i => (NameOf(i), AddressOf(i)))), new ClusterId(Seed | 1));
        foreach (Member founder in Founders.Voters)
        {
            AddMachine(founder.Name);
        }
    }

    public ulong Seed { get; }

    public FaultProfile Profile { get; }

    public EventHeap Events { get; }

    public Trace Trace { get; }

    public SimulatedNetwork Network { get; }

    public ClusterInvariants Invariants { get; }

    public Workload Workload { get; }

    public Nemesis Nemesis { get; }

    /// <summary>What may be broken without breaking the cluster for good.</summary>
    public Atlas Atlas { get; }

    /// <summary>The people who change the membership.</summary>
    public MembershipWorks Membership { get; }

    /// <summary>What makes a machine believe that its state is wrong.</summary>
    public Deceiver Deceiver { get; }

    /// <summary>What makes the state of a machine wrong.</summary>
    public StateForger Forger { get; }

    /// <summary>What goes wrong with disks.</summary>
    public DiskTrouble Disks { get; }

    /// <summary>Who takes backups.</summary>
    public BackupTaker Backups { get; }

    /// <summary>How the cluster comes about, where its founders have to discover each other; null where they know each other.</summary>
    public Founding? Founding { get; }

    /// <summary>The cluster; none before it is founded.</summary>
    public ClusterId Cluster { get; private set; }

    /// <summary>The members that the cluster is founded with; nobody may ask before it is.</summary>
    public Configuration Founders
    {
        get => _founders ?? throw new InvalidOperationException("there is no cluster yet");
        private set => _founders = value;
    }

    /// <summary>Every machine there ever was, in order of their numbers.</summary>
    public IReadOnlyList<SimulatedMachine> Machines => _machines;

    /// <summary>The machines that are members, or were and do not know better, and that may run.</summary>
    public IReadOnlyList<SimulatedMachine> Present => [.. _machines.Where(machine => machine.MayRun)];

    /// <summary>True in the second phase: no new faults.</summary>
    public bool IsHealed { get; private set; }

    public static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"n{number}");

    public static string AddressOf(int number) => string.Create(CultureInfo.InvariantCulture, $"machine-{number}:1");

    /// <summary>The machine that speaks for that member; null where none ever did.</summary>
    public SimulatedMachine? Machine(NodeId id) => _byId.GetValueOrDefault(id);

    /// <summary>Brings a machine with an empty disk, which belongs to no cluster yet.</summary>
    /// <param name="name">Its name; null for one that no machine had.</param>
    /// <param name="address">Where peers reach it; null for an address of its own.</param>
    public SimulatedMachine AddMachine(string? name = null, string? address = null)
    {
        SimulatedMachine machine = new(this, _machines.Count + 1, name, address);
        _machines.Add(machine);
        return machine;
    }

    /// <summary>From here on that machine speaks for the member that its identity names.</summary>
    public void Admit(SimulatedMachine machine, NodeIdentity identity)
    {
        machine.WriteFirstIdentity(identity);
        Founding?.Joined(machine);
        ClusterInvariants.Admitted(identity.Node, _byId.TryAdd(identity.Node, machine));
        machine.Start();
    }

    /// <summary>There is a cluster from here on.</summary>
    public void Found(Configuration founders, ClusterId cluster)
    {
        Founders = founders;
        Cluster = cluster;
        Invariants.Founded();
    }

    /// <summary>From here on that machine speaks for the founder that its own disk names.</summary>
    public void AdmitFounder(SimulatedMachine machine, NodeIdentity identity)
    {
        machine.SpeakFor(identity);
        ClusterInvariants.Admitted(identity.Node, _byId.TryAdd(identity.Node, machine));
        machine.Start();
    }

    /// <summary>A founder is lost that never spoke: nobody is given its id.</summary>
    public void LoseFounder(SimulatedMachine machine, NodeId id)
    {
        machine.LoseAs(id);
        ClusterInvariants.Admitted(id, _byId.TryAdd(id, machine));
        Membership.Mourn();
    }

    /// <summary>Runs both phases, after the founding where there is one.</summary>
    /// <param name="faultyMs">Length of the first phase in virtual milliseconds.</param>
    public void Run(long faultyMs)
    {
        Founding?.Run(RunUntil);
        foreach (Member founder in Founding is null ? Founders.Voters : [])
        {
            Admit(_machines[(int)founder.Id.Value - 1], new NodeIdentity(Cluster, founder.Id, founder.Name, FormationState.Formed, Founders));
        }

        Workload.Start();
        new Chronicle(this).Start();
        Nemesis.Start();
        Membership.Start();
        Deceiver.Start();
        Forger.Start();
        Backups.Start();
        Disks.Start();
        _damage.Start();
        long healMs = Events.NowMs + faultyMs;
        RunUntil(() => Events.NowMs >= healMs);
        Heal();
        long endUs = Events.NowUs + HealedUsMax;
        RunUntil(() => Events.NowUs >= endUs || (Workload.IsFinished && Convergence.IsReached(this)));
        Invariants.AtEnd();
        SeeFrames(Network.Counts);
    }

    private void SeeFrames(NetworkCounts counts)
    {
        Invariants.Saw("frame lost", counts.Lost);
        Invariants.Saw("frame arrived twice", counts.Replayed);
        Invariants.Saw("frame stopped by a cut", counts.Cut);
        Invariants.Saw("frame vanished in a half-open connection", counts.Vanished);
        Invariants.Saw("frame waited for a narrow link", counts.Queued);
        Invariants.Saw("frame refused by a full queue", counts.Refused);
        Invariants.Saw("frame overtook one of an older connection", counts.Overtook);
    }

    private void RunUntil(Func<bool> isOver)
    {
        while (!isOver())
        {
            if (!Events.Step())
            {
                throw new SimulationFailureException("nothing is planned any more: the cluster stands still");
            }
        }
    }

    // What is left broken stays so: the members in force must do without it.
    private void Heal()
    {
        IReadOnlyList<SimulatedMachine> broken = Atlas.DrawBrokenForGood();
        IsHealed = true;
        Invariants.Saw("healed but for some machines", broken.Count > 0 ? 1 : 0);
        Trace.Tell(broken.Count == 0 ? "everything is healed" : $"everything is healed but {string.Join(", ", broken.Select(machine => machine.Name))}, which will stay dark");
        Network.Heal();
        Network.Faults = NetworkFaults.None;
        Founding?.Heal();
        foreach (SimulatedMachine machine in broken)
        {
            machine.GoDark();
        }

        foreach (SimulatedMachine machine in Present)
        {
            if (machine.IsPaused)
            {
                machine.Resume();
            }

            machine.Disk.CutPowerAfter(-1);
            machine.Disk.FailAfter(-1);
            machine.Disk.CapacityBytes = long.MaxValue;
            if (!machine.IsUp)
            {
                machine.Start();
            }
        }

        Workload.Finish();
    }

    private void Deliver(NodeId from, NodeId to, PeerChannel channel, byte[] frame)
    {
        if (Machine(to) is { } machine)
        {
            _olderCopies.Arrives(machine, from, channel, frame);
            machine.Receive(from, channel, frame);
        }
    }
}
