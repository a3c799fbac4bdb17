using RaftStore.Kv.Snapshots;
using RaftStore.Kv.State;
using RaftStore.Kv.Versions;

namespace RaftStore.Kv;

/// <summary>What a snapshot of the state machine holds.</summary>
/// <param name="Revision">The store's revision.</param>
/// <param name="CompactedRevision">The oldest revision that can be read from it.</param>
/// <param name="AppliedIndex">The last entry whose effect it holds.</param>
/// <param name="ClusterTimeMs">Cluster time of that entry, in milliseconds.</param>
/// <param name="Keys">Live keys.</param>
/// <param name="Versions">Versions of all keys, retained ones and tombstones included.</param>
/// <param name="StoredBytes">Bytes of keys and values of all versions.</param>
/// <param name="StateHash">The state hash, 32 hexadecimal digits.</param>
public sealed record KvSnapshotFacts(long Revision, long CompactedRevision, long AppliedIndex, long ClusterTimeMs, long Keys, long Versions, long StoredBytes, string StateHash);

/// <summary>Counts what a snapshot holds, and adds up its state hash, without keeping any of it.</summary>
internal sealed class KvSnapshotTally
{
    private VersionSum _sum;
    private long _liveKeys;
    private long _versions;

    /// <summary>Keys seen to their last version.</summary>
    internal long Keys { get; private set; }

    /// <summary>Bytes of keys and values seen.</summary>
    internal long StoredBytes { get; private set; }

    /// <summary>The next version.</summary>
    internal void Add(KeyVersion version, bool isNewest)
    {
        _sum.Add(version);
        _versions++;
        StoredBytes += version.StoredBytes;
        if (isNewest)
        {
            Keys++;
            _liveKeys += version.IsTombstone ? 0 : 1;
        }
    }

    /// <summary>Whether the whole is what a summary of the state says, whose sum was kept while the entries were applied.</summary>
    internal bool Agrees(StateSummary summary) => Keys == summary.EntryCount && StoredBytes == summary.StoredBytes && _sum.Value == summary.VersionSum;

    /// <summary>The whole, or null where it is not what the header says.</summary>
    internal KvSnapshotFacts? Facts(StateSummary header, uint format, UInt128 hash)
    {
        StateSummary counted = header with { EntryCount = Keys, StoredBytes = StoredBytes, VersionSum = _sum.Value };
        return Keys == header.EntryCount && StoredBytes == header.StoredBytes && SnapshotFormat.IsHashOf(counted, format, hash)
            ? new KvSnapshotFacts(header.Revision, header.CompactedRevision, header.AppliedIndex, header.ClusterTimeMs, _liveKeys, _versions, StoredBytes, counted.HashText())
            : null;
    }
}
