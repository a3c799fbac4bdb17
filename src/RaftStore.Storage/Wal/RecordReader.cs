using System.Buffers.Binary;
using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>An intact record.</summary>
/// <param name="Header">Its header.</param>
/// <param name="Crc">The header's checksum, to which the next record is chained.</param>
/// <param name="Entries">The entries in its body, where that is a batch.</param>
/// <param name="Batch">That batch, where it is wanted.</param>
/// <param name="EntryId">The entry id in its body, where it is of another kind.</param>
internal readonly record struct ScannedRecord(RecordHeader Header, uint Crc, EntryRange Entries, EntryBatch? Batch, EntryId EntryId)
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
    /// <param name="wantedAfter">Batches that end at this index or before are checked like all others, and not kept.</param>
    /// <param name="record">Set only where an intact record was found.</param>
    internal static FoundAtPlace Read(SegmentReader reader, LogPosition place, uint chain, uint epochMin, uint epochMax, long wantedAfter, out ScannedRecord record)
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
        return header.Kind == RecordKind.Batch ? ReadBatch(reader, header, crc, wantedAfter, out record) : ReadEntryId(reader, header, crc, out record);
    }

    private static FoundAtPlace ReadBatch(SegmentReader reader, RecordHeader header, uint crc, long wantedAfter, out ScannedRecord record)
    {
        record = default;
        ReadOnlySpan<byte> body = reader.PeekAll(header.Place.OffsetBytes + RecordHeader.Bytes, (int)header.BodyBytes);
        if (body.Length < header.BodyBytes || BinaryPrimitives.ReadUInt32LittleEndian(body) != header.BodyCrc)
        {
            return FoundAtPlace.DamagedBody;
        }

        if (!EntryBatch.TryCopy(body, wantedAfter, out EntryRange entries, out EntryBatch? batch))
        {
            return Crc32C.Compute(body[sizeof(uint)..]) == header.BodyCrc ? FoundAtPlace.Unknown : FoundAtPlace.DamagedBody;
        }

        record = new ScannedRecord(header, crc, entries, batch, default);
        return FoundAtPlace.Record;
    }

    private static FoundAtPlace ReadEntryId(SegmentReader reader, RecordHeader header, uint crc, out ScannedRecord record)
    {
        record = default;
        ReadOnlySpan<byte> body = reader.Peek(header.Place.OffsetBytes + RecordHeader.Bytes, RecordHeader.EntryIdBytes);
        if (body.Length < RecordHeader.EntryIdBytes || Crc32C.Compute(body) != header.BodyCrc)
        {
            return FoundAtPlace.DamagedBody;
        }

        record = new ScannedRecord(header, crc, default, null, RecordHeader.DecodeEntryId(body));
        return FoundAtPlace.Record;
    }
}
