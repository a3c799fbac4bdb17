namespace RaftStore.Verification.Keys;

/// <summary>What is known of one key before any search: who wrote which value, at which revision, and who saw it.</summary>
/// <remarks>Values are unique, so a sighting names its write; a value and its revision therefore belong together wherever they are seen.
/// That alone finds dirty reads, writes that took effect twice, and reads of what was not sent yet.</remarks>
internal sealed class KeyFacts
{
    private readonly Dictionary<string, KeyEvent> _writers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Operation> _refused = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (long Revision, Operation By)> _revisions = new(StringComparer.Ordinal);
    private readonly Dictionary<long, string> _values = [];
    private readonly Dictionary<string, Operation> _firstSeen = new(StringComparer.Ordinal);
    private KnownWrite[]? _known;

    public KeyFacts(string key) => Key = key;

    public string Key { get; }

    /// <summary>Everything that was said about the key.</summary>
    public List<KeyEvent> Events { get; } = [];

    /// <summary>The first thing found that cannot be; null while there is none.</summary>
    public Contradiction? Contradiction { get; private set; }

    /// <summary>What a range or a read of the past shows against the writes whose revisions are known; null where they agree.</summary>
    public string? Disagreement { get; set; }

    /// <summary>Its state at any revision is known without a search: every write that may matter has a known revision.</summary>
    public bool IsSettled => Events.TrueForAll(HasKnownPlace) && !(Events.Exists(entry => !entry.IsCertain && !HasSeen(entry.Written!)) && Events.Exists(TellsOfUnseen));

    /// <summary>The facts of these events, as far as they tell them by themselves.</summary>
    public static KeyFacts Of(string key, IEnumerable<KeyEvent> events)
    {
        KeyFacts facts = new(key);
        foreach (KeyEvent entry in events)
        {
            facts.Add(entry);
        }

        foreach (KeyEvent entry in facts.Events)
        {
            if (entry.Seen is not null)
            {
                facts.See(new Sighting(entry.Source, entry.Seen, entry.SeenRevision));
            }
        }

        return facts;
    }

    /// <summary>Takes an event; every write must be in before the first sighting.</summary>
    /// <exception cref="ArgumentException">Two writes write the same value to the key.</exception>
    public void Add(KeyEvent entry)
    {
        Events.Add(entry);
        if (entry.Effect != Effect.Write)
        {
            return;
        }

        if (!_writers.TryAdd(entry.Written!, entry))
        {
            throw new ArgumentException($"Two operations write «{entry.Written}» to the key «{Key}». Written values must be unique, or a read cannot tell whose write it saw.");
        }

        if (entry.Revision >= 0)
        {
            Learn(entry.Written!, entry.Revision, entry.Source);
        }
    }

    /// <summary>Remembers a put that certainly did nothing.</summary>
    public void AddRefused(Operation put) => _refused.TryAdd(put.Value!, put);

    /// <summary>Takes a sighting of a value.</summary>
    public void See(Sighting sighting)
    {
        (Operation by, string value, long modRevision) = sighting;
        if (!_writers.TryGetValue(value, out KeyEvent? writer))
        {
            Contradict(_refused.TryGetValue(value, out Operation? refused)
                ? new Contradiction($"«{Wording.Short(Key)}» held «{Wording.Short(value)}», the value of a write that was answered as not applied", refused, by)
                : new Contradiction($"«{Wording.Short(Key)}» held «{Wording.Short(value)}», which no write explains", by));
            return;
        }

        if (by.Outcome == OperationOutcome.Ok && by.AnsweredAt < writer.From)
        {
            Contradict(new Contradiction($"«{Wording.Short(Key)}» held «{Wording.Short(value)}» before anybody had begun to write it", by, writer.Source));
        }

        if (!_firstSeen.TryGetValue(value, out Operation? first) || by.AnsweredAt < first.AnsweredAt)
        {
            _firstSeen[value] = by;
        }

        if (modRevision >= 0)
        {
            Learn(value, modRevision, by);
            if (writer.Floor.Revision >= modRevision)
            {
                Contradict(new Contradiction($"«{Wording.Short(value)}» was written at revision {modRevision}, though revision {writer.Floor.Revision} had been answered before that write began", writer.Floor.By!, writer.Source, by));
            }
        }
    }

    /// <summary>Whether anybody saw the value.</summary>
    public bool HasSeen(string value) => _firstSeen.ContainsKey(value);

    /// <summary>When the value had been seen for the first time; never is the end of time.</summary>
    public long SeenAt(string value) => _firstSeen.TryGetValue(value, out Operation? first) ? first.AnsweredAt : long.MaxValue;

    /// <summary>The value that a revision wrote to this key; null where nobody told.</summary>
    public string? ValueOf(long revision) => _values.GetValueOrDefault(revision);

    /// <summary>The write of a value that was seen or acknowledged.</summary>
    public KeyEvent WriterOf(string value) => _writers[value];

    /// <summary>The revision of an effective write; -1 where nobody told.</summary>
    public long RevisionOf(KeyEvent write) =>
        write.Revision >= 0 ? write.Revision : write.Written is not null && _revisions.TryGetValue(write.Written, out (long Revision, Operation By) told) ? told.Revision : -1;

    /// <summary>Whose answer told the revision of a write.</summary>
    public Operation TellerOf(KnownWrite write) => write.Value is not null && _revisions.TryGetValue(write.Value, out (long Revision, Operation By) told) ? told.By : write.Event.Source;

    /// <summary>The effective writes of known revision, in their order. To be called once all is in.</summary>
    public KnownWrite[] Known => _known ??= [.. Events
        .Where(entry => entry.Effect != Effect.None && (entry.IsCertain || (entry.Written is not null && HasSeen(entry.Written))))
        .Select(entry => new KnownWrite(RevisionOf(entry), entry.Written, entry))
        .Where(write => write.Revision >= 0)
        .OrderBy(write => write.Revision)];

    /// <summary>The last write of known revision up to one; null where there is none.</summary>
    public KnownWrite? NewestUpTo(long revision)
    {
        KnownWrite[] known = Known;
        int low = 0;
        int high = known.Length;
        while (low < high)
        {
            int middle = low + ((high - low) / 2);
            (low, high) = known[middle].Revision <= revision ? (middle + 1, high) : (low, middle);
        }

        return low == 0 ? null : known[low - 1];
    }

    /// <summary>Notes what cannot be; only the first is kept, since what follows is often its consequence.</summary>
    public void Contradict(Contradiction contradiction) => Contradiction ??= contradiction;

    private bool HasKnownPlace(KeyEvent entry) =>
        entry.Effect == Effect.None || (entry.IsCertain ? RevisionOf(entry) >= 0 : entry.Effect == Effect.Write && (!HasSeen(entry.Written!) || RevisionOf(entry) >= 0));

    /// <summary>Whether it may be that only the write of a value that nobody saw explains it.</summary>
    private bool TellsOfUnseen(KeyEvent entry) => entry.Need is Need.Present or Need.NotRevision || (entry.Need == Need.Revision && ValueOf(entry.SeenRevision) is null);

    private void Learn(string value, long revision, Operation by)
    {
        if (!_revisions.TryAdd(value, (revision, by)) && _revisions[value].Revision != revision)
        {
            Contradict(new Contradiction($"«{Wording.Short(value)}» is said to be written to «{Wording.Short(Key)}» at revision {_revisions[value].Revision} and at revision {revision}: it took effect twice, or one answer is wrong", _revisions[value].By, by));
        }

        if (!_values.TryAdd(revision, value) && _values[revision] != value)
        {
            string other = _values[revision];
            Contradict(new Contradiction($"revision {revision} of «{Wording.Short(Key)}» is said to have written «{Wording.Short(other)}» and «{Wording.Short(value)}»", _revisions[other].By, by));
        }
    }
}
