namespace RaftStore.Kv;

/// <summary>What the number of a setting counts.</summary>
public enum KvSettingUnit
{
    /// <summary>Bytes.</summary>
    Bytes,

    /// <summary>Milliseconds of cluster time.</summary>
    Milliseconds,

    /// <summary>Hundredths.</summary>
    Percent,

    /// <summary>Things: keys, revisions.</summary>
    Count,
}

/// <summary>One of the cluster's settings: its name, its range, and where it stands in <see cref="KvLimits"/>.</summary>
/// <remarks>Ids and ranges are part of format 1 of the settings command: a node that knew other ranges would apply the same entry
/// differently. A wider range is a new format.</remarks>
public sealed class KvSetting
{
    private readonly Func<KvLimits, long> _read;
    private readonly Func<KvLimits, long, KvLimits> _write;

    private KvSetting(int id, string name, KvSettingUnit unit, long least, long most, Func<KvLimits, long> read, Func<KvLimits, long, KvLimits> write)
    {
        Id = id;
        Name = name;
        Unit = unit;
        Least = least;
        Most = most;
        _read = read;
        _write = write;
    }

    /// <summary>All of them, in the order of their ids.</summary>
    public static IReadOnlyList<KvSetting> All { get; } =
    [
        new(1, "quotaBytes", KvSettingUnit.Bytes, 1L << 20, 1L << 50, limits => limits.QuotaBytes, (limits, value) => limits with { QuotaBytes = value }),
        new(2, "keyBytesMax", KvSettingUnit.Bytes, 1, KvCommand.KeyBytesMax, limits => limits.KeyBytesMax, (limits, value) => limits with { KeyBytesMax = (int)value }),
        new(3, "valueBytesMax", KvSettingUnit.Bytes, 1, KvCommand.ValueBytesMax, limits => limits.ValueBytesMax, (limits, value) => limits with { ValueBytesMax = (int)value }),
        new(4, "rangeKeysMax", KvSettingUnit.Count, 1, KvCommand.RangeKeysMax, limits => limits.RangeKeysMax, (limits, value) => limits with { RangeKeysMax = (int)value }),
        new(5, "historyAge", KvSettingUnit.Milliseconds, 0, 365L * 24 * 3_600_000, limits => limits.HistoryAgeMs, (limits, value) => limits with { HistoryAgeMs = value }),
        new(6, "historyPercent", KvSettingUnit.Percent, 0, 90, limits => limits.HistoryPercent, (limits, value) => limits with { HistoryPercent = (int)value }),
        new(7, "historyRevisionsMin", KvSettingUnit.Count, 0, 1_000_000, limits => limits.HistoryRevisionsMin, (limits, value) => limits with { HistoryRevisionsMin = value }),
    ];

    /// <summary>Stands for the setting in a command; never used again for another.</summary>
    public int Id { get; }

    /// <summary>The name that users give it.</summary>
    public string Name { get; }

    /// <summary>What its number counts.</summary>
    public KvSettingUnit Unit { get; }

    /// <summary>The least value it may have.</summary>
    public long Least { get; }

    /// <summary>The greatest value it may have.</summary>
    public long Most { get; }

    /// <summary>The setting with that id, or null.</summary>
    public static KvSetting? Find(int id) => id >= 1 && id <= All.Count ? All[id - 1] : null;

    /// <summary>The setting with that name, or null.</summary>
    public static KvSetting? Find(string name)
    {
        foreach (KvSetting setting in All)
        {
            if (string.Equals(setting.Name, name, StringComparison.Ordinal))
            {
                return setting;
            }
        }

        return null;
    }

    /// <summary>True where the setting may have that value.</summary>
    public bool Allows(long value) => value >= Least && value <= Most;

    /// <summary>Its value among those limits.</summary>
    public long ValueIn(KvLimits limits) => _read(limits);

    /// <summary>The same limits with another value of it, which must be in its range.</summary>
    internal KvLimits Change(KvLimits limits, long value) => _write(limits, value);
}

/// <summary>A setting and the value it is to have.</summary>
public readonly record struct KvSettingChange(KvSetting Setting, long Value);
