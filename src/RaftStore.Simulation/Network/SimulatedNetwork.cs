using RaftStore.Node;
using RaftStore.Raft;

namespace RaftStore.Simulation;

/// <summary>Carries encoded frames between machines, late, twice, out of order or not at all. Each ordered pair of machines can
/// be cut on its own, so that one-way cuts are possible.</summary>
public sealed class SimulatedNetwork
{
    private const long DelayUsMin = 20;
    private const long SlowUsMax = 500_000;

    private readonly EventHeap _events;
    private readonly RandomStream _random;
    private readonly Action<NodeId, NodeId, PeerChannel, byte[]> _deliver;
    private readonly SortedSet<(NodeId From, NodeId To)> _cuts = new();

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

    /// <summary>Frames sent, lost, replayed, and stopped by a cut.</summary>
    public (long Sent, long Lost, long Replayed, long Cut) Counts { get; private set; }

    /// <summary>Cuts one direction.</summary>
    public void Cut(NodeId from, NodeId to) => _cuts.Add((from, to));

    /// <summary>Ends every cut.</summary>
    public void Heal() => _cuts.Clear();

    /// <summary>True where that direction is cut.</summary>
    public bool IsCut(NodeId from, NodeId to) => _cuts.Contains((from, to));

    /// <summary>Sends a frame, which is copied.</summary>
    public void Send(NodeId from, NodeId to, PeerChannel channel, PeerFrame frame)
    {
        byte[] bytes = Flatten(frame);
        Sent?.Invoke(from, to, channel, bytes);
        (long sent, long lost, long replayed, long cut) = Counts;
        sent++;
        if (_random.PerMille(Faults.LossPerMille))
        {
            lost++;
        }
        else
        {
            Plan(from, to, channel, bytes);
        }

        if (_random.PerMille(Faults.ReplayPerMille))
        {
            replayed++;
            Plan(from, to, channel, bytes);
        }

        Counts = (sent, lost, replayed, cut);
    }

    private void Plan(NodeId from, NodeId to, PeerChannel channel, byte[] bytes)
    {
        long delayUs = _random.Between(DelayUsMin, Faults.DelayUsMax);
        if (_random.PerMille(Faults.SlowPerMille))
        {
            delayUs += _random.Between(0, SlowUsMax);
        }

        _events.After(delayUs, () => Arrive(from, to, channel, bytes));
    }

    private void Arrive(NodeId from, NodeId to, PeerChannel channel, byte[] bytes)
    {
        if (IsCut(from, to))
        {
            Counts = Counts with { Cut = Counts.Cut + 1 };
            return;
        }

        // The receiver keeps the memory it is given; a replayed frame must not share it.
        _deliver(from, to, channel, (byte[])bytes.Clone());
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
}
