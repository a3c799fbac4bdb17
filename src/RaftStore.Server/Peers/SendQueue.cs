using System.Runtime.InteropServices;
using RaftStore.Node;
using RaftStore.Raft;

namespace RaftStore.Server.Peers;

/// <summary>Frames that wait to be sent on one connection, in order, bounded in bytes. It knows how far into the first one the
/// socket has come. One thread at a time.</summary>
internal sealed class SendQueue(int bytesMax)
{
    private readonly Queue<PeerFrame> _frames = new();
    private int _sentOfFirst;

    /// <summary>Frames that are not sent, or not wholly.</summary>
    public int Count => _frames.Count;

    /// <summary>Bytes that are not sent.</summary>
    public long Bytes { get; private set; }

    /// <summary>Takes a frame where the bound allows it; an empty queue takes any.</summary>
    public bool TryAdd(PeerFrame frame)
    {
        int length = frame.LengthBytes;
        if (_frames.Count > 0 && Bytes + length > bytesMax)
        {
            return false;
        }

        _frames.Enqueue(frame);
        Bytes += length;
        return true;
    }

    /// <summary>The next bytes to send, as they lie in memory: at most <see cref="PeerSocket.GatherMax"/> pieces.</summary>
    public void Gather(List<ArraySegment<byte>> pieces)
    {
        pieces.Clear();
        int skip = _sentOfFirst;
        foreach (PeerFrame frame in _frames)
        {
            if (!AddPiece(pieces, frame.Head, ref skip))
            {
                return;
            }

            foreach (EntryBatch batch in frame.Batches)
            {
                if (!AddPiece(pieces, batch.Bytes, ref skip))
                {
                    return;
                }
            }
        }
    }

    /// <summary>The socket took that many bytes of what <see cref="Gather"/> gave.</summary>
    public void Advance(int bytes)
    {
        Bytes -= bytes;
        _sentOfFirst += bytes;
        while (_frames.Count > 0 && _sentOfFirst >= _frames.Peek().LengthBytes)
        {
            _sentOfFirst -= _frames.Dequeue().LengthBytes;
        }
    }

    /// <summary>Drops everything.</summary>
    /// <returns>How many frames that were.</returns>
    public int Clear()
    {
        int dropped = _frames.Count;
        _frames.Clear();
        _sentOfFirst = 0;
        Bytes = 0;
        return dropped;
    }

    private static bool AddPiece(List<ArraySegment<byte>> pieces, ReadOnlyMemory<byte> memory, ref int skip)
    {
        if (skip >= memory.Length)
        {
            skip -= memory.Length;
            return true;
        }

        if (pieces.Count == PeerSocket.GatherMax)
        {
            return false;
        }

        ReadOnlyMemory<byte> rest = memory[skip..];
        skip = 0;
        pieces.Add(MemoryMarshal.TryGetArray(rest, out ArraySegment<byte> segment) ? segment : new ArraySegment<byte>(rest.ToArray()));
        return true;
    }
}
