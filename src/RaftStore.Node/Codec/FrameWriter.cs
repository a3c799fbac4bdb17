using System.Buffers.Binary;
using System.Collections.Immutable;
using RaftStore.Raft;

namespace RaftStore.Node.Codec;

/// <summary>Fills the head of one frame from start to end. The layouts are drawn in <c>WIRE.md</c>.</summary>
internal ref struct FrameWriter
{
    private const byte BodyVersion = 1;

    private readonly byte[] _head;
    private int _position;

    /// <summary>Begins a frame whose message takes <paramref name="messageBytes"/> after the envelope.</summary>
    public FrameWriter(FrameKind kind, Envelope envelope, int messageBytes)
    {
        _head = GC.AllocateUninitializedArray<byte>(Envelope.MessageOffset + messageBytes);
        _head[12] = (byte)kind;
        _head[13] = BodyVersion;
        BinaryPrimitives.WriteUInt16LittleEndian(_head.AsSpan(14), 0);
        _position = PeerFrames.HeaderBytes;
        UInt64(envelope.Cluster.Value);
        UInt32(envelope.From.Value);
        UInt32(envelope.To.Value);
        Int64(envelope.Term);
    }

    public void Byte(byte value) => _head[_position++] = value;

    public void Bool(bool value) => Byte(value ? (byte)1 : (byte)0);

    public void UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_head.AsSpan(_position), value);
        _position += sizeof(uint);
    }

    public void UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_head.AsSpan(_position), value);
        _position += sizeof(ulong);
    }

    public void Int64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_head.AsSpan(_position), value);
        _position += sizeof(long);
    }

    public void Entry(EntryId value)
    {
        Int64(value.Index);
        Int64(value.Term);
    }

    /// <summary>The next bytes, for the caller to fill.</summary>
    public Span<byte> Reserve(int bytes)
    {
        Span<byte> span = _head.AsSpan(_position, bytes);
        _position += bytes;
        return span;
    }

    /// <summary>Ends the frame: lengths and checksum.</summary>
    public readonly PeerFrame Finish() => Finish([]);

    /// <summary>Ends the frame, with batches that follow the head as they are.</summary>
    public readonly PeerFrame Finish(ImmutableArray<EntryBatch> batches)
    {
        Invariant.Check(_position == _head.Length, $"a frame's head of {_head.Length} bytes was filled up to {_position}");
        PeerFrame frame = new(_head, batches);
        Invariant.Check(frame.LengthBytes <= PeerFrames.LengthBytesMax, $"a frame of {frame.LengthBytes} bytes, above {PeerFrames.LengthBytesMax}");
        BinaryPrimitives.WriteUInt32LittleEndian(_head, (uint)frame.LengthBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(_head.AsSpan(4), (uint)_head.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(_head.AsSpan(8), FrameReader.ChecksumOf(_head));
        return frame;
    }
}
