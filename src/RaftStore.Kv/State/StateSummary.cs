using System.Globalization;

namespace RaftStore.Kv.State;

/// <summary>Everything of the replicated state at one applied index that is not a version: what a view, a snapshot's header and
/// the state hash have in common.</summary>
internal sealed record StateSummary
{
    /// <summary>The revision of the store.</summary>
    internal required long Revision { get; init; }

    /// <summary>The oldest revision that can still be read.</summary>
    internal required long CompactedRevision { get; init; }

    /// <summary>The revision up to which everything that cannot be read any more is dropped.</summary>
    internal required long DroppedRevision { get; init; }

    /// <summary>Events that were dropped beyond the share of the entries so far.</summary>
    internal required long OwedTrims { get; init; }

    /// <summary>The last entry applied.</summary>
    internal required long AppliedIndex { get; init; }

    /// <summary>Cluster time of that entry, in milliseconds.</summary>
    internal required long ClusterTimeMs { get; init; }

    /// <summary>Keys in the index, deleted ones that are still retained included.</summary>
    internal required long EntryCount { get; init; }

    /// <summary>Bytes of keys and values of all versions.</summary>
    internal required long StoredBytes { get; init; }

    /// <summary>The versions' own hashes, added up.</summary>
    internal required UInt128 VersionSum { get; init; }

    /// <summary>The limits in force.</summary>
    internal required KvLimits Limits { get; init; }

    /// <summary>The state hash.</summary>
    internal UInt128 Hash() => Hash128.Compute([.. WordsOfFormat1(), (ulong)DroppedRevision, (ulong)OwedTrims, (ulong)Limits.RangeKeysMax, (ulong)Limits.HistoryPercent], []);

    /// <summary>The state hash as it was while only format 1 of a snapshot was known, and as such a snapshot records it.</summary>
    internal UInt128 HashOfFormat1() => Hash128.Compute(WordsOfFormat1(), []);

    /// <summary>The state hash as it is shown.</summary>
    internal string HashText() => Hash().ToString("x32", CultureInfo.InvariantCulture);

    private ulong[] WordsOfFormat1() =>
    [
        (ulong)(VersionSum >> 64),
        (ulong)(VersionSum & ulong.MaxValue),
        (ulong)Revision,
        (ulong)CompactedRevision,
        (ulong)AppliedIndex,
        (ulong)ClusterTimeMs,
        (ulong)EntryCount,
        (ulong)StoredBytes,
        (ulong)Limits.QuotaBytes,
        (ulong)Limits.KeyBytesMax,
        (ulong)Limits.ValueBytesMax,
        (ulong)Limits.HistoryAgeMs,
        (ulong)Limits.HistoryBytesMax,
        (ulong)Limits.HistoryRevisionsMin,
    ];
}
