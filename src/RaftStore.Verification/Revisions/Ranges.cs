using RaftStore.Verification.Keys;

namespace RaftStore.Verification.Revisions;

/// <summary>Holds what ranges and reads of the past showed against the keys they are about.</summary>
internal sealed class Ranges
{
    private readonly string[] _keys;
    private readonly Dictionary<string, KeyFacts> _facts;
    private readonly AnsweredRevisions _revisions;
    private readonly Operation[] _ranges;

    public Ranges(IReadOnlyList<Operation> history, Dictionary<string, KeyFacts> facts, AnsweredRevisions revisions)
    {
        _facts = facts;
        _revisions = revisions;
        _keys = [.. facts.Keys.Order(StringComparer.Ordinal)];
        _ranges = [.. history.Where(operation => operation.IsRange && operation.Outcome != OperationOutcome.NotApplied)];
    }

    /// <summary>Adds what deletions of ranges did to each key: to be called before anything is sighted.</summary>
    public void AddDeletions()
    {
        foreach (Operation range in _ranges.Where(range => range.Kind == OperationKind.DeleteRange))
        {
            foreach (string key in KeysOf(range))
            {
                if (KeyEvents.OfRange(range, null, _revisions.Before(range.InvokedAt)) is { } entry)
                {
                    _facts[key].Add(entry);
                }
            }
        }
    }

    /// <summary>Tells every key which of its values ranges showed.</summary>
    /// <returns>Keys that were shown and that nobody ever wrote.</returns>
    public IEnumerable<(string Key, Contradiction Contradiction)> AddSightings()
    {
        foreach (Operation range in _ranges)
        {
            foreach (ReadItem item in range.Items)
            {
                if (!range.Covers(item.Key))
                {
                    yield return (item.Key, new Contradiction($"a range showed «{Wording.Short(item.Key)}», which lies outside of it", range));
                }
                else if (_facts.TryGetValue(item.Key, out KeyFacts? facts))
                {
                    facts.See(new Sighting(range, item.Value, item.ModRevision));
                }
                else
                {
                    yield return (item.Key, new Contradiction($"a range showed «{Wording.Short(item.Key)}» = «{Wording.Short(item.Value)}», which no write explains", range));
                }
            }
        }
    }

    /// <summary>Checks each range against the keys whose state at its revision is known, and hands it as a read to the search of every other key.</summary>
    public void Check()
    {
        HashSet<string> settled = [.. _facts.Values.Where(facts => facts.IsSettled).Select(facts => facts.Key)];
        foreach (Operation range in _ranges.Where(range => range.Kind == OperationKind.Range && range.Outcome == OperationOutcome.Ok))
        {
            Dictionary<string, ReadItem> shown = Shown(range);
            long revision = range.AtRevision >= 0 ? range.AtRevision : range.Revision;
            foreach (string key in KeysOf(range))
            {
                ReadItem? item = shown.TryGetValue(key, out ReadItem found) ? found : null;
                KeyFacts facts = _facts[key];
                if (revision < 0 || !settled.Contains(key))
                {
                    facts.Events.Add(KeyEvents.OfRange(range, item, _revisions.Before(range.InvokedAt))!);
                }
                else if (facts.Contradiction is null)
                {
                    Compare(facts, range, item?.Value, revision);
                }
            }
        }

        foreach (KeyFacts facts in _facts.Values.Where(facts => settled.Contains(facts.Key) && facts.Contradiction is null))
        {
            foreach (KeyEvent past in facts.Events.Where(entry => entry.IsPast))
            {
                Compare(facts, past.Source, past.Seen, past.Revision);
            }
        }
    }

    /// <summary>The ranges as reads of one key, for a key that they were held against without a search.</summary>
    public IEnumerable<KeyEvent> ReadsOf(string key)
    {
        foreach (Operation range in _ranges.Where(range => range.Kind == OperationKind.Range && range.Outcome == OperationOutcome.Ok && range.Covers(key)))
        {
            yield return KeyEvents.OfRange(range, Wording.Seen(range, key), _revisions.Before(range.InvokedAt))!;
        }
    }

    private static void Compare(KeyFacts facts, Operation read, string? value, long revision)
    {
        KnownWrite? newest = facts.NewestUpTo(revision);
        if (value == newest?.Value)
        {
            return;
        }

        string key = Wording.Short(facts.Key);
        string reader = $"{(read.IsRange ? "a range" : "a read of the past")} at revision {revision}";
        facts.Disagreement ??= value is null
            ? $"{reader} misses «{key}», which held «{Wording.Short(newest!.Value.Value!)}» of revision {newest.Value.Revision}"
            : $"{reader} shows «{key}» = «{Wording.Short(value)}», {(newest is not { } write ? "which was written later" : $"though revision {write.Revision} had {(write.Value is { } other ? $"written «{Wording.Short(other)}»" : "deleted it")}")}";
    }

    private static Dictionary<string, ReadItem> Shown(Operation range)
    {
        Dictionary<string, ReadItem> shown = new(range.Items.Count, StringComparer.Ordinal);
        foreach (ReadItem item in range.Items)
        {
            shown[item.Key] = item;
        }

        return shown;
    }

    private IEnumerable<string> KeysOf(Operation range)
    {
        int from = Array.BinarySearch(_keys, range.Key, StringComparer.Ordinal);
        for (int i = from < 0 ? ~from : from; i < _keys.Length && (range.End is null || string.CompareOrdinal(_keys[i], range.End) < 0); i++)
        {
            yield return _keys[i];
        }
    }
}
