namespace RaftStore.Kv.Tests.Support;

/// <summary>What a store must do, written the slowest and plainest way: every version ever made stays in a list, and what is
/// retained is worked out from the definition each time it is asked for.</summary>
internal sealed class NaiveStore(KvLimits limits)
{
    private readonly SortedDictionary<byte[], List<NaiveVersion>> _keys = new(Bytes.Order);
    private readonly List<NaiveVersion> _all = [];
    private long _elapsedMs;

    internal long Revision { get; private set; }

    internal long CompactedRevision { get; private set; }

    internal long DroppedRevision { get; private set; }

    internal long OwedTrims { get; private set; }

    internal long ClusterTimeMs { get; private set; }

    internal long StoredBytes => Retained().Sum(version => (long)version.StoredBytes);

    internal long KeyCount => _keys.Keys.Count(key => LiveAt(key, Revision) is not null);

    internal HistoryWait HistoryWait =>
        _all.Find(version => version.ModRevision > DroppedRevision) is not { } oldest ? HistoryWait.Nothing
        : MayDrop(oldest) ? HistoryWait.Entries
        : Revision - oldest.ModRevision >= limits.HistoryRevisionsMin ? HistoryWait.Time
        : HistoryWait.Nothing;

    private long HistoryBytes =>
        Retained().Where(version => LiveAt(version.Key, Revision) != version).Sum(version => (long)version.StoredBytes + KvLimits.VersionOverheadBytes);

    /// <summary>The versions that must still be there: everything after the dropped revision, and of each key what it was then.</summary>
    internal IEnumerable<NaiveVersion> Retained() =>
        _all.Where(version => version.ModRevision > DroppedRevision || (!version.IsTombstone && LiveAt(version.Key, DroppedRevision) == version));

    internal NaiveVersion? LiveAt(byte[] key, long revision)
    {
        NaiveVersion? version = _keys.TryGetValue(key, out List<NaiveVersion>? versions) ? versions.LastOrDefault(one => one.ModRevision <= revision) : null;
        return version is { IsTombstone: false } ? version : null;
    }

    internal long DeletedRevision(byte[] key, long revision) =>
        _all.LastOrDefault(version => version.Key.AsSpan().SequenceEqual(key) && version.ModRevision <= revision) is { IsTombstone: true } end && end.ModRevision > CompactedRevision
            ? end.ModRevision
            : 0;

    internal List<NaiveVersion> List(KeyRange range, long revision) =>
        [.. _keys.Keys.Where(key => IsInside(range, key)).Select(key => LiveAt(key, revision)).OfType<NaiveVersion>()];

    internal KvStatus Put(byte[] key, byte[] value, KvCondition condition)
    {
        NaiveVersion? live = LiveAt(key, Revision);
        if (key.Length > limits.KeyBytesMax || value.Length > limits.ValueBytesMax)
        {
            return KvStatus.TooLarge;
        }

        if (!Holds(condition, live))
        {
            return KvStatus.ConditionFailed;
        }

        if (StoredBytes + key.Length + value.Length > limits.QuotaBytes)
        {
            return KvStatus.QuotaReached;
        }

        Revision++;
        Add(new NaiveVersion(key, value, live?.CreateRevision ?? Revision, Revision, (live?.Version ?? 0) + 1, ClusterTimeMs));
        return KvStatus.Done;
    }

    internal KvStatus Delete(byte[] key, KvCondition condition)
    {
        NaiveVersion? live = LiveAt(key, Revision);
        if (!Holds(condition, live))
        {
            return KvStatus.ConditionFailed;
        }

        if (live is not null)
        {
            Revision++;
            Add(new NaiveVersion(key, [], 0, Revision, 0, ClusterTimeMs));
        }

        return KvStatus.Done;
    }

    internal KvStatus DeleteRange(KeyRange range)
    {
        List<NaiveVersion> doomed = List(range, Revision);
        Revision += doomed.Count == 0 ? 0 : 1;
        foreach (NaiveVersion version in doomed)
        {
            Add(new NaiveVersion(version.Key, [], 0, Revision, 0, ClusterTimeMs));
        }

        return KvStatus.Done;
    }

    internal KvStatus Compact(long revision)
    {
        if (revision > Revision)
        {
            return KvStatus.FutureRevision;
        }

        if (revision <= CompactedRevision)
        {
            return KvStatus.AlreadyCompacted;
        }

        CompactedRevision = revision;
        return KvStatus.Done;
    }

    internal void BeginEntry(long clusterTimeMs)
    {
        _elapsedMs = clusterTimeMs - ClusterTimeMs;
        ClusterTimeMs = clusterTimeMs;
    }

    /// <summary>Drops history by its rule.</summary>
    internal void EndEntry(int eventsOfEntry)
    {
        long share = eventsOfEntry + 1 + (32 * Math.Min(32, _elapsedMs)) - OwedTrims;
        while (share > 0 && _all.Find(version => version.ModRevision > DroppedRevision) is { } oldest)
        {
            if (!MayDrop(oldest))
            {
                break;
            }

            DroppedRevision = oldest.ModRevision;
            CompactedRevision = Math.Max(CompactedRevision, DroppedRevision);
            share -= _all.Count(version => version.ModRevision == DroppedRevision);
        }

        OwedTrims = Math.Max(0, -share);
    }

    private bool MayDrop(NaiveVersion oldest)
    {
        bool enoughAfterIt = Revision - oldest.ModRevision >= limits.HistoryRevisionsMin;
        bool tooOld = ClusterTimeMs - oldest.ClusterTimeMs >= limits.HistoryAgeMs;
        return oldest.ModRevision <= CompactedRevision || (enoughAfterIt && (tooOld || HistoryBytes > limits.HistoryBytesMax));
    }

    private static bool IsInside(KeyRange range, byte[] key) =>
        Bytes.Order.Compare(key, range.Start.ToArray()) >= 0 && (range.End is not { } end || Bytes.Order.Compare(key, end.ToArray()) < 0);

    private static bool Holds(KvCondition condition, NaiveVersion? live) => condition.Kind switch
    {
        KvConditionKind.None => true,
        KvConditionKind.ModRevisionIs => condition.Revision == (live is null ? 0 : live.ModRevision),
        KvConditionKind.Exists => live is not null,
        _ => live is null,
    };

    private void Add(NaiveVersion version)
    {
        if (!_keys.TryGetValue(version.Key, out List<NaiveVersion>? versions))
        {
            versions = [];
            _keys.Add(version.Key, versions);
        }

        versions.Add(version);
        _all.Add(version);
    }
}

/// <summary>One version in the naive store.</summary>
internal sealed record NaiveVersion(byte[] Key, byte[] Value, long CreateRevision, long ModRevision, long Version, long ClusterTimeMs)
{
    internal bool IsTombstone => Version == 0;

    internal int StoredBytes => Key.Length + Value.Length;

    internal string Describe() => Bytes.Describe(new KvItem(Key, Value, CreateRevision, ModRevision, Version, 0));
}
