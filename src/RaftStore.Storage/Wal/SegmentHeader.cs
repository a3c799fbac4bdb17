using System.Buffers.Binary;
using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>The start of a segment that has been begun. A file without a valid header of its own sequence is a spare.</summary>
/// <remarks>
/// Little-endian:
/// <code>
///  0  u32  CRC-32C of the 60 bytes after it; the first record of the segment is chained to it
///  4  u32  magic "RSWL"
///  8  u16  format, 1
/// 10  u16  zero
/// 12  u32  chain: checksum of the last record before, or of the previous header where that segment has none; 0 for the first
/// 16  u64  cluster id
/// 24  u64  sequence of this segment
/// 32  i64  index of the log's last entry when the segment was begun
/// 40  i64  term of that entry
/// 48  u64  where the previous segment ends, in bytes; it was durable up to there. 0 for the first
/// 56  u32  epoch: how often the log had been opened
/// 60  u32  zero
/// </code>
/// </remarks>
internal readonly record struct SegmentHeader(ClusterId Cluster, long Sequence, uint Chain, EntryId Before, long PreviousEndBytes, uint Epoch)
{
    internal const int Bytes = 64;
    internal const ushort KnownFormat = 1;

    private const uint Magic = 0x4C575352; // "RSWL"

    /// <summary>Everything before the place that this header proves durable.</summary>
    internal LogPosition ProvenDurable => new(Sequence - 1, PreviousEndBytes);

    /// <summary>Writes the header.</summary>
    /// <returns>Its checksum.</returns>
    internal uint Encode(Span<byte> target)
    {
        target[..Bytes].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(target[8..], KnownFormat);
        BinaryPrimitives.WriteUInt32LittleEndian(target[12..], Chain);
        BinaryPrimitives.WriteUInt64LittleEndian(target[16..], Cluster.Value);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(target[32..], Before.Index);
        BinaryPrimitives.WriteInt64LittleEndian(target[40..], Before.Term);
        BinaryPrimitives.WriteInt64LittleEndian(target[48..], PreviousEndBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(target[56..], Epoch);
        uint crc = Crc32C.Compute(target[4..Bytes]);
        BinaryPrimitives.WriteUInt32LittleEndian(target, crc);
        return crc;
    }

    /// <summary>Reads a header, whichever segment's it is.</summary>
    /// <param name="format">Its format; the header's other fields mean something only where it is <see cref="KnownFormat"/>.</param>
    /// <returns>False where the bytes are not an intact header.</returns>
    internal static bool TryDecode(ReadOnlySpan<byte> source, out SegmentHeader header, out uint crc, out ushort format)
    {
        header = default;
        format = 0;
        crc = 0;
        if (source.Length < Bytes)
        {
            return false;
        }

        crc = BinaryPrimitives.ReadUInt32LittleEndian(source);
        if (crc != Crc32C.Compute(source[4..Bytes]) || BinaryPrimitives.ReadUInt32LittleEndian(source[4..]) != Magic)
        {
            return false;
        }

        format = BinaryPrimitives.ReadUInt16LittleEndian(source[8..]);
        header = new SegmentHeader(
            new ClusterId(BinaryPrimitives.ReadUInt64LittleEndian(source[16..])),
            BinaryPrimitives.ReadInt64LittleEndian(source[24..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[12..]),
            new EntryId(BinaryPrimitives.ReadInt64LittleEndian(source[32..]), BinaryPrimitives.ReadInt64LittleEndian(source[40..])),
            BinaryPrimitives.ReadInt64LittleEndian(source[48..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[56..]));
        return true;
    }
}
