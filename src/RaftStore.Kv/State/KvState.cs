using RaftStore.Kv.Index;
using RaftStore.Kv.Versions;

namespace RaftStore.Kv.State;

/// <summary>The replicated state as the applying thread changes it: the index, the history behind it, and the sums over both. It
/// knows versions and revisions; what a command means is <see cref="KvStore"/>'s.</summary>
/// <remarks>
/// History. Every version since the dropped revision is an event, in the order of revisions. The oldest revision of the history may be
/// dropped when the compacted revision has reached it, or when at least <see cref="KvLimits.HistoryRevisionsMin"/> revisions came after it, and
/// either it is older than <see cref="KvLimits.HistoryAgeMs"/> of cluster time, or history is larger than <see cref="KvLimits.HistoryBytesMax"/>.
/// Dropping revision R makes R the oldest one that can be read: what each of its events replaced goes, and where the event is a tombstone,
/// so does the tombstone, since a key that is not there and one that ended at R read the same from R on.
/// <para>A request to compact moves the compacted revision alone, and at once. What lies between it and the dropped revision is the
/// backlog: no view reads it, but it is part of the state, of its hash and of its size until it is dropped.</para>
/// <para>Each applied entry drops as many events as it made, <see cref="SpareTrims"/> more, and <see cref="TrimsPerMs"/> for each millisecond of
/// cluster time since the entry before it. So history never lags further behind while entries come; what became droppable all at once
/// goes at a pace that leaves most of the applying thread to writes, however many of them come; and all nodes drop the same at the same
/// index. Revisions are dropped whole: what one takes beyond the entry's share is owed by the next entries.</para>
/// </remarks>
internal sealed class KvState
{
    /// <summary>Events that each entry drops beyond as many as it made, so that history gets shorter even where time stands still. One:
    /// a thousand entries applied in one go drop no more than a thousand events on top of their own.</summary>
    internal const int SpareTrims = 1;

    /// <summary>Events that are dropped for each millisecond of cluster time: at 1 to 4 µs each, about a tenth of the applying thread at most.</summary>
    internal const int TrimsPerMs = 32;

    /// <summary>The longest time since the entry before it that one entry makes up for, in milliseconds: with <see cref="TrimsPerMs"/> a
    /// thousand events, which is a few milliseconds of work.</summary>
    internal const int TrimWindowMs = 32;

    private readonly VersionTree _tree = new();
    private readonly EventLog _events = new();
    private VersionSum _versionSum;
    private long _shareOfEntry;

    internal KvState(KvLimits limits) => Limits = limits;

    /// <summary>The settings in force; only an entry changes them.</summary>
    internal KvLimits Limits { get; set; }

    internal long Revision { get; private set; }

    internal long CompactedRevision { get; private set; }

    /// <summary>Everything up to here is dropped; never above <see cref="CompactedRevision"/>.</summary>
    internal long DroppedRevision { get; private set; }

    /// <summary>Events that were dropped beyond the share of the entries so far.</summary>
    internal long OwedTrims { get; private set; }

    internal long AppliedIndex { get; private set; }

    internal long ClusterTimeMs { get; private set; }

    /// <summary>Bytes of keys and values of all versions.</summary>
    internal long StoredBytes { get; private set; }

    /// <summary>What the versions that are not live cost, as <see cref="KvLimits.HistoryBytesMax"/> counts it.</summary>
    internal long HistoryBytes { get; private set; }

    /// <summary>The index as it is now; only until the next change.</summary>
    internal TreeRoot Root => _tree.Root;

    /// <summary>Events that history still holds.</summary>
    internal long EventCount => _events.Count;

    /// <summary>What history waits for.</summary>
    internal HistoryWait HistoryWait
    {
        get
        {
            if (!_events.TryPeek(out KeyVersion? oldest))
            {
                return HistoryWait.Nothing;
            }

            if (MayDrop(oldest))
            {
                return HistoryWait.Entries;
            }

            return Revision - oldest.ModRevision >= Limits.HistoryRevisionsMin ? HistoryWait.Time : HistoryWait.Nothing;
        }
    }

    /// <summary>Cluster time until the oldest event has its age, in milliseconds; 0 where it has, or there is none.</summary>
    internal long HistoryAgeLeftMs => _events.TryPeek(out KeyVersion? oldest) ? Math.Max(0, oldest.ClusterTimeMs + Limits.HistoryAgeMs - ClusterTimeMs) : 0;

    /// <summary>Begins an entry.</summary>
    internal void BeginEntry(long index, long clusterTimeMs)
    {
        if (index != AppliedIndex + 1)
        {
            KvInvariant.Broken($"entry {index} was to be applied after entry {AppliedIndex}");
        }

        if (clusterTimeMs < ClusterTimeMs)
        {
            KvInvariant.Broken($"entry {index} has cluster time {clusterTimeMs} ms, before {ClusterTimeMs} ms of the entry before it");
        }

        long elapsedMs = clusterTimeMs - ClusterTimeMs;
        AppliedIndex = index;
        ClusterTimeMs = clusterTimeMs;
        _shareOfEntry = SpareTrims + (TrimsPerMs * Math.Min(elapsedMs, TrimWindowMs));
    }

    /// <summary>Begins the revision that the entry's changes share; only an entry that changes something may.</summary>
    internal void BeginRevision() => Revision++;

    /// <summary>Gives a key a value in the present revision.</summary>
    /// <param name="was">What the index holds for the key.</param>
    /// <returns>The new version.</returns>
    internal KeyVersion Put(VersionedKey was, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        KeyVersion? live = was.Live;
        VersionStamp stamp = new(
            CreateRevision: live?.CreateRevision ?? Revision,
            ModRevision: Revision,
            Version: (live?.Version ?? 0) + 1,
            Lease: 0,
            ClusterTimeMs: ClusterTimeMs);
        KeyVersion version = new(key, value, stamp);
        Write(was, version);
        return version;
    }

    /// <summary>Ends a key that exists in the present revision.</summary>
    internal void Delete(VersionedKey was)
    {
        KvInvariant.Check(was.IsLive, "a key that does not exist was to be deleted");
        VersionStamp stamp = new(CreateRevision: 0, ModRevision: Revision, Version: 0, Lease: 0, ClusterTimeMs: ClusterTimeMs);
        Write(was, new KeyVersion(was.Newest.Key, [], stamp));
    }

    /// <summary>Makes a revision the oldest one that can be read; it must be above the one that is, and not above the present one.</summary>
    internal void Compact(long revision)
    {
        KvInvariant.Check(revision > CompactedRevision && revision <= Revision, "history was to be compacted where it is not");
        CompactedRevision = revision;
    }

    /// <summary>Ends an entry: drops its share of the history that may be dropped.</summary>
    internal void EndEntry()
    {
        long share = _shareOfEntry - OwedTrims;
        while (share > 0 && _events.TryPeek(out KeyVersion? oldest) && MayDrop(oldest))
        {
            DroppedRevision = oldest.ModRevision;
            CompactedRevision = Math.Max(CompactedRevision, DroppedRevision);
            do
            {
                _events.RemoveFirst();
                DropWhatEnded(oldest);
                share--;
            }
            while (_events.TryPeek(out oldest) && oldest.ModRevision == DroppedRevision);
        }

        OwedTrims = Math.Max(0, -share);
    }

    /// <summary>Leaves out so many indexes and revisions; between two entries only.</summary>
    internal void Raise(long by)
    {
        AppliedIndex += by;
        Revision += by;
    }

    /// <summary>Freezes the index as it is, for readers.</summary>
    internal TreeRoot Freeze() => _tree.Freeze();

    /// <summary>All of the state but the versions.</summary>
    internal StateSummary Summarise() => new()
    {
        Revision = Revision,
        CompactedRevision = CompactedRevision,
        DroppedRevision = DroppedRevision,
        OwedTrims = OwedTrims,
        AppliedIndex = AppliedIndex,
        ClusterTimeMs = ClusterTimeMs,
        EntryCount = _tree.EntryCount,
        StoredBytes = StoredBytes,
        VersionSum = _versionSum.Value,
        Limits = Limits,
    };

    /// <summary>Adds a key that a snapshot holds; the keys must come in order, each once.</summary>
    internal void RestoreKey(VersionedKey entry)
    {
        _tree.Insert(entry);
        Count(entry.Newest);
        HistoryBytes += entry.IsLive ? 0 : HistoryCost(entry.Newest);
        for (int place = 0; place < (entry.Older?.Count ?? 0); place++)
        {
            Count(entry.Older![place]);
            HistoryBytes += HistoryCost(entry.Older[place]);
        }
    }

    /// <summary>Ends the loading of a snapshot.</summary>
    /// <param name="header">What the snapshot says of itself.</param>
    /// <param name="events">The versions since the dropped revision, in the order of <see cref="EventLog"/>.</param>
    internal void RestoreCounters(StateSummary header, ReadOnlySpan<KeyVersion> events)
    {
        Revision = header.Revision;
        CompactedRevision = header.CompactedRevision;
        DroppedRevision = header.DroppedRevision;
        OwedTrims = header.OwedTrims;
        AppliedIndex = header.AppliedIndex;
        ClusterTimeMs = header.ClusterTimeMs;
        foreach (KeyVersion version in events)
        {
            _events.Append(version);
        }
    }

    private static long HistoryCost(KeyVersion version) => version.StoredBytes + KvLimits.VersionOverheadBytes;

    private void Write(VersionedKey was, KeyVersion version)
    {
        if (was.IsPresent)
        {
            _tree.Replace(was, was.With(version));
            HistoryBytes += was.IsLive ? HistoryCost(was.Newest) : 0;
        }
        else
        {
            _tree.Insert(was.With(version));
        }

        HistoryBytes += version.IsTombstone ? HistoryCost(version) : 0;
        Count(version);
        _events.Append(version);
        _shareOfEntry++;
    }

    private void Count(KeyVersion version)
    {
        StoredBytes += version.StoredBytes;
        _versionSum.Add(version);
    }

    private bool MayDrop(KeyVersion oldest) =>
        oldest.ModRevision <= CompactedRevision
        || (Revision - oldest.ModRevision >= Limits.HistoryRevisionsMin
            && (ClusterTimeMs - oldest.ClusterTimeMs >= Limits.HistoryAgeMs || HistoryBytes > Limits.HistoryBytesMax));

    // The event's own revision has just become the dropped one. Events go in order, so of its key nothing older is left than
    // the one version that the event replaced, and nothing at all where that was a tombstone.
    private void DropWhatEnded(KeyVersion version)
    {
        if (version.Version == 1)
        {
            return;
        }

        VersionedKey was = _tree.Root.Find(version.Key);
        KvInvariant.Check(was.IsPresent, "history holds an event of a key that the index does not hold");
        VersionHistory? older = was.Older;
        if (older is not null && older.Oldest.ModRevision < version.ModRevision)
        {
            Forget(older.Oldest);
            older = older.DropOldest();
        }

        if (!version.IsTombstone)
        {
            _tree.Replace(was, new VersionedKey(was.Newest, older));
            return;
        }

        Forget(version);
        if (older is null)
        {
            _tree.Remove(was);
        }
        else
        {
            _tree.Replace(was, new VersionedKey(was.Newest, older.DropOldest()));
        }
    }

    private void Forget(KeyVersion version)
    {
        StoredBytes -= version.StoredBytes;
        HistoryBytes -= HistoryCost(version);
        _versionSum.Remove(version);
    }
}
