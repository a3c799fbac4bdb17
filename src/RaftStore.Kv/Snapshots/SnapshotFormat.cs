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
/// 104  i64  limit: history, bytes
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
/// The snapshot ends with the last key. The event log is not written: it is the versions above the dropped revision, by
/// revision and then by key.
/// </remarks>
internal static class SnapshotFormat
{
    internal const int HeaderBytes = 136;

    internal const int KeyHeaderBytes = 8;

    internal const int VersionHeaderBytes = 48;

    private const uint Format = 2;

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
        BinaryPrimitives.WriteInt64LittleEndian(target[104..], summary.Limits.HistoryBytesMax);
        BinaryPrimitives.WriteInt64LittleEndian(target[112..], summary.Limits.HistoryRevisionsMin);
        BinaryPrimitives.WriteUInt128LittleEndian(target[120..], summary.Hash());
    }

    /// <summary>Reads a header; its counts are only claims until the end of the snapshot.</summary>
    /// <param name="hash">The state hash that the versions must come to.</param>
    /// <exception cref="FormatException">It is not the header of a snapshot that this version knows.</exception>
    internal static StateSummary ReadHeader(ReadOnlySpan<byte> source, out UInt128 hash)
    {
        if (!source.StartsWith(Magic))
        {
            throw new FormatException("This is not a snapshot of a RaftStore state machine.");
        }

        uint format = BinaryPrimitives.ReadUInt32LittleEndian(source[8..]);
        if (format != Format || BinaryPrimitives.ReadUInt32LittleEndian(source[12..]) != 0)
        {
            throw new FormatException(FormattableString.Invariant($"Snapshot format {format} is not known to this version, which knows {Format}."));
        }

        StateSummary summary = new()
        {
            Revision = BinaryPrimitives.ReadInt64LittleEndian(source[16..]),
            CompactedRevision = BinaryPrimitives.ReadInt64LittleEndian(source[24..]),
            DroppedRevision = BinaryPrimitives.ReadInt64LittleEndian(source[32..]),
            OwedTrims = BinaryPrimitives.ReadInt64LittleEndian(source[40..]),
            AppliedIndex = BinaryPrimitives.ReadInt64LittleEndian(source[48..]),
            ClusterTimeMs = BinaryPrimitives.ReadInt64LittleEndian(source[56..]),
            EntryCount = BinaryPrimitives.ReadInt64LittleEndian(source[64..]),
            StoredBytes = BinaryPrimitives.ReadInt64LittleEndian(source[72..]),
            VersionSum = 0,
            Limits = new KvLimits
            {
                QuotaBytes = BinaryPrimitives.ReadInt64LittleEndian(source[80..]),
                KeyBytesMax = BinaryPrimitives.ReadInt32LittleEndian(source[88..]),
                ValueBytesMax = BinaryPrimitives.ReadInt32LittleEndian(source[92..]),
                HistoryAgeMs = BinaryPrimitives.ReadInt64LittleEndian(source[96..]),
                HistoryBytesMax = BinaryPrimitives.ReadInt64LittleEndian(source[104..]),
                HistoryRevisionsMin = BinaryPrimitives.ReadInt64LittleEndian(source[112..]),
            },
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

        hash = BinaryPrimitives.ReadUInt128LittleEndian(source[120..]);
        return summary;
    }

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
