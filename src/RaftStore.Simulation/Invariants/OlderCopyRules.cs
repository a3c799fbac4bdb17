using RaftStore.Node;
using RaftStore.Node.Codec;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Simulation;

/// <summary>What a node does whose disk was put back from an older copy: it stops at the first heartbeat by which the leader in office shows that it
/// remembers more, and has said nothing to anybody before. Tried beside the run, on copies of disks in use and with the heartbeats that their machines get.</summary>
internal sealed class OlderCopyRules(World world)
{
    private const int CopiesOneIn = 200;

    private readonly RandomStream _random = new(world.Seed, "older copies");
    private SimulatedMachine? _owner;
    private SimulatedDisk? _copy;
    private HardState _hardState;
    private long _lastIndex;

    /// <summary>A frame arrives at a machine.</summary>
    public void Arrives(SimulatedMachine machine, NodeId from, PeerChannel channel, byte[] frame)
    {
        if (channel != PeerChannel.Control || !machine.IsUp || machine.IsDamaged)
        {
            return;
        }

        if (_copy is null)
        {
            if (_random.OneIn(CopiesOneIn))
            {
                Keep(machine);
            }
        }
        else if (machine == _owner
            && new FrameDecoder(world.Cluster, machine.Id).TryDecode(from, channel, frame, out Message? message) is null
            && message is Heartbeat heartbeat && heartbeat.Term >= _hardState.Term && heartbeat.LeaderCommit > _lastIndex)
        {
            PutBack(machine, heartbeat, frame);
            (_owner, _copy) = (null, null);
        }
    }

    // Who is the only voter as far as the copy knows needs nobody to go on.
    private void Keep(SimulatedMachine machine)
    {
        SimulatedDisk copy = machine.Disk.CopyAsSeen();
        using Shadow shadow = new(world, machine, copy);
        if (!shadow.Node.Core.Configuration.IsSoleVoter(machine.Id))
        {
            (_owner, _copy, _hardState, _lastIndex) = (machine, copy, shadow.Found.HardState, shadow.Node.Core.LastEntry.Index);
        }
    }

    private void PutBack(SimulatedMachine machine, Heartbeat heartbeat, byte[] frame)
    {
        using Shadow shadow = new(world, machine, _copy!);
        string? error = shadow.Node.Receive(heartbeat.From, PeerChannel.Control, frame);
        ClusterInvariants.Check(error is null, $"{machine.Id} on an older copy of its disk refuses a frame of {heartbeat.From}: {error}");
        string which = $"{machine.Id}, on a copy of its disk with the log to {_lastIndex}";
        try
        {
            shadow.Node.RunOnce(machine.NowMs);
        }
        catch (LostEntriesException)
        {
            ClusterInvariants.Check(shadow.FramesSent == 0, $"{which}, has sent {shadow.FramesSent} frames before it notices that {heartbeat.From} remembers entry {heartbeat.LeaderCommit}");
            world.Invariants.Saw("older copy of a disk noticed");
            return;
        }

        throw new SimulationFailureException($"{which}, goes on though {heartbeat.From} remembers entry {heartbeat.LeaderCommit} in term {heartbeat.Term}");
    }

    /// <summary>A node on a copy of a machine's disk, whom nobody hears.</summary>
    private sealed class Shadow : IPeerTransport, IDisposable
    {
        private readonly DataDirectory _directory;
        private readonly RecoveredNode _recovered;

        public Shadow(World world, SimulatedMachine machine, SimulatedDisk disk)
        {
            _directory = DataDirectory.Open(disk, SimulatedMachine.DataPath);
            _recovered = NodeRecovery.Recover(disk, _directory, machine.Identity!, SimulatedMachine.Wal, machine.NowMs, () => world.Events.NowUs);
            NodeOptions options = new() { Cluster = world.Cluster, Raft = new RaftOptions { Id = machine.Id, Seed = world.Seed } };
            Node = new Node.Node(options, _recovered.Start, this);
        }

        public Node.Node Node { get; }

        public RecoveredLog Found => _recovered.Found;

        public int FramesSent { get; private set; }

        public bool Send(NodeId to, PeerChannel channel, PeerFrame frame)
        {
            FramesSent++;
            return false;
        }

        /// <inheritdoc/>
        public void Follow(Configuration configuration)
        {
            // It reaches nobody.
        }

        public void Dispose()
        {
            _recovered.Log.Dispose();
            _directory.Dispose();
        }
    }
}
