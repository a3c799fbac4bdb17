using System.Text;
using RaftStore.Kv;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node.Tests.Harness;

/// <summary>Some nodes in one process, over disks in memory and a network that delivers at once, in order, what is not cut or
/// dropped. One thread moves all of them; time passes only when a test says so.</summary>
internal sealed class TestCluster
{
    public const int WriteTimeoutMs = 5000;

    public static readonly ClusterId ClusterId = new(0xC1);

    private readonly Queue<(NodeId From, NodeId To, PeerChannel Channel, byte[] Frame)> _wire = new();
    private readonly HashSet<(NodeId From, NodeId To)> _cuts = [];

    public TestCluster(int count, Func<NodeOptions, NodeOptions>? adjust = null, int segmentBytes = 1 << 20)
    {
        Adjust = adjust ?? (options => options);
        Wal = new WalOptions { SegmentBytes = segmentBytes };
        Founders = new Configuration(Enumerable.Range(1, count).Select(i => new Member(new NodeId((uint)i), $"n{i}", $"peer{i}:1", $"http://client{i}")));
        Nodes = [.. Founders.VoterIds.Select(id => new TestNode(this, id))];
        foreach (TestNode node in Nodes)
        {
            node.Start();
        }
    }

    public Func<NodeOptions, NodeOptions> Adjust { get; }

    public WalOptions Wal { get; }

    public Configuration Founders { get; }

    public List<TestNode> Nodes { get; }

    public long NowMs { get; private set; } = 1_000_000;

    /// <summary>Called with every frame; one that it returns false for is lost.</summary>
    public Func<NodeId, NodeId, PeerChannel, byte[], bool>? Filter { get; set; }

    /// <summary>The one that leads and is known to, in the highest term.</summary>
    public TestNode Leader => LeaderOrNull ?? throw new InvalidOperationException("Nobody leads.");

    public TestNode? LeaderOrNull => Nodes.Where(node => node.IsUp && node.Status.Leader == node.Id && node.Status.Role == RaftRole.Leader).MaxBy(node => node.Status.Term);

    public IReadOnlyList<TestNode> Followers => [.. Nodes.Where(node => node != Leader)];

    public TestNode this[uint id] => Nodes.Single(node => node.Id.Value == id);

    public NodeOptions OptionsFor(NodeId id, uint start) => Adjust(new NodeOptions
    {
        Cluster = ClusterId,
        Raft = new RaftOptions { Id = id, Seed = (id.Value * 1000) + start },
        LogReserveBytes = 64 << 10,
    });

    public static byte[] Put(string key, string value) => KvCommand.Put(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value));

    public static string? Get(TestNode node, string key)
    {
        KvView view = node.Node.View;
        return view.TryGet(Encoding.UTF8.GetBytes(key), view.Revision, out KvItem item) ? Encoding.UTF8.GetString(item.Value.Span) : null;
    }

    /// <summary>Begins a write with the ordinary timeout.</summary>
    public ValueTask<WriteOutcome> Write(TestNode node, string key, string value, int timeoutMs = WriteTimeoutMs)
        => node.Node.WriteAsync(Put(key, value), NowMs + timeoutMs);

    public bool Send(NodeId from, NodeId to, PeerChannel channel, PeerFrame frame)
    {
        TestNode? receiver = Nodes.Find(node => node.Id == to);
        if (receiver is not { IsUp: true } || _cuts.Contains((from, to)))
        {
            return false;
        }

        byte[] bytes = Codec.FrameSamples.Bytes(frame);
        if (Filter?.Invoke(from, to, channel, bytes) ?? true)
        {
            _wire.Enqueue((from, to, channel, bytes));
        }

        return true;
    }

    /// <summary>Cuts a node off in both directions; connections break.</summary>
    public void Isolate(TestNode node)
    {
        foreach (TestNode other in Nodes)
        {
            _cuts.Add((node.Id, other.Id));
            _cuts.Add((other.Id, node.Id));
        }

        ConnectionsLost(node.Id);
        foreach (TestNode other in Nodes.Where(other => other != node))
        {
            Tell(node, other.Id, isConnected: false);
        }
    }

    public void Heal()
    {
        _cuts.Clear();
        foreach (TestNode node in Nodes)
        {
            foreach (TestNode other in Nodes.Where(other => other != node))
            {
                Tell(node, other.Id, isConnected: true);
            }
        }
    }

    /// <summary>Everybody learns that the connections to that node are gone, and what was on them too.</summary>
    public void ConnectionsLost(NodeId id)
    {
        List<(NodeId From, NodeId To, PeerChannel Channel, byte[] Frame)> kept = [.. _wire.Where(item => item.From != id && item.To != id)];
        _wire.Clear();
        kept.ForEach(_wire.Enqueue);
        foreach (TestNode other in Nodes.Where(other => other.Id != id))
        {
            Tell(other, id, isConnected: false);
        }
    }

    /// <summary>Delivers a frame that was seen before once more.</summary>
    public void Replay(NodeId from, NodeId to, PeerChannel channel, byte[] frame) => _wire.Enqueue((from, to, channel, [.. frame]));

    /// <summary>Does everything that can be done without time passing.</summary>
    public void Settle()
    {
        for (int round = 0; round < 20_000; round++)
        {
            bool worked = false;
            foreach (TestNode node in Nodes)
            {
                worked |= node.Step();
            }

            for (int count = _wire.Count; count > 0; count--)
            {
                worked |= DeliverOne();
            }

            if (!worked)
            {
                return;
            }
        }

        Assert.Fail("The nodes go on for ever without time passing.");
    }

    /// <summary>Delivers the frame that has been on its way longest.</summary>
    public bool DeliverOne()
    {
        if (!_wire.TryDequeue(out (NodeId From, NodeId To, PeerChannel Channel, byte[] Frame) item))
        {
            return false;
        }

        TestNode receiver = Nodes.Single(node => node.Id == item.To);
        bool arrives = receiver.IsUp && !_cuts.Contains((item.From, item.To));
        if (arrives)
        {
            Assert.Null(receiver.Node.Receive(item.From, item.Channel, item.Frame));
        }

        return arrives;
    }

    /// <summary>Lets time pass, and nothing else happen.</summary>
    public void Elapse(int milliseconds) => NowMs += milliseconds;

    /// <summary>Lets time pass in ticks, everything settling after each.</summary>
    public void Run(int milliseconds)
    {
        for (long end = NowMs + milliseconds; NowMs < end;)
        {
            NowMs += 10;
            Settle();
        }
    }

    /// <summary>Lets time pass until a condition holds.</summary>
    public void RunUntil(Func<bool> condition, string what, int limitMs = 60_000)
    {
        Settle();
        for (long end = NowMs + limitMs; !condition(); NowMs += 10, Settle())
        {
            Assert.True(NowMs < end, $"after {limitMs} ms there is still not: {what}");
        }
    }

    /// <summary>Goes on in the smallest steps until a condition holds, so that it is seen as soon as it does.</summary>
    public void CreepUntil(Func<bool> condition)
    {
        for (int step = 0; step < 100_000; step++)
        {
            TestNode node = Nodes[step % Nodes.Count];
            bool worked = node.Step() | DeliverOne();
            if (condition())
            {
                return;
            }

            NowMs += worked ? 0 : 1;
        }

        Assert.Fail("The condition never held.");
    }

    public TestNode RunUntilLeader()
    {
        RunUntil(() => Nodes.Exists(node => node.IsUp && !node.IsPaused && node.Status.Role == RaftRole.Leader && node.Status.Leader == node.Id), "a leader");
        Run(200);
        return Leader;
    }

    /// <summary>Lets time pass until a call ends.</summary>
    public T Await<T>(ValueTask<T> call)
    {
        RunUntil(() => call.IsCompleted, "an answer");
        return Result(call);
    }

    /// <summary>The result of a call that has ended.</summary>
    public static T Result<T>(ValueTask<T> call)
    {
        Assert.True(call.IsCompleted, "the call has not ended");
        return call.GetAwaiter().GetResult();
    }

    private static void Tell(TestNode node, NodeId peer, bool isConnected)
    {
        if (!node.IsUp)
        {
            return;
        }

        foreach (PeerChannel channel in Enum.GetValues<PeerChannel>())
        {
            if (isConnected)
            {
                node.Node.PeerConnected(peer, channel);
            }
            else
            {
                node.Node.PeerLost(peer, channel);
            }
        }
    }
}
