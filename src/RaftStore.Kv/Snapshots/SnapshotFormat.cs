using System.Buffers.Binary;
using RaftStore.Kv.State;
using RaftStore.Kv.Versions;

namespace RaftStore.Kv.Snapshots;

/// <summary>The bytes of a snapshot of the state machine. The file around them, with its checksums, is not this project's.</summary>
/// <remarks>
/// Little-endian:
/// <code>
/// header
///   0  8 bytes  "RSKVSNAP"
///   8  u32  format, 2
///  12  u32  zero
///  16  i64  revision
///  24  i64  compacted revision
///  32  i64  dropped revision: below the compacted one while some of what nobody can read is still to be dropped
///  40  i64  events that were dropped beyond the share of the entries so far
///  48  i64  applied index
///  56  i64  cluster time of that entry, ms
///  64  i64  keys that follow, deleted ones that are retained included
///  72  i64  bytes of keys and values of all versions
///  80  i64  limit: quota, bytes
///  88  u32  limit: bytes of a key
///  92  u32  limit: bytes of a value
///  96  i64  limit: age of history, ms
/// 104  u32  limit: history, percent of the quota
/// 108  u32  limit: keys of a range delete
/// 112  i64  limit: revisions kept at least
/// 120  u64  state hash, lower half
/// 128  u64  state hash, upper half
/// 136  the keys, in byte order
///
/// key
///   0  u32  bytes of the key
///   4  u32  versions
///   8  the key
///      its versions, oldest first
///
/// version
///   0  i64  create revision; 0 in a tombstone
///   8  i64  mod revision
///  16  i64  version; 0 marks a tombstone
///  24  i64  lease
///  32  i64  cluster time of the entry that made it, ms
///  40  u32  bytes of the value
///  44  u32  zero
///  48  the value
/// </code>
/// In format 1 the two numbers at 32 are not there, the hash is one over fewer numbers, and in the place of the percents and
/// the keys of a range delete stands an i64: the limit of history in bytes, which always was a quarter of the quota.
/// The snapshot ends with the last key. The event log is not written: it is the versions above the dropped revision, by
/// revision and then by key.
/// </remarks>
internal static class SnapshotFormat
{
    internal const int HeaderBytes = 136;

    /// <summary>Magic and format, which say how long the header is.</summary>
    internal const int HeaderStartBytes = 16;

    internal const int KeyHeaderBytes = 8;

    internal const int VersionHeaderBytes = 48;

    private const uint Format = 2;

    private const uint OldestFormat = 1;

    private const int HeaderBytesOfFormat1 = 120;

    private static ReadOnlySpan<byte> Magic => "RSKVSNAP"u8;

    internal static void WriteHeader(Span<byte> target, StateSummary summary)
    {
        Magic.CopyTo(target);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], Format);
        BinaryPrimitives.WriteUInt32LittleEndian(target[12..], 0);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], summary.Revision);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], summary.CompactedRevision);
        BinaryPrimitives.WriteInt64LittleEndian(target[32..], summary.DroppedRevision);
        BinaryPrimitives.WriteInt64LittleEndian(target[40..], summary.OwedTrims);
        BinaryPrimitives.WriteInt64LittleEndian(target[48..], summary.AppliedIndex);
        BinaryPrimitives.WriteInt64LittleEndian(target[56..], summary.ClusterTimeMs);
        BinaryPrimitives.WriteInt64LittleEndian(target[64..], summary.EntryCount);
        BinaryPrimitives.WriteInt64LittleEndian(target[72..], summary.StoredBytes);
        BinaryPrimitives.WriteInt64LittleEndian(target[80..], summary.Limits.QuotaBytes);
        BinaryPrimitives.WriteInt32LittleEndian(target[88..], summary.Limits.KeyBytesMax);
        BinaryPrimitives.WriteInt32LittleEndian(target[92..], summary.Limits.ValueBytesMax);
        BinaryPrimitives.WriteInt64LittleEndian(target[96..], summary.Limits.HistoryAgeMs);
        BinaryPrimitives.WriteInt32LittleEndian(target[104..], summary.Limits.HistoryPercent);
        BinaryPrimitives.WriteInt32LittleEndian(target[108..], summary.Limits.RangeKeysMax);
        BinaryPrimitives.WriteInt64LittleEndian(target[112..], summary.Limits.HistoryRevisionsMin);
        BinaryPrimitives.WriteUInt128LittleEndian(target[120..], summary.Hash());
    }

    /// <summary>How long the header is that begins so.</summary>
    /// <param name="start">Its first 16 bytes at least.</param>
    /// <param name="format">Its format.</param>
    /// <exception cref="FormatException">It is not the header of a snapshot that this version knows.</exception>
    internal static int LengthOfHeader(ReadOnlySpan<byte> start, out uint format)
    {
        if (!start.StartsWith(Magic))
        {
            throw new FormatException("This is not a snapshot of a RaftStore state machine.");
        }

        format = BinaryPrimitives.ReadUInt32LittleEndian(start[8..]);
        if (format is < OldestFormat or > Format || BinaryPrimitives.ReadUInt32LittleEndian(start[12..]) != 0)
        {
            throw new FormatException(FormattableString.Invariant($"Snapshot format {format} is not known to this version, which knows {OldestFormat} to {Format}."));
        }

        return format == 1 ? HeaderBytesOfFormat1 : HeaderBytes;
    }

    /// <summary>Reads a whole header; its counts are only claims until the end of the snapshot.</summary>
    /// <param name="format">Its format: how the hash is made.</param>
    /// <param name="hash">The state hash that the versions must come to.</param>
    /// <exception cref="FormatException">It is not the header of a snapshot that this version knows.</exception>
    internal static StateSummary ReadHeader(ReadOnlySpan<byte> source, out uint format, out UInt128 hash)
    {
        _ = LengthOfHeader(source, out format);
        long compactedRevision = BinaryPrimitives.ReadInt64LittleEndian(source[24..]);
        ReadOnlySpan<byte> rest = source[(format == 1 ? 32 : 48)..];
        StateSummary summary = new()
        {
            Revision = BinaryPrimitives.ReadInt64LittleEndian(source[16..]),
            CompactedRevision = compactedRevision,
            DroppedRevision = format == 1 ? compactedRevision : BinaryPrimitives.ReadInt64LittleEndian(source[32..]),
            OwedTrims = format == 1 ? 0 : BinaryPrimitives.ReadInt64LittleEndian(source[40..]),
            AppliedIndex = BinaryPrimitives.ReadInt64LittleEndian(rest),
            ClusterTimeMs = BinaryPrimitives.ReadInt64LittleEndian(rest[8..]),
            EntryCount = BinaryPrimitives.ReadInt64LittleEndian(rest[16..]),
            StoredBytes = BinaryPrimitives.ReadInt64LittleEndian(rest[24..]),
            VersionSum = 0,
            Limits = ReadLimits(rest[32..], format),
        };
        bool sane = summary.DroppedRevision >= 0
            && summary.OwedTrims >= 0
            && summary.CompactedRevision >= summary.DroppedRevision
            && summary.Revision >= summary.CompactedRevision
            && summary.AppliedIndex >= summary.Revision
            && summary is { ClusterTimeMs: >= 0, EntryCount: >= 0, StoredBytes: >= 0, Limits.AreSane: true };
        if (!sane)
        {
            throw new FormatException(FormattableString.Invariant($"The snapshot's header claims what no store can be: {summary}."));
        }

        hash = BinaryPrimitives.ReadUInt128LittleEndian(rest[72..]);
        return summary;
    }

    /// <summary>Whether a snapshot's content came to the hash that its header records.</summary>
    internal static bool IsHashOf(StateSummary loaded, uint format, UInt128 hash) => hash == (format == 1 ? loaded.HashOfFormat1() : loaded.Hash());

    internal static void WriteVersionHeader(Span<byte> target, KeyVersion version)
    {
        VersionStamp stamp = version.Stamp;
        BinaryPrimitives.WriteInt64LittleEndian(target, stamp.CreateRevision);
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], stamp.ModRevision);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], stamp.Version);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], stamp.Lease);
        BinaryPrimitives.WriteInt64LittleEndian(target[32..], stamp.ClusterTimeMs);
        BinaryPrimitives.WriteInt32LittleEndian(target[40..], version.ValueBytes);
        BinaryPrimitives.WriteInt32LittleEndian(target[44..], 0);
    }

    private static KvLimits ReadLimits(ReadOnlySpan<byte> source, uint format)
    {
        KvLimits limits = new()
        {
            QuotaBytes = BinaryPrimitives.ReadInt64LittleEndian(source),
            KeyBytesMax = BinaryPrimitives.ReadInt32LittleEndian(source[8..]),
            ValueBytesMax = BinaryPrimitives.ReadInt32LittleEndian(source[12..]),
            HistoryAgeMs = BinaryPrimitives.ReadInt64LittleEndian(source[16..]),
            HistoryRevisionsMin = BinaryPrimitives.ReadInt64LittleEndian(source[32..]),
        };
        if (format == 1)
        {
            // Nothing could change the limits then: history was a quarter of the quota, and a range delete had its most keys.
            bool isQuarter = BinaryPrimitives.ReadInt64LittleEndian(source[24..]) == limits.HistoryBytesMax;
            return isQuarter ? limits : throw new FormatException("The snapshot's header claims a limit of history that no store of its format had.");
        }

        return limits with
        {
            HistoryPercent = BinaryPrimitives.ReadInt32LittleEndian(source[24..]),
            RangeKeysMax = BinaryPrimitives.ReadInt32LittleEndian(source[28..]),
        };
    }

    /// <exception cref="FormatException">No version can have these numbers.</exception>
    internal static VersionStamp ReadVersionHeader(ReadOnlySpan<byte> source, out int valueBytes)
    {
        VersionStamp stamp = new(
            CreateRevision: BinaryPrimitives.ReadInt64LittleEndian(source),
            ModRevision: BinaryPrimitives.ReadInt64LittleEndian(source[8..]),
            Version: BinaryPrimitives.ReadInt64LittleEndian(source[16..]),
            Lease: BinaryPrimitives.ReadInt64LittleEndian(source[24..]),
            ClusterTimeMs: BinaryPrimitives.ReadInt64LittleEndian(source[32..]));
        uint claimedBytes = BinaryPrimitives.ReadUInt32LittleEndian(source[40..]);
        bool tombstone = stamp.Version == 0;
        bool sane = claimedBytes <= KvCommand.ValueBytesMax
            && BinaryPrimitives.ReadUInt32LittleEndian(source[44..]) == 0
            && stamp is { Version: >= 0, Lease: >= 0, ClusterTimeMs: >= 0, ModRevision: > 0 }
            && (tombstone ? stamp.CreateRevision == 0 && claimedBytes == 0 : stamp.CreateRevision > 0 && stamp.CreateRevision <= stamp.ModRevision);
        if (!sane)
        {
            throw new FormatException(FormattableString.Invariant($"The snapshot holds a version that cannot be, with a value of {claimedBytes} bytes: {stamp}."));
        }

        valueBytes = (int)claimedBytes;
        return stamp;
    }
}
