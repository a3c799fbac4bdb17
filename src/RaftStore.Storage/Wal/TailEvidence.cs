using System.Buffers.Binary;

namespace RaftStore.Storage;

/// <summary>What stands behind the place where the chain of records breaks off.</summary>
/// <param name="ProvenDurable">The furthest durable end that an intact record of this segment claims.</param>
/// <param name="TornEndBytes">Where the last record of the last process's epoch ends, or the offset looked from where there is none.</param>
internal readonly record struct TailEvidence(LogPosition ProvenDurable, long TornEndBytes)
{
    private const int WindowBytes = 16 << 10;

    /// <summary>Looks for intact records behind a place. A record names its own segment and offset, so that what a recycled segment held
    /// before is not taken for one; and it says how far the log was durable when it was written, which stays true for
    /// ever, because the log is never rewound.</summary>
    /// <param name="limitBytes">Where to stop looking.</param>
    internal static TailEvidence Collect(SegmentReader reader, long fromBytes, long limitBytes, uint epoch)
    {
        LogPosition proven = new(0, 0);
        long tornEnd = fromBytes;
        long end = Math.Min(limitBytes, reader.LengthBytes) - RecordHeader.Bytes;
        long offset = fromBytes;
        while (offset <= end)
        {
            ReadOnlySpan<byte> window = reader.Peek(offset, (int)Math.Min(WindowBytes, end + RecordHeader.Bytes - offset));
            if (window.Length > RecordHeader.Bytes && window.IndexOfAnyExcept((byte)0) < 0)
            {
                // Most of what stands behind the end of a log is zeros; a record that begins in the last of them is looked at again.
                offset += window.Length - RecordHeader.Bytes;
                continue;
            }

            int place = 0;
            for (; place + RecordHeader.Bytes <= window.Length; place += RecordHeader.Alignment)
            {
                ReadOnlySpan<byte> candidate = window.Slice(place, RecordHeader.Bytes);
                if (BinaryPrimitives.ReadInt64LittleEndian(candidate[8..]) == reader.Sequence
                    && BinaryPrimitives.ReadInt64LittleEndian(candidate[16..]) == offset + place
                    && RecordHeader.TryDecode(candidate, out RecordHeader header, out _))
                {
                    proven = header.ProvenDurable > proven ? header.ProvenDurable : proven;
                    tornEnd = header.Epoch == epoch ? Math.Max(tornEnd, offset + place + RecordHeader.RecordBytes(header.BodyBytes)) : tornEnd;
                }
            }

            if (place == 0)
            {
                break;
            }

            offset += place;
        }

        return new TailEvidence(proven, Math.Min(tornEnd, Math.Max(reader.LengthBytes, fromBytes)));
    }
}
