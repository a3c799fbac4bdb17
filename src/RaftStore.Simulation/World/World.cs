using RaftStore.Node;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Simulation;

/// <summary>One run: machines, network, clients and nemesis over one event heap. First a phase under faults, in which only
/// safety is asked for; then everything is healed, and everything pending must finish and all states converge.</summary>
internal sealed class World
{
    private const long HealedUsMax = 60_000_000;

    public World(ulong seed, FaultProfile profile, Action<string>? listener)
    {
        Seed = seed;
        Profile = profile;
        Events = new EventHeap(seed);
        Trace = new Trace(Events, listener);
        Network = new SimulatedNetwork(Events, new RandomStream(seed, "network"), Deliver) { Faults = profile.Network };
        Invariants = new ClusterInvariants(this);
        Workload = new Workload(this);
        Nemesis = new Nemesis(this);
        Network.Sent = Invariants.FrameSent;
        Configuration = new Configuration(Enumerable.Range(1, profile.Machines)
            .Select(i => new Member(new NodeId((uint)i), $"n{i}", $"machine-{i}:1", string.Empty)));
        Machines = [.. Configuration.VoterIds.Select(id => new SimulatedMachine(this, id))];
    }

    public ulong Seed { get; }

    public FaultProfile Profile { get; }

    public EventHeap Events { get; }

    public Trace Trace { get; }

    public SimulatedNetwork Network { get; }

    public ClusterInvariants Invariants { get; }

    public Workload Workload { get; }

    public Nemesis Nemesis { get; }

    public ClusterId Cluster => new(Seed | 1);

    public Configuration Configuration { get; }

    public IReadOnlyList<SimulatedMachine> Machines { get; }

    /// <summary>True in the second phase: no new faults.</summary>
    public bool IsHealed { get; private set; }

    public SimulatedMachine Machine(NodeId id) => Machines[(int)id.Value - 1];

    /// <summary>Runs both phases.</summary>
    /// <param name="faultyMs">Length of the first phase in virtual milliseconds.</param>
    public void Run(long faultyMs)
    {
        foreach (SimulatedMachine machine in Machines)
        {
            machine.WriteFirstIdentity(new NodeIdentity(Cluster, machine.Id, $"n{machine.Id}", FormationState.Formed, Configuration));
            machine.Start();
        }

        Workload.Start();
        Nemesis.Start();
        RunUntil(() => Events.NowMs >= faultyMs);
        Heal();
        long endUs = Events.NowUs + HealedUsMax;
        RunUntil(() => Events.NowUs >= endUs || Workload.HasConverged);
        Invariants.AtEnd();
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

    private void Heal()
    {
        IsHealed = true;
        Trace.Tell("everything is healed");
        Network.Heal();
        Network.Faults = NetworkFaults.None;
        foreach (SimulatedMachine machine in Machines)
        {
            if (machine.IsPaused)
            {
                machine.Resume();
            }

            machine.Disk.CutPowerAfter(-1);
            machine.Disk.FailAfter(-1);
            if (!machine.IsUp)
            {
                machine.Start();
            }
        }

        Workload.Finish();
    }

    private void Deliver(NodeId from, NodeId to, PeerChannel channel, byte[] frame) => Machine(to).Receive(from, channel, frame);
}
