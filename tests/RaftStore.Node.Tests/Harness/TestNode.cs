using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node.Tests.Harness;

/// <summary>One machine: a disk that outlives the node on it, and the node while it runs.</summary>
internal sealed class TestNode : IPeerTransport
{
    private const string Directory = "data";

    private readonly TestCluster _cluster;
    private WriteAheadLog? _log;
    private uint _starts;

    public TestNode(TestCluster cluster, NodeId id)
    {
        _cluster = cluster;
        Id = id;
    }

    public NodeId Id { get; }

    public MemoryFileSystem Disk { get; } = new();

    /// <summary>False while it is not running.</summary>
    public bool IsUp => _log is not null;

    /// <summary>While true its log writer does nothing: whatever it hands to the disk stays on its way.</summary>
    public bool IsDiskStalled { get; set; }

    /// <summary>While true its snapshot worker does nothing.</summary>
    public bool IsWorkerStalled { get; set; }

    /// <summary>While true its pump does nothing.</summary>
    public bool IsPaused { get; set; }

    public Node Node { get; private set; } = null!;

    public LogWriter Log { get; private set; } = null!;

    public NodeStatus Status => Node.Status;

    /// <summary>Starts it from what its disk holds.</summary>
    public void Start()
    {
        _starts++;
        IsDiskStalled = IsWorkerStalled = IsPaused = false;
        using DataDirectory directory = DataDirectory.Open(Disk, Directory);
        if (directory.Identity is null)
        {
            directory.WriteIdentity(new NodeIdentity(TestCluster.ClusterId, Id, $"n{Id}", FormationState.Formed, _cluster.Founders));
        }

        RecoveredNode recovered = NodeRecovery.Recover(Disk, directory, directory.Identity!, _cluster.Wal, _cluster.NowMs, () => _cluster.NowMs * 1000);
        _log = recovered.Log;
        Log = recovered.Start.Log;
        Node = new Node(_cluster.OptionsFor(Id, _starts), recovered.Start, this);
    }

    /// <summary>Kills it; its disk keeps everything written.</summary>
    public void Kill()
    {
        _log!.Dispose();
        _log = null;
        _cluster.ConnectionsLost(Id);
    }

    public bool Send(NodeId to, PeerChannel channel, PeerFrame frame) => _cluster.Send(Id, to, channel, frame);

    /// <summary>What the node said last about whom it must reach; null where nothing has changed.</summary>
    public Configuration? Followed { get; private set; }

    public void Follow(Configuration configuration) => Followed = configuration;

    /// <summary>Runs pump, log and worker once each.</summary>
    /// <returns>True where one of them had something to do.</returns>
    public bool Step()
    {
        if (!IsUp || IsPaused)
        {
            return false;
        }

        bool worked = Node.RunOnce(_cluster.NowMs);
        if (!IsDiskStalled && Log.HasWork)
        {
            if (Log.RunOnce() is LogCompletion completion)
            {
                Node.LogCompleted(completion);
            }

            worked = true;
        }

        if (!IsWorkerStalled && Node.SnapshotWorker.HasWork)
        {
            Node.SnapshotWorker.RunOnce(_cluster.NowMs);
            worked = true;
        }

        return worked;
    }
}
