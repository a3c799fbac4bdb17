using RaftStore.Node;
using RaftStore.Raft;

namespace RaftStore.Simulation;

/// <summary>Carries encoded frames between machines, late, twice, out of order or not at all. Each ordered pair of machines is a link of its
/// own, which can be cut, narrow or half-open, so that one-way faults are possible.</summary>
public sealed class SimulatedNetwork
{
    private const long DelayUsMin = 20;
    private const long SlowUsMax = 500_000;

    /// <summary>What would leave later than this is refused, as by a queue that is full.</summary>
    private const long QueuedUsMax = 2_000_000;

    private readonly EventHeap _events;
    private readonly RandomStream _random;
    private readonly Action<NodeId, NodeId, PeerChannel, byte[]> _deliver;
    private readonly Dictionary<(NodeId From, NodeId To), Link> _links = [];
    private readonly List<Obstacle> _raised = [];

    /// <summary>A network that hands what arrives to <paramref name="deliver"/> (from, to, channel, frame).</summary>
    public SimulatedNetwork(EventHeap events, RandomStream random, Action<NodeId, NodeId, PeerChannel, byte[]> deliver)
    {
        _events = events;
        _random = random;
        _deliver = deliver;
    }

    /// <summary>How bad it is now.</summary>
    public NetworkFaults Faults { get; set; } = NetworkFaults.None;

    /// <summary>Called with each frame as it is sent, before its fate is drawn.</summary>
    public Action<NodeId, NodeId, PeerChannel, byte[]>? Sent { get; set; }

    /// <summary>What became of the frames.</summary>
    public NetworkCounts Counts { get; } = new();

    /// <summary>Puts an obstacle in the way; one that stands already stays as it is.</summary>
    public void Raise(Obstacle obstacle)
    {
        if (!obstacle.IsRaised)
        {
            obstacle.IsRaised = true;
            _raised.Add(obstacle);
            Count(obstacle, 1);
        }
    }

    /// <summary>Takes an obstacle away; one that does not stand any more stays away.</summary>
    public void Clear(Obstacle obstacle)
    {
        if (obstacle.IsRaised)
        {
            obstacle.IsRaised = false;
            _raised.Remove(obstacle);
            Count(obstacle, -1);
        }
    }

    /// <summary>Limits how much passes on each connection of a direction; 0 for no limit.</summary>
    public void Narrow(NodeId from, NodeId to, long bytesPerSecond) => LinkOf(from, to).BytesPerSecond = bytesPerSecond;

    /// <summary>From here on, until <see cref="Reconnect"/>, the sender believes in connections that are dead: all that it sends vanishes.</summary>
    public void HalfOpen(NodeId from, NodeId to) => LinkOf(from, to).IsHalfOpen = true;

    /// <summary>The connections of a direction are made anew. Frames of the old ones may still be on their way, and be overtaken.</summary>
    public void Reconnect(NodeId from, NodeId to) => LinkOf(from, to).Reconnect();

    /// <summary>A process has started: whoever was connected to the one before it connects anew.</summary>
    public void Restarted(NodeId id)
    {
        // In no order that matters: each is changed by itself.
        foreach (((NodeId from, NodeId to), Link link) in _links)
        {
            if (from == id || to == id)
            {
                link.Reconnect();
            }
        }
    }

    /// <summary>Ends everything that was done to single links.</summary>
    public void Heal()
    {
        while (_raised.Count > 0)
        {
            Clear(_raised[^1]);
        }

        foreach (Link link in _links.Values)
        {
            link.BytesPerSecond = 0;
            link.Reconnect();
        }
    }

    /// <summary>True where that direction is cut.</summary>
    public bool IsCut(NodeId from, NodeId to) => LinkOf(from, to).Obstacles > 0;

    /// <summary>Sends a frame, which is copied.</summary>
    /// <returns>False where it was refused: the queue before a narrow link is full.</returns>
    public bool Send(NodeId from, NodeId to, PeerChannel channel, PeerFrame frame)
    {
        Link link = LinkOf(from, to);
        Link.Connection connection = link.Connections[(int)channel];
        byte[] bytes = Flatten(frame);
        Sent?.Invoke(from, to, channel, bytes);
        Counts.Sent++;
        if (link.IsHalfOpen)
        {
            Counts.Vanished++;
            return true;
        }

        if (!TryLeave(link, connection, bytes.Length, out long waitUs))
        {
            return false;
        }

        bool isReplayed = _random.PerMille(Faults.ReplayPerMille);
        if (_random.PerMille(Faults.LossPerMille))
        {
            Counts.Lost++;
        }
        else
        {
            long atUs = _events.NowUs + waitUs + DrawDelayUs();
            if (Faults.IsOrdered)
            {
                atUs = Math.Max(atUs, connection.LastArrivalUs + 1);
                Counts.Overtook += atUs < connection.OlderArriveUntilUs ? 1 : 0;
            }

            connection.LastArrivalUs = Math.Max(connection.LastArrivalUs, atUs);

            // The receiver keeps the memory it is given; a replayed frame must not share it.
            Plan(link, from, to, channel, isReplayed ? (byte[])bytes.Clone() : bytes, atUs);
        }

        if (isReplayed)
        {
            Counts.Replayed++;
            Plan(link, from, to, channel, bytes, _events.NowUs + waitUs + DrawDelayUs());
        }

        return true;
    }

    internal static byte[] Flatten(PeerFrame frame)
    {
        byte[] bytes = new byte[frame.LengthBytes];
        frame.Head.Span.CopyTo(bytes);
        int offset = frame.Head.Length;
        foreach (EntryBatch batch in frame.Batches)
        {
            batch.Bytes.Span.CopyTo(bytes.AsSpan(offset));
            offset += batch.LengthBytes;
        }

        return bytes;
    }

    // How long the frame waits until it has left the sender.
    private bool TryLeave(Link link, Link.Connection connection, int lengthBytes, out long waitUs)
    {
        waitUs = 0;
        if (link.BytesPerSecond == 0)
        {
            return true;
        }

        long leavesAtUs = Math.Max(_events.NowUs, connection.FreeAtUs) + (lengthBytes * 1_000_000L / link.BytesPerSecond);
        if (connection.FreeAtUs > _events.NowUs + QueuedUsMax)
        {
            Counts.Refused++;
            return false;
        }

        connection.FreeAtUs = leavesAtUs;
        waitUs = leavesAtUs - _events.NowUs;
        Counts.Queued++;
        return true;
    }

    private long DrawDelayUs()
    {
        long delayUs = _random.Between(DelayUsMin, Faults.DelayUsMax);
        return _random.PerMille(Faults.SlowPerMille) ? delayUs + _random.Between(0, SlowUsMax) : delayUs;
    }

    private void Plan(Link link, NodeId from, NodeId to, PeerChannel channel, byte[] bytes, long atUs) => _events.At(atUs, () =>
    {
        if (link.Obstacles > 0)
        {
            Counts.Cut++;
            return;
        }

        _deliver(from, to, channel, bytes);
    });

    private void Count(Obstacle obstacle, int change)
    {
        foreach ((NodeId from, NodeId to) in obstacle.Directions)
        {
            LinkOf(from, to).Obstacles += change;
        }
    }

    private Link LinkOf(NodeId from, NodeId to)
    {
        if (!_links.TryGetValue((from, to), out Link? link))
        {
            _links.Add((from, to), link = new Link());
        }

        return link;
    }
}
