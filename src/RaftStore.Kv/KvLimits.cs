namespace RaftStore.Kv;

/// <summary>Everything that decides how an entry is applied and is not in the entry itself: the cluster's settings. It is part of the
/// replicated state: every node has the same, a snapshot carries it, and only an entry (<see cref="KvCommand.ChangeSettings"/>)
/// may ever change it. What users see of it, with its ranges, is <see cref="KvSetting"/>.</summary>
public sealed record KvLimits
{
    /// <summary>Bytes that a retained version costs beside its key and value, as history counts them: the record, its array and
    /// its places in the index and in the history. Without it a history of tiny values would outgrow its bound many times.</summary>
    public const int VersionOverheadBytes = 128;

    /// <summary>The limits of a new cluster.</summary>
    public static readonly KvLimits Default = new();

    /// <summary>Bytes of keys and values, over all live and retained versions, above which a put is refused.</summary>
    public long QuotaBytes { get; init; } = 8L << 30;

    /// <summary>The longest key that a put may have, in bytes.</summary>
    public int KeyBytesMax { get; init; } = KvCommand.KeyBytesMax;

    /// <summary>The largest value that a put may have, in bytes.</summary>
    public int ValueBytesMax { get; init; } = 1 << 20;

    /// <summary>Keys that one range delete may touch.</summary>
    public int RangeKeysMax { get; init; } = KvCommand.RangeKeysMax;

    /// <summary>How long a revision stays readable after the next one replaced it, in milliseconds of cluster time.</summary>
    public long HistoryAgeMs { get; init; } = 10 * 60 * 1000;

    /// <summary>The share of the quota that history may take, in percent.</summary>
    public int HistoryPercent { get; init; } = 25;

    /// <summary>Bytes that versions which are no longer live may take, each with <see cref="VersionOverheadBytes"/> on top; above
    /// it history is dropped before its age. <see cref="HistoryPercent"/> of the quota, rounded down.</summary>
    public long HistoryBytesMax => (QuotaBytes / 100 * HistoryPercent) + (QuotaBytes % 100 * HistoryPercent / 100);

    /// <summary>The newest revisions that are kept whatever their age and size.</summary>
    public long HistoryRevisionsMin { get; init; } = 1000;

    /// <summary>True where the numbers can be a store's limits.</summary>
    internal bool AreSane =>
        QuotaBytes >= 0
        && KeyBytesMax is > 0 and <= KvCommand.KeyBytesMax
        && ValueBytesMax is >= 0 and <= KvCommand.ValueBytesMax
        && RangeKeysMax is > 0 and <= KvCommand.RangeKeysMax
        && HistoryAgeMs >= 0
        && HistoryPercent is >= 0 and <= 100
        && HistoryRevisionsMin >= 0;
}
