using System.Diagnostics;
using RaftStore.Kv;
using RaftStore.Node;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Benchmarks.Support;

/// <summary>Three whole nodes in this process with their own threads, and a network that hands frames over at once.</summary>
internal sealed class InProcessCluster : IDisposable
{
    private const int Size = 3;

    private readonly Node.Node[] _nodes = new Node.Node[Size];
    private readonly NodeRuntime[] _runtimes = new NodeRuntime[Size];
    private readonly List<IDisposable> _owned = [];
    private Exception? _fatal;

    /// <summary>Starts them and returns once one of them leads.</summary>
    public InProcessCluster(Func<int, (IFileSystem Files, string Root)> disk)
    {
        var cluster = new ClusterId(42);
        var founders = new Configuration(Enumerable.Range(1, Size).Select(id => new Member(new NodeId((uint)id), $"n{id}", $"127.0.0.1:{id}", string.Empty)));
        for (int i = 0; i < Size; i++)
        {
            (IFileSystem files, string root) = disk(i);
            DataDirectory directory = DataDirectory.Open(files, root);
            var id = new NodeId((uint)(i + 1));
            var identity = new NodeIdentity(cluster, id, $"n{i + 1}", FormationState.Formed, founders);
            directory.WriteIdentity(identity);
            RecoveredNode recovered = NodeRecovery.Recover(files, directory, identity, new WalOptions(), NodeClock.SystemMs, Microseconds);
            var options = new NodeOptions { Cluster = cluster, Raft = new RaftOptions { Id = id, Seed = (ulong)(i + 1) } };
            _nodes[i] = new Node.Node(options, recovered.Start, new Network(this, id));
            _runtimes[i] = new NodeRuntime(_nodes[i], recovered.Start.Log, exception => _fatal ??= exception);
            _owned.Add(recovered.Log);
            _owned.Add(directory);
        }

        foreach (NodeRuntime runtime in _runtimes)
        {
            runtime.Start();
        }

        ConnectAll();
        Leader = AwaitLeader();
    }

    /// <summary>The node that leads.</summary>
    public Node.Node Leader { get; }

    /// <summary>One that does not.</summary>
    public Node.Node Follower => _nodes.First(node => node != Leader);

    public void Dispose()
    {
        foreach (NodeRuntime runtime in _runtimes)
        {
            runtime.Stop(5000);
            runtime.Dispose();
        }

        foreach (IDisposable owned in _owned)
        {
            owned.Dispose();
        }
    }

    private static long Microseconds() => Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000);

    private void ConnectAll()
    {
        foreach (Node.Node node in _nodes)
        {
            foreach (Node.Node peer in _nodes.Where(other => other != node))
            {
                foreach (PeerChannel channel in Enum.GetValues<PeerChannel>())
                {
                    node.PeerConnected(peer.Status.Id, channel);
                }
            }
        }
    }

    private Node.Node AwaitLeader()
    {
        Node.Node? leader = null;
        bool found = SpinWait.SpinUntil(() => (leader = _nodes.FirstOrDefault(node => node.Status.Leader == node.Status.Id)) is not null || _fatal is not null, 20_000);
        return found && leader is not null ? leader : throw new InvalidOperationException("No leader within 20 s.", _fatal);
    }

    /// <summary>The network as one node sees it.</summary>
    private sealed class Network(InProcessCluster cluster, NodeId from) : IPeerTransport
    {
        public bool Send(NodeId to, PeerChannel channel, PeerFrame frame)
            => cluster._nodes[to.Value - 1].Receive(from, channel, Wire.Copy(frame)) is { } wrong ? throw new InvalidOperationException(wrong) : true;

        public void Follow(Configuration configuration) => throw new InvalidOperationException("Nothing changes the members here.");
    }
}
