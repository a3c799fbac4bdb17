using RaftStore.Node;

namespace RaftStore.Server.Peers;

/// <summary>Cuts frames out of the bytes of one connection. A frame's memory is the receiver's to keep, so a chunk that frames were
/// cut from is never written again: it is used up, and a new one takes its place. One thread.</summary>
/// <remarks>Where a frame would begin, four zero bytes are a keep-alive of the connection, and no frame.</remarks>
internal sealed class FrameCutter
{
    /// <summary>Bytes of a chunk: as many as stay below the large-object heap, which is collected with the oldest generation only.</summary>
    public const int ChunkBytes = 64 << 10;

    /// <summary>A longer frame gets memory of its own, exactly as long, and is received straight into it.</summary>
    public const int SharedFrameBytesMax = 16 << 10;

    /// <summary>With less room than this the chunk is replaced: receiving a few bytes at a time costs a system call each.</summary>
    private const int RoomBytesMin = 8 << 10;

    private readonly Func<ReadOnlyMemory<byte>, string?> _deliver;
    private byte[] _chunk = GC.AllocateUninitializedArray<byte>(ChunkBytes);
    private int _start;
    private int _end;
    private byte[]? _own;
    private int _ownFilled;

    /// <summary>Delivers whole frames to <paramref name="deliver"/>, which says what is wrong with one, or null.</summary>
    public FrameCutter(Func<ReadOnlyMemory<byte>, string?> deliver) => _deliver = deliver;

    /// <summary>The bytes of a keep-alive.</summary>
    public static ReadOnlyMemory<byte> KeepAlive { get; } = new byte[sizeof(int)];

    /// <summary>Where the next bytes of the connection go; never empty.</summary>
    public Span<byte> GetBuffer()
    {
        if (_own is not null)
        {
            return _own.AsSpan(_ownFilled);
        }

        if (_chunk.Length - _end < RoomBytesMin)
        {
            byte[] next = GC.AllocateUninitializedArray<byte>(ChunkBytes);
            _chunk.AsSpan(_start, _end - _start).CopyTo(next);
            _end -= _start;
            _start = 0;
            _chunk = next;
        }

        return _chunk.AsSpan(_end);
    }

    /// <summary>Takes bytes that were put into the buffer, and delivers every frame that is complete now.</summary>
    /// <returns>What is wrong with the bytes: the connection must be closed; or null.</returns>
    public string? Advance(int count)
    {
        if (_own is null)
        {
            _end += count;
            return Cut();
        }

        _ownFilled += count;
        if (_ownFilled < _own.Length)
        {
            return null;
        }

        byte[] frame = _own;
        _own = null;
        return _deliver(frame);
    }

    private string? Cut()
    {
        while (_end - _start >= sizeof(int))
        {
            ReadOnlyMemory<byte> bytes = _chunk.AsMemory(_start, _end - _start);
            if (bytes.Span.StartsWith(KeepAlive.Span))
            {
                _start += sizeof(int);
                continue;
            }

            int length = PeerFrames.PeekLengthBytes(bytes.Span[..sizeof(int)]);
            if (length is < PeerFrames.HeaderBytes or > PeerFrames.LengthBytesMax)
            {
                return "no frame has such a length";
            }

            if (length > bytes.Length)
            {
                if (length > SharedFrameBytesMax)
                {
                    _own = GC.AllocateUninitializedArray<byte>(length);
                    bytes.Span.CopyTo(_own);
                    _ownFilled = bytes.Length;
                    _start = _end;
                }

                return null;
            }

            _start += length;
            if (_deliver(bytes[..length]) is { } error)
            {
                return error;
            }
        }

        return null;
    }
}
