using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node.Tests.Harness;

/// <summary>Nodes that run on their own threads, as in production, over disks in memory and a network of plain calls.</summary>
internal sealed class ThreadedCluster : IDisposable
{
    private readonly Configuration _founders;
    private readonly Machine[] _machines;

    public ThreadedCluster(int count)
    {
        _founders = new Configuration(Enumerable.Range(1, count).Select(i => new Member(new NodeId((uint)i), $"n{i}", $"peer{i}:1", "")));
        _machines = [.. _founders.VoterIds.Select(id => new Machine(this, id))];
    }

    public IReadOnlyList<Machine> Machines => _machines;

    /// <summary>Waits until somebody serves as leader.</summary>
    public async Task<Machine> LeaderAsync()
    {
        while (true)
        {
            if (Array.Find(_machines, machine => machine.Runtime is not null && machine.Node.Status is { Role: RaftRole.Leader } status && status.Leader == machine.Id) is Machine leader)
            {
                return leader;
            }

            // A read is confirmed once there is a leader; its own status says so by the end of that pass.
            await _machines[0].Node.ConfirmReadAsync(NodeClock.SystemMs + 1000);
        }
    }

    public void Dispose()
    {
        foreach (Machine machine in _machines)
        {
            machine.Stop(0);
        }
    }

    /// <summary>One machine of a <see cref="ThreadedCluster"/>.</summary>
    public sealed class Machine(ThreadedCluster cluster, NodeId id) : IPeerTransport
    {
        private volatile Node? _receiver;
        private WriteAheadLog? _log;

        public NodeId Id { get; } = id;

        public MemoryFileSystem Disk { get; } = new();

        public Node Node { get; private set; } = null!;

        public NodeRuntime? Runtime { get; private set; }

        public List<Exception> Failures { get; } = [];

        /// <summary>Set once the node has failed.</summary>
        public ManualResetEventSlim HasFailed { get; } = new();

        public void Start()
        {
            using DataDirectory directory = DataDirectory.Open(Disk, "data");
            NodeIdentity identity = directory.Identity ?? new NodeIdentity(TestCluster.ClusterId, Id, $"n{Id}", FormationState.Formed, cluster._founders);
            directory.WriteIdentity(identity);
            RecoveredNode recovered = NodeRecovery.Recover(Disk, directory, identity, new WalOptions { SegmentBytes = 4 << 20 }, NodeClock.SystemMs, () => NodeClock.SystemMs * 1000);
            _log = recovered.Log;
            NodeOptions options = new()
            {
                Cluster = TestCluster.ClusterId,
                Raft = new RaftOptions { Id = Id, Seed = Id.Value, LowerElectionTimeoutMs = 150, UpperElectionTimeoutMs = 300, HeartbeatIntervalMs = 30 },
                LogReserveBytes = 64 << 10,
            };
            Node = new Node(options, recovered.Start, this);
            _receiver = Node;
            Runtime = new NodeRuntime(Node, recovered.Start.Log, failure =>
            {
                lock (Failures)
                {
                    Failures.Add(failure);
                }

                HasFailed.Set();
            });
            Runtime.Start();
        }

        public void Stop(int timeoutMs)
        {
            Runtime?.Stop(timeoutMs);
            _receiver = null;
            Runtime?.Dispose();
            Runtime = null;
            _log?.Dispose();
            _log = null;
        }

        public bool Send(NodeId to, PeerChannel channel, PeerFrame frame)
        {
            if (Array.Find(cluster._machines, machine => machine.Id == to)?._receiver is not Node receiver)
            {
                return false;
            }

            Assert.Null(receiver.Receive(Id, channel, Codec.FrameSamples.Bytes(frame)));
            return true;
        }

        public void Follow(Configuration configuration) => Assert.Fail("nothing changes the members here");
    }
}
