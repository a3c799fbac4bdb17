using RaftStore.Kv.Commands;
using RaftStore.Kv.Index;
using RaftStore.Kv.State;
using RaftStore.Kv.Versions;

namespace RaftStore.Kv;

/// <summary>The replicated state machine. One thread applies; any thread reads, through <see cref="Current"/>.</summary>
public sealed class KvStore
{
    /// <summary>The state hash is recorded at every multiple of this many applied entries.</summary>
    public const int RecordedHashInterval = 1000;

    /// <summary>How many recorded hashes are kept: enough that a node 15,000 entries behind another still shares one with it.</summary>
    public const int RecordedHashesMax = 16;

    private readonly KvState _state;
    private StateHash[] _recorded = [];
    private KvView _current;

    /// <summary>An empty store at revision 0 and index 0.</summary>
    public KvStore()
        : this(new KvState(KvLimits.Default))
    {
    }

    internal KvStore(KvState state)
    {
        _state = state;
        _current = new KvView(_state.Freeze(), _state.Summarise(), _recorded);
    }

    /// <summary>The state after the last <see cref="Publish"/>. Reading it takes no lock; any thread.</summary>
    public KvView Current => Volatile.Read(ref _current);

    /// <summary>The state hashes recorded at the last few multiples of 1,000, as of the last <see cref="Publish"/>, newest last.
    /// A store that was loaded from a snapshot has none from before it. Any thread.</summary>
    public IReadOnlyList<StateHash> RecordedHashes => Current.RecordedHashes;

    /// <summary>What history waits for before it gets shorter. Applying thread.</summary>
    public HistoryWait HistoryWait => _state.HistoryWait;

    /// <summary>How much cluster time must go by until the oldest revision has its age, in milliseconds; 0 where it has. Applying thread.</summary>
    public long HistoryAgeLeftMs => _state.HistoryAgeLeftMs;

    /// <summary>Applies one entry. An empty command (a no-op) only moves the index on. Nobody sees the effect before
    /// <see cref="Publish"/>.</summary>
    /// <param name="index">One more than the last; anything else is a broken invariant.</param>
    /// <param name="clusterTimeMs">Cluster time of the entry's batch; never less than that of the last.</param>
    /// <param name="command">What <see cref="KvCommand"/> encoded. One that cannot be decoded stops the node: a newer version wrote it.</param>
    /// <returns>What the proposer is told.</returns>
    /// <exception cref="UnknownCommandException">The command is of a kind or format that this version does not know; the store is unchanged.</exception>
    /// <exception cref="KvInvariantException">The index or the time is not what must come next, or a rule of the store is broken.</exception>
    public KvResult Apply(long index, long clusterTimeMs, ReadOnlySpan<byte> command)
    {
        DecodedCommand decoded = default;
        if (!command.IsEmpty && !DecodedCommand.TryRead(command, out decoded, out string? error))
        {
            throw new UnknownCommandException(FormattableString.Invariant($"Entry {index} cannot be applied: {error}."));
        }

        _state.BeginEntry(index, clusterTimeMs);
        KvResult result = decoded.Kind switch
        {
            KvCommandKind.None => Unchanged(KvStatus.Done),
            KvCommandKind.Put => Put(decoded),
            KvCommandKind.Delete => Delete(decoded),
            KvCommandKind.DeleteRange => DeleteRange(decoded),
            KvCommandKind.Compact => Compact(decoded.Revision),
            KvCommandKind.Settings => ChangeSettings(decoded),
            _ => throw new KvInvariantException("a command was decoded that nothing carries out"),
        };
        _state.EndEntry();
        if (index % RecordedHashInterval == 0)
        {
            ReadOnlySpan<StateHash> kept = _recorded.AsSpan(Math.Max(0, _recorded.Length - RecordedHashesMax + 1));
            _recorded = [.. kept, new StateHash(index, _state.Summarise().HashText())];
        }

        return result;
    }

    /// <summary>Raises index and revision without a change, for a cluster that goes on from this state and is not the one that made it:
    /// what that one wrote afterwards shall not be taken for what this one writes. Published at once.</summary>
    /// <param name="by">At least 0.</param>
    public void Raise(long by)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(by);
        _state.Raise(by);
        _recorded = [];
        Publish();
    }

    /// <summary>Makes what was applied since the last call visible to readers.</summary>
    public void Publish()
    {
        if (_state.AppliedIndex != _current.AppliedIndex)
        {
            Volatile.Write(ref _current, new KvView(_state.Freeze(), _state.Summarise(), _recorded));
        }
    }

    private static bool Holds(KvCondition condition, KeyVersion? live) => condition.Kind switch
    {
        KvConditionKind.None => true,
        KvConditionKind.ModRevisionIs => (live?.ModRevision ?? 0) == condition.Revision,
        KvConditionKind.Exists => live is not null,
        KvConditionKind.NotExists => live is null,
        _ => throw new KvInvariantException("a condition of an unknown kind was decoded"),
    };

    private KvResult Put(in DecodedCommand command)
    {
        if (command.Key.Length > _state.Limits.KeyBytesMax || command.Value.Length > _state.Limits.ValueBytesMax)
        {
            return Unchanged(KvStatus.TooLarge);
        }

        VersionedKey was = _state.Root.Find(command.Key);
        if (!Holds(command.Condition, was.Live))
        {
            return Unchanged(KvStatus.ConditionFailed, was.Live);
        }

        if (_state.StoredBytes + command.Key.Length + command.Value.Length > _state.Limits.QuotaBytes)
        {
            return Unchanged(KvStatus.QuotaReached);
        }

        _state.BeginRevision();
        KeyVersion version = _state.Put(was, command.Key, command.Value);
        return new KvResult(KvStatus.Done, _state.Revision, version.Version, 0, command.WantsPrevious ? was.Live?.ToItem() : null);
    }

    private KvResult Delete(in DecodedCommand command)
    {
        VersionedKey was = _state.Root.Find(command.Key);
        if (!Holds(command.Condition, was.Live))
        {
            return Unchanged(KvStatus.ConditionFailed, was.Live);
        }

        if (!was.IsLive)
        {
            return Unchanged(KvStatus.Done);
        }

        _state.BeginRevision();
        _state.Delete(was);
        return new KvResult(KvStatus.Done, _state.Revision, 0, 1, command.WantsPrevious ? was.Newest.ToItem() : null);
    }

    private KvResult DeleteRange(in DecodedCommand command)
    {
        KeyRange range = command.HasEnd ? KeyRange.Between(command.Key.ToArray(), command.Value.ToArray()) : KeyRange.From(command.Key.ToArray());
        long count = _state.Root.CountLive(range);
        if (count > _state.Limits.RangeKeysMax)
        {
            return Unchanged(KvStatus.RangeTooLarge);
        }

        if (count == 0)
        {
            return Unchanged(KvStatus.Done);
        }

        // All are found before the first is deleted: deleting changes the nodes that the cursor walks on.
        List<VersionedKey> doomed = new((int)count);
        TreeCursor cursor = new(_state.Root);
        for (bool more = cursor.SeekFrom(range.Start.Span); more && doomed.Count < count; more = cursor.MoveNext())
        {
            if (cursor.Current.IsLive)
            {
                doomed.Add(cursor.Current);
            }
        }

        _state.BeginRevision();
        foreach (VersionedKey key in doomed)
        {
            _state.Delete(key);
        }

        return new KvResult(KvStatus.Done, _state.Revision, 0, count, null);
    }

    private KvResult Compact(long revision)
    {
        if (revision > _state.Revision)
        {
            return Unchanged(KvStatus.FutureRevision);
        }

        if (revision <= _state.CompactedRevision)
        {
            return Unchanged(KvStatus.AlreadyCompacted);
        }

        _state.Compact(revision);
        return Unchanged(KvStatus.Done);
    }

    // Settings are not keys: they make no revision, and hold from the next entry on. What became too much by them (history, say)
    // goes in the slices in which it always goes.
    private KvResult ChangeSettings(in DecodedCommand command)
    {
        _state.Limits = SettingsLayout.Apply(command.Value, _state.Limits);
        return Unchanged(KvStatus.Done);
    }

    // The result of an entry that made no revision.
    private KvResult Unchanged(KvStatus status, KeyVersion? held = null) => new(status, _state.Revision, 0, 0, held?.ToItem());
}
