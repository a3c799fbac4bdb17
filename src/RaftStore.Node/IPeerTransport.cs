using RaftStore.Raft;

namespace RaftStore.Node;

/// <summary>The three connections to a peer: what is on one never waits behind what is on another.</summary>
public enum PeerChannel
{
    /// <summary>Heartbeats, votes, read confirmations, acknowledgements. Small and urgent.</summary>
    Control = 0,

    /// <summary>AppendEntries, forwarded requests and their results.</summary>
    Bulk = 1,

    /// <summary>Chunks of snapshots.</summary>
    Snapshot = 2,
}

/// <summary>The network: the seam between production and simulation. It carries encoded frames and knows nothing of what is in
/// them. What is sent may be lost, and on a new connection may be overtaken; it is never changed.</summary>
public interface IPeerTransport
{
    /// <summary>Queues a frame. Never blocks. Pump thread.</summary>
    /// <returns>False where the frame was dropped: there is no connection, or its queue is full.</returns>
    bool Send(NodeId to, PeerChannel channel, PeerFrame frame);

    /// <summary>The configuration in force has changed: from here on its members are to be reached. Who left it may still have to be told
    /// so for a while. Never blocks. Pump thread.</summary>
    void Follow(Configuration configuration);
}

/// <summary>One frame: a head that was encoded for it, and sealed batches that go out as they are, without being copied.</summary>
/// <param name="Head">The frame's beginning, length and checksum included; whose checksum covers the head alone, since a batch
/// carries its own.</param>
/// <param name="Batches">What follows the head; mostly empty.</param>
public readonly record struct PeerFrame(ReadOnlyMemory<byte> Head, System.Collections.Immutable.ImmutableArray<EntryBatch> Batches)
{
    /// <summary>Bytes of the whole frame.</summary>
    public int LengthBytes
    {
        get
        {
            int length = Head.Length;
            foreach (EntryBatch batch in Batches)
            {
                length += batch.LengthBytes;
            }

            return length;
        }
    }
}
