using System.Buffers;
using System.Globalization;
using RaftStore.Kv.Index;
using RaftStore.Kv.Snapshots;
using RaftStore.Kv.State;
using RaftStore.Kv.Versions;

namespace RaftStore.Kv;

/// <summary>The store as of one applied index: immutable, readable from any thread without a lock, for as long as it is held.</summary>
/// <remarks>Nothing that a view reaches ever changes, history included: what the store drops later, it drops from the newer views only.
/// So every revision from <see cref="CompactedRevision"/> to <see cref="Revision"/>, both as they were when the view was
/// published, stays readable through it, and a snapshot of it may be written at any time. Holding a view keeps all of that in memory.</remarks>
public sealed class KvView
{
    private readonly TreeRoot _root;

    internal KvView(TreeRoot root, StateSummary summary, StateHash[] recordedHashes)
    {
        _root = root;
        Summary = summary;
        RecordedHashes = recordedHashes;
    }

    /// <summary>The revision of the store.</summary>
    public long Revision => Summary.Revision;

    /// <summary>The oldest revision that can still be read.</summary>
    public long CompactedRevision => Summary.CompactedRevision;

    /// <summary>The last entry applied.</summary>
    public long AppliedIndex => Summary.AppliedIndex;

    /// <summary>Cluster time of that entry's batch, in milliseconds.</summary>
    public long ClusterTimeMs => Summary.ClusterTimeMs;

    /// <summary>Live keys.</summary>
    public long KeyCount => _root.LiveCount;

    /// <summary>Bytes of keys and values of all live and retained versions.</summary>
    public long StoredBytes => Summary.StoredBytes;

    /// <summary>The replicated limits in force.</summary>
    public KvLimits Limits => Summary.Limits;

    /// <summary>The state hash at <see cref="AppliedIndex"/>, as in <see cref="StateHash"/>.</summary>
    public string Hash => Summary.HashText();

    /// <summary>The state hashes recorded at the last few multiples of <see cref="KvStore.RecordedHashInterval"/>, newest last.</summary>
    internal IReadOnlyList<StateHash> RecordedHashes { get; }

    /// <summary>Everything but the versions.</summary>
    internal StateSummary Summary { get; }

    /// <summary>The index.</summary>
    internal TreeRoot Root => _root;

    /// <summary>Whether a revision can be read through this view.</summary>
    public RevisionReadability ReadabilityOf(long revision)
    {
        if (revision < CompactedRevision)
        {
            return RevisionReadability.Compacted;
        }

        return revision > Revision ? RevisionReadability.Future : RevisionReadability.Readable;
    }

    /// <summary>The version of a key that was newest at <paramref name="revision"/>.</summary>
    /// <param name="revision">From <see cref="CompactedRevision"/> to <see cref="Revision"/>.</param>
    /// <returns>False where the key did not exist then.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The revision is not one that this view can read.</exception>
    public bool TryGet(ReadOnlySpan<byte> key, long revision, out KvItem item)
    {
        CheckRevision(revision);
        VersionedKey found = _root.Find(key);
        KeyVersion? version = found.IsPresent ? found.LiveAt(revision) : null;
        item = version?.ToItem() ?? default;
        return version is not null;
    }

    /// <summary>The revision that deleted a key which did not exist at <paramref name="revision"/>: below it the key can be read again.</summary>
    /// <param name="revision">From <see cref="CompactedRevision"/> to <see cref="Revision"/>.</param>
    /// <returns>0 where the key existed then, and where it has no past in what can be read.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The revision is not one that this view can read.</exception>
    public long DeletedRevision(ReadOnlySpan<byte> key, long revision)
    {
        CheckRevision(revision);
        VersionedKey found = _root.Find(key);
        return found.IsPresent && found.At(revision) is { IsTombstone: true } end && end.ModRevision > CompactedRevision ? end.ModRevision : 0;
    }

    /// <summary>The keys of a range as of a revision, at most <paramref name="limit"/> of them, and at most
    /// <paramref name="bytesMax"/> bytes of keys and values but always one.</summary>
    /// <param name="revision">From <see cref="CompactedRevision"/> to <see cref="Revision"/>.</param>
    /// <param name="limit">At least 1.</param>
    /// <param name="reverse">True to begin with the last key of the range.</param>
    /// <exception cref="ArgumentOutOfRangeException">The revision is not one that this view can read, or the limit is below 1.</exception>
    public KvPage List(KeyRange range, long revision, int limit, long bytesMax, bool reverse)
    {
        CheckRevision(revision);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        List<KvItem> items = [];
        long bytes = 0;
        TreeCursor cursor = new(_root);
        for (bool inside = Begin(cursor, range, reverse); inside; inside = Step(cursor, range, reverse))
        {
            if (cursor.Current.LiveAt(revision) is not { } version)
            {
                continue;
            }

            bytes += version.StoredBytes;
            if (items.Count == limit || (bytes > bytesMax && items.Count > 0))
            {
                return new KvPage(items, More: true);
            }

            items.Add(version.ToItem());
        }

        return new KvPage(items, More: false);
    }

    /// <summary>How many keys a range held at a revision.</summary>
    /// <param name="revision">From <see cref="CompactedRevision"/> to <see cref="Revision"/>. At <see cref="Revision"/> this is O(log n),
    /// at an older one it goes through the range.</param>
    /// <exception cref="ArgumentOutOfRangeException">The revision is not one that this view can read.</exception>
    public long Count(KeyRange range, long revision)
    {
        CheckRevision(revision);
        if (revision == Revision)
        {
            return _root.CountLive(range);
        }

        long count = 0;
        TreeCursor cursor = new(_root);
        for (bool inside = Begin(cursor, range, reverse: false); inside; inside = Step(cursor, range, reverse: false))
        {
            count += cursor.Current.LiveAt(revision) is null ? 0 : 1;
        }

        return count;
    }

    /// <summary>Writes the whole state, history and all, in an order that does not depend on anything but the state. Any thread;
    /// <paramref name="progress"/> is called now and then, with the bytes written so far, so that the caller can hold the rate down.</summary>
    /// <exception cref="KvInvariantException">The state in memory is not the one that was applied; whatever was written is of no use.</exception>
    /// <remarks>No more than a few KiB are asked of <paramref name="target"/> at a time, however large a value is.</remarks>
    public void WriteSnapshot(IBufferWriter<byte> target, Action<long>? progress = null)
    {
        foreach (long writtenBytes in WriteSnapshotInSteps(target))
        {
            progress?.Invoke(writtenBytes);
        }
    }

    /// <summary>Writes the same while it is enumerated, about 64 KiB a step, so that the caller can wait between two steps for whoever takes
    /// the bytes. Each step gives the bytes written so far. One thread at a time.</summary>
    /// <exception cref="KvInvariantException">As for <see cref="WriteSnapshot"/>; before the last step.</exception>
    public IEnumerable<long> WriteSnapshotInSteps(IBufferWriter<byte> target) => new SnapshotWriter(target).Steps(this);

    private static bool Begin(TreeCursor cursor, in KeyRange range, bool reverse)
    {
        if (!reverse)
        {
            return cursor.SeekFrom(range.Start.Span) && IsInside(cursor, range, reverse);
        }

        return (range.End is { } end ? cursor.SeekBelow(end.Span) : cursor.SeekLast()) && IsInside(cursor, range, reverse);
    }

    private static bool Step(TreeCursor cursor, in KeyRange range, bool reverse) =>
        (reverse ? cursor.MovePrevious() : cursor.MoveNext()) && IsInside(cursor, range, reverse);

    // Only the bound that lies ahead: the other one was met by seeking.
    private static bool IsInside(TreeCursor cursor, in KeyRange range, bool reverse)
    {
        ReadOnlySpan<byte> key = cursor.Current.Newest.Key;
        return reverse
            ? key.SequenceCompareTo(range.Start.Span) >= 0
            : range.End is not { } end || key.SequenceCompareTo(end.Span) < 0;
    }

    private void CheckRevision(long revision)
    {
        if (ReadabilityOf(revision) != RevisionReadability.Readable)
        {
            string message = string.Create(CultureInfo.InvariantCulture, $"Revision {revision} cannot be read: only {CompactedRevision} to {Revision} can.");
            throw new ArgumentOutOfRangeException(nameof(revision), message);
        }
    }
}
