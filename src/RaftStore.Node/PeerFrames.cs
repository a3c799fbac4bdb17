using System.Buffers.Binary;

namespace RaftStore.Node;

/// <summary>How frames are cut out of a byte stream. What is in them is drawn in <c>WIRE.md</c>; the codec stands in <c>Codec/</c>.</summary>
/// <remarks>
/// Little-endian:
/// <code>
///  0  u32  length of the whole frame in bytes, this header included
///  4  u32  length of the head in bytes, this header included; what follows it are sealed batches
///  8  u32  CRC-32C of the head from offset 12 on and of its first eight bytes
/// 12  u8   kind
/// 13  u8   version of the kind's body, 1
/// 14  u16  zero
/// 16  the body, and after the head the batches
/// </code>
/// </remarks>
public static class PeerFrames
{
    /// <summary>Bytes before the body.</summary>
    public const int HeaderBytes = 16;

    /// <summary>The longest frame that is accepted: one batch of the largest size, or many small ones.</summary>
    public const int LengthBytesMax = Raft.EntryBatch.LengthBytesMax + (64 << 10);

    /// <summary>The length of the frame whose first four bytes these are.</summary>
    /// <returns>-1 where no frame has that length: the connection must be closed.</returns>
    public static int PeekLengthBytes(ReadOnlySpan<byte> start)
    {
        if (start.Length < sizeof(uint))
        {
            return -1;
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(start);
        return length is >= HeaderBytes and <= LengthBytesMax ? (int)length : -1;
    }
}
