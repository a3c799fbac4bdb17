namespace RaftStore.Raft;

/// <summary>Which configuration is in force, and which was at any entry that may yet be truncated or go into a snapshot. A
/// configuration counts from its entry on, committed or not (thesis §4.1).</summary>
/// <remarks>Within a state: indexes rise strictly; the first is that of the newest one at or before the applied entry.</remarks>
internal sealed class ConfigurationLog
{
    private readonly List<(long Index, Configuration Configuration)> _entries = [];

    /// <summary>Begins with what was in force after entry <paramref name="index"/>.</summary>
    public ConfigurationLog(long index, Configuration configuration) => _entries.Add((index, configuration));

    /// <summary>The one in force.</summary>
    public Configuration Current => _entries[^1].Configuration;

    /// <summary>The entry that brought it, or that of the snapshot or the founding it came with.</summary>
    public long CurrentIndex => _entries[^1].Index;

    /// <summary>The one that was in force after that entry, which is not below the applied one.</summary>
    public Configuration At(long index)
    {
        for (int place = _entries.Count - 1; place > 0; place--)
        {
            if (_entries[place].Index <= index)
            {
                return _entries[place].Configuration;
            }
        }

        return _entries[0].Configuration;
    }

    /// <summary>A batch was appended.</summary>
    public void Appended(EntryBatch batch)
    {
        if (batch.Kind != EntryKind.Configuration)
        {
            return;
        }

        foreach (Entry entry in batch)
        {
            Configuration? configuration = ConfigurationCodec.TryDecode(entry.Payload);
            Invariant.Check(configuration is not null, $"entry {entry.Id} is no configuration, though its batch was checked");
            _entries.Add((entry.Id.Index, configuration));
        }
    }

    /// <summary>Everything from <paramref name="index"/> on was truncated: what those entries brought is not in force any more.</summary>
    public void TruncatedFrom(long index)
    {
        while (CurrentIndex >= index)
        {
            Invariant.Check(_entries.Count > 1, $"truncation from {index} takes away the configuration of {CurrentIndex}");
            _entries.RemoveAt(_entries.Count - 1);
        }
    }

    /// <summary>Everything up to <paramref name="index"/> was applied: what was in force before is of no use.</summary>
    public void AppliedTo(long index)
    {
        while (_entries.Count > 1 && _entries[1].Index <= index)
        {
            _entries.RemoveAt(0);
        }
    }

    /// <summary>A snapshot of the state after <paramref name="index"/> took the place of the log up to there, or of all of it.</summary>
    public void Installed(long index, Configuration configuration, bool keepsSuffix)
    {
        _entries.RemoveAll(entry => entry.Index <= index || !keepsSuffix);
        _entries.Insert(0, (index, configuration));
    }
}
