using System.Buffers.Binary;
using RaftStore.Raft;

namespace RaftStore.Node.Codec;

/// <summary>Reads the fields of one message in order. It never throws: reading past the end, or a value out of its range, makes
/// <see cref="IsBroken"/> true and yields zeros, and the decoder refuses the frame at its end.</summary>
internal ref struct FrameReader(ReadOnlyMemory<byte> message)
{
    /// <summary>The largest index, term, time or offset that is believed. Half of what fits, so that no sum of two of them and
    /// no successor overflows anywhere behind the gate.</summary>
    public const long NumberMax = 1L << 62;

    private readonly ReadOnlyMemory<byte> _message = message;
    private int _position;

    /// <summary>True where something did not fit or was out of range.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>True where everything was read and nothing was wrong.</summary>
    public readonly bool IsComplete => !IsBroken && _position == _message.Length;

    /// <summary>Bytes not read yet.</summary>
    public readonly int Remaining => _message.Length - _position;

    /// <summary>The checksum of a frame's head, as it must stand at offset 8.</summary>
    public static uint ChecksumOf(ReadOnlySpan<byte> head) => Crc32C.Append(Crc32C.Compute(head[12..]), head[..8]);

    public byte Byte()
    {
        ReadOnlySpan<byte> span = Take(1);
        return span.IsEmpty ? (byte)0 : span[0];
    }

    public bool Bool()
    {
        byte value = Byte();
        IsBroken |= value > 1;
        return value == 1;
    }

    public uint UInt32()
    {
        ReadOnlySpan<byte> span = Take(sizeof(uint));
        return span.IsEmpty ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(span);
    }

    public ulong UInt64()
    {
        ReadOnlySpan<byte> span = Take(sizeof(ulong));
        return span.IsEmpty ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(span);
    }

    /// <summary>A number from <paramref name="least"/> to <see cref="NumberMax"/>.</summary>
    public long Number(long least = 0)
    {
        ReadOnlySpan<byte> span = Take(sizeof(long));
        long value = span.IsEmpty ? 0 : BinaryPrimitives.ReadInt64LittleEndian(span);
        IsBroken |= value < least || value > NumberMax;
        return IsBroken ? 0 : value;
    }

    /// <summary>An index with its term; index 0 has term 0, and no other does.</summary>
    public EntryId Entry()
    {
        EntryId value = new(Number(), Number());
        IsBroken |= value.Index == 0 != (value.Term == 0);
        return value;
    }

    /// <summary>The next bytes, as part of the frame's own memory.</summary>
    public ReadOnlyMemory<byte> Bytes(uint length)
    {
        if (IsBroken || length > (uint)Remaining)
        {
            IsBroken = true;
            return default;
        }

        ReadOnlyMemory<byte> bytes = _message.Slice(_position, (int)length);
        _position += (int)length;
        return bytes;
    }

    private ReadOnlySpan<byte> Take(uint length) => Bytes(length).Span;
}
