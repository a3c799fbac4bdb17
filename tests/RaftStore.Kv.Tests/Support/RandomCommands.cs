namespace RaftStore.Kv.Tests.Support;

/// <summary>A seeded stream of log entries of every kind over a small set of keys, so that keys are often rewritten, deleted and made anew.</summary>
internal sealed class RandomCommands(int seed, int keys = 24)
{
    private readonly Random _random = new(seed);

    /// <summary>One of so many commands is a compaction; 0 for none.</summary>
    internal int CompactOneIn { get; init; }

    /// <summary>Milliseconds of cluster time that pass between two entries at most.</summary>
    internal int PauseMsMax { get; init; } = 39;

    /// <summary>Cluster time of the entry made last.</summary>
    internal long ClusterTimeMs { get; private set; }

    /// <summary>The next entry's command, and what it is to the naive store.</summary>
    internal byte[] Next(long revision, out Func<NaiveStore, KvStatus> naive)
    {
        ClusterTimeMs += _random.Next(0, PauseMsMax + 1);
        if (CompactOneIn > 0 && _random.Next(CompactOneIn) == 0)
        {
            long target = Math.Max(0, revision + 3 - _random.Next(40));
            naive = store => store.Compact(target);
            return KvCommand.Compact(target);
        }

        byte[] key = Bytes.Numbered("k", _random.Next(keys));
        KvCondition condition = Condition(revision);
        bool wantsPrevious = _random.Next(2) == 0;
        switch (_random.Next(20))
        {
            case 0:
                naive = _ => KvStatus.Done;
                return [];
            case <= 5:
                naive = store => store.Delete(key, condition);
                return KvCommand.Delete(key, condition, wantsPrevious);
            case 6:
                KeyRange range = Range();
                naive = store => store.DeleteRange(range);
                return KvCommand.DeleteRange(range);
            default:
                byte[] value = Bytes.Random(_random, 0, 40);
                naive = store => store.Put(key, value, condition);
                return KvCommand.Put(key, value, condition, wantsPrevious);
        }
    }

    internal KeyRange Range()
    {
        byte[] start = _random.Next(5) == 0 ? [] : Bytes.Numbered("k", _random.Next(keys));
        byte[]? end = _random.Next(5) == 0 ? null : Bytes.Numbered("k", _random.Next(keys));
        return _random.Next(4) == 0 ? KeyRange.Prefix(start.AsMemory(0, Math.Min(start.Length, 6))) : Bytes.Range(start, end);
    }

    private KvCondition Condition(long revision) => _random.Next(8) switch
    {
        0 => new KvCondition(KvConditionKind.Exists, 0),
        1 => new KvCondition(KvConditionKind.NotExists, 0),
        2 => new KvCondition(KvConditionKind.ModRevisionIs, 0),
        3 => new KvCondition(KvConditionKind.ModRevisionIs, Math.Max(0, revision - _random.Next(20))),
        _ => KvCondition.None,
    };
}
