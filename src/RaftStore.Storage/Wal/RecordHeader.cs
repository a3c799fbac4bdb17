using System.Buffers.Binary;
using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>What a record of the log is.</summary>
internal enum RecordKind : byte
{
    /// <summary>A sealed batch, byte for byte as it was sealed.</summary>
    Batch = 1,

    /// <summary>The log now ends in an earlier entry: what came after it conflicted with the leader's. The body is that entry's id.</summary>
    Truncate = 2,

    /// <summary>The log is empty and goes on after the last entry of a snapshot. The body is that entry's id.</summary>
    Reset = 3,
}

/// <summary>What stands before the body of every record.</summary>
/// <remarks>
/// Little-endian; a record begins at a multiple of 8, and its body is padded with zeros to one:
/// <code>
///  0  u32  CRC-32C of the 60 bytes after it
///  4  u32  chain: checksum of the record before, or of the segment's header
///  8  u64  sequence of the segment
/// 16  u64  offset of this record in it
/// 24  u8   kind
/// 25  three zero bytes
/// 28  u32  epoch: how often the log had been opened
/// 32  u32  length of the body in bytes, without padding
/// 36  u32  checksum of the body: a batch's own, as its first four bytes have it; otherwise CRC-32C
/// 40  i64  commit index known when it was written: a hint
/// 48  u64  segment …
/// 56  u64  … and offset up to which the log was durable when it was written: a proof
/// </code>
/// An entry id as a body: <c>i64 index | i64 term</c>.
/// </remarks>
internal readonly record struct RecordHeader(
    uint Chain, LogPosition Place, RecordKind Kind, uint Epoch, uint BodyBytes, uint BodyCrc, long CommitIndex, LogPosition ProvenDurable)
{
    internal const int Bytes = 64;
    internal const int EntryIdBytes = 16;
    internal const int Alignment = 8;

    /// <summary>Bytes of a record with a body of that length.</summary>
    internal static long RecordBytes(uint bodyBytes) => Bytes + (((long)bodyBytes + Alignment - 1) & -Alignment);

    /// <summary>Writes the header.</summary>
    /// <returns>Its checksum, to which the next record is chained.</returns>
    internal uint Encode(Span<byte> target)
    {
        target[..Bytes].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], Chain);
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], Place.Segment);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], Place.OffsetBytes);
        target[24] = (byte)Kind;
        BinaryPrimitives.WriteUInt32LittleEndian(target[28..], Epoch);
        BinaryPrimitives.WriteUInt32LittleEndian(target[32..], BodyBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(target[36..], BodyCrc);
        BinaryPrimitives.WriteInt64LittleEndian(target[40..], CommitIndex);
        BinaryPrimitives.WriteInt64LittleEndian(target[48..], ProvenDurable.Segment);
        BinaryPrimitives.WriteInt64LittleEndian(target[56..], ProvenDurable.OffsetBytes);
        uint crc = Crc32C.Compute(target[4..Bytes]);
        BinaryPrimitives.WriteUInt32LittleEndian(target, crc);
        return crc;
    }

    /// <summary>True where the bytes claim to be a record of that place, intact or not.</summary>
    internal static bool ClaimsPlace(ReadOnlySpan<byte> source, LogPosition place)
        => BinaryPrimitives.ReadInt64LittleEndian(source[8..]) == place.Segment && BinaryPrimitives.ReadInt64LittleEndian(source[16..]) == place.OffsetBytes;

    /// <summary>The epoch that the bytes claim, intact or not.</summary>
    internal static uint ClaimedEpoch(ReadOnlySpan<byte> source) => BinaryPrimitives.ReadUInt32LittleEndian(source[28..]);

    /// <summary>Reads a header, whichever place it is from.</summary>
    /// <returns>False where its checksum does not match.</returns>
    internal static bool TryDecode(ReadOnlySpan<byte> source, out RecordHeader header, out uint crc)
    {
        crc = BinaryPrimitives.ReadUInt32LittleEndian(source);
        bool intact = crc == Crc32C.Compute(source[4..Bytes]);
        header = intact
            ? new RecordHeader(
                BinaryPrimitives.ReadUInt32LittleEndian(source[4..]),
                new LogPosition(BinaryPrimitives.ReadInt64LittleEndian(source[8..]), BinaryPrimitives.ReadInt64LittleEndian(source[16..])),
                (RecordKind)source[24],
                BinaryPrimitives.ReadUInt32LittleEndian(source[28..]),
                BinaryPrimitives.ReadUInt32LittleEndian(source[32..]),
                BinaryPrimitives.ReadUInt32LittleEndian(source[36..]),
                BinaryPrimitives.ReadInt64LittleEndian(source[40..]),
                new LogPosition(BinaryPrimitives.ReadInt64LittleEndian(source[48..]), BinaryPrimitives.ReadInt64LittleEndian(source[56..])))
            : default;
        return intact;
    }

    /// <summary>Writes an entry id as a body.</summary>
    internal static void EncodeEntryId(Span<byte> target, EntryId id)
    {
        BinaryPrimitives.WriteInt64LittleEndian(target, id.Index);
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], id.Term);
    }

    /// <summary>Reads an entry id.</summary>
    internal static EntryId DecodeEntryId(ReadOnlySpan<byte> source)
        => new(BinaryPrimitives.ReadInt64LittleEndian(source), BinaryPrimitives.ReadInt64LittleEndian(source[8..]));
}
