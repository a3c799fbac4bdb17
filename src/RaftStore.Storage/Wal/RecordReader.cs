using System.Buffers.Binary;
using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>An intact record.</summary>
/// <param name="Header">Its header.</param>
/// <param name="Crc">The header's checksum, to which the next record is chained.</param>
/// <param name="Batch">The batch, where it is one.</param>
/// <param name="EntryId">The entry id in its body, where it is of another kind.</param>
internal readonly record struct ScannedRecord(RecordHeader Header, uint Crc, EntryBatch? Batch, EntryId EntryId)
{
    /// <summary>Bytes from its start to the next record's.</summary>
    internal long LengthBytes => RecordHeader.RecordBytes(Header.BodyBytes);
}

/// <summary>Reads what stands at one place of a segment and says what it is.</summary>
internal static class RecordReader
{
    /// <summary>Reads the record at a place.</summary>
    /// <param name="reader">The segment.</param>
    /// <param name="place">Where the chain of records has come to.</param>
    /// <param name="chain">The checksum that the record must be chained to.</param>
    /// <param name="epochMin">The epoch of the record before.</param>
    /// <param name="epochMax">The epoch of the last process that wrote.</param>
    /// <param name="record">Set only where an intact record was found.</param>
    internal static FoundAtPlace Read(SegmentReader reader, LogPosition place, uint chain, uint epochMin, uint epochMax, out ScannedRecord record)
    {
        record = default;
        ReadOnlySpan<byte> source = reader.Peek(place.OffsetBytes, RecordHeader.Bytes);
        if (source.Length < RecordHeader.Bytes || source.IndexOfAnyExcept((byte)0) < 0)
        {
            return FoundAtPlace.Nothing;
        }

        if (!RecordHeader.TryDecode(source, out RecordHeader header, out uint crc))
        {
            bool isLastProcess = RecordHeader.ClaimsPlace(source, place) && RecordHeader.ClaimedEpoch(source) == epochMax;
            return isLastProcess ? FoundAtPlace.DamagedHeader : FoundAtPlace.Stale;
        }

        if (header.Place != place || header.Chain != chain || header.Epoch < epochMin)
        {
            return FoundAtPlace.Stale;
        }

        bool isSane = header.Epoch <= epochMax && header.CommitIndex >= 0 && header.ProvenDurable <= place && header.Kind switch
        {
            RecordKind.Batch => header.BodyBytes is >= EntryBatch.HeaderBytes + EntryBatch.EntryHeaderBytes and <= EntryBatch.LengthBytesMax,
            RecordKind.Truncate or RecordKind.Reset => header.BodyBytes == RecordHeader.EntryIdBytes,
            _ => false,
        };
        if (!isSane)
        {
            return FoundAtPlace.Unknown;
        }

        // Only now is the length known to be one that may be allocated.
        return header.Kind == RecordKind.Batch ? ReadBatch(reader, header, crc, out record) : ReadEntryId(reader, header, crc, out record);
    }

    private static FoundAtPlace ReadBatch(SegmentReader reader, RecordHeader header, uint crc, out ScannedRecord record)
    {
        record = default;
        byte[] body = GC.AllocateUninitializedArray<byte>((int)header.BodyBytes);
        if (!reader.TryRead(header.Place.OffsetBytes + RecordHeader.Bytes, body) || BinaryPrimitives.ReadUInt32LittleEndian(body) != header.BodyCrc)
        {
            return FoundAtPlace.DamagedBody;
        }

        EntryBatch? batch = EntryBatch.TryDecode(body, out _);
        if (batch is null)
        {
            return Crc32C.Compute(body.AsSpan(sizeof(uint))) == header.BodyCrc ? FoundAtPlace.Unknown : FoundAtPlace.DamagedBody;
        }

        record = new ScannedRecord(header, crc, batch, default);
        return FoundAtPlace.Record;
    }

    private static FoundAtPlace ReadEntryId(SegmentReader reader, RecordHeader header, uint crc, out ScannedRecord record)
    {
        record = default;
        Span<byte> body = stackalloc byte[RecordHeader.EntryIdBytes];
        if (!reader.TryRead(header.Place.OffsetBytes + RecordHeader.Bytes, body) || Crc32C.Compute(body) != header.BodyCrc)
        {
            return FoundAtPlace.DamagedBody;
        }

        record = new ScannedRecord(header, crc, null, RecordHeader.DecodeEntryId(body));
        return FoundAtPlace.Record;
    }
}
