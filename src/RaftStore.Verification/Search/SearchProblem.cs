using RaftStore.Verification.Keys;

namespace RaftStore.Verification.Search;

/// <summary>An operation that has to find its place in the order.</summary>
/// <param name="Event">What it says and does.</param>
/// <param name="From">It takes effect at this time or later: when it was sent, or when what it saw was sent.</param>
/// <param name="To">It took effect by this time: its answer, or the first answer that shows its effect.</param>
/// <param name="Need">What it says about the state before it.</param>
/// <param name="NeedValue">For <see cref="Need.Value"/> and <see cref="Need.NotRevision"/>: the number of the value, from 1.</param>
/// <param name="Writes">The number of the value it writes; 0 for a deletion and for what changes nothing.</param>
/// <param name="Revision">Its own revision, or for what changes nothing the revision it was answered at; -1 where not told.</param>
internal readonly record struct Placed(KeyEvent Event, long From, long To, Need Need, int NeedValue, int Writes, long Revision)
{
    public Effect Effect => Event.Effect;
}

/// <summary>A write that may take effect at any time after it was sent, once, or never.</summary>
internal enum OptionalKind
{
    Delete,
    Put,
    PutIfAbsent,
    PutIfExists,
}

/// <summary>The question that the search answers for one key: which order, if any. Immutable once built.</summary>
/// <remarks>
/// <para>
/// <b>What is left out, and why that changes nothing.</b> A write of unknown outcome whose value somebody saw did happen: it becomes an
/// ordinary operation that ends when it was first seen. One that nobody saw is optional. Take any order that explains all answers
/// and in which an optional write u takes effect. Whatever follows u directly either looks at the state or it does not. If it does not,
/// it overwrites it unseen (only writes without a condition do not look, and those replace the whole state), and the order without u explains
/// everything as well. So u is needed only where the very next operation looks and is satisfied by u's effect. Nobody saw a put's value;
/// what remains is to learn from it that the key exists, or is no longer at some revision: <see cref="Need.Present"/>,
/// <see cref="Need.NotRevision"/>, or a revision that no known write has. A put is dropped unless such an operation ends after it was sent.
/// In the same way a deletion is needed only before something that found the key absent (or no longer at some revision), or before an
/// optional put that is conditional on absence and itself needed.
/// </para>
/// <para>
/// <b>Optional writes of one kind are alike</b>: a deletion leaves nothing and an unseen put some unseen value, so only the time from which
/// they are possible tells them apart. If an order uses a later one and not, or only afterwards, an earlier one of its kind, the two can
/// change places. So each kind is a queue used from its front, and a position of the search knows it by a count. A write conditional
/// on a revision can take effect only while the key is at that revision, which comes once; it needs no count at all.
/// </para>
/// </remarks>
internal sealed class SearchProblem
{
    private readonly long[] _revisionOfValue;

    private SearchProblem(Placed[] operations, long[] revisionOfValue, int[] known, KeyEvent[][] optional, Dictionary<int, KeyEvent[]> conditional, int pruned)
    {
        Operations = operations;
        _revisionOfValue = revisionOfValue;
        Known = known;
        Optional = optional;
        Conditional = conditional;
        Pruned = pruned;
        HasOptional = conditional.Count > 0 || Array.Exists(optional, queue => queue.Length > 0);
        HasPutOfUnknownRevision = Array.Exists(operations, placed => placed is { Effect: Effect.Write, Revision: < 0 })
            || Array.Exists(optional, queue => Array.Exists(queue, entry => entry.Effect == Effect.Write))
            || conditional.Values.Any(list => Array.Exists(list, entry => entry.Effect == Effect.Write));
    }

    /// <summary>What must be placed, by <see cref="Placed.From"/>.</summary>
    public Placed[] Operations { get; }

    /// <summary>Those of them that write at a known revision, by revision.</summary>
    public int[] Known { get; }

    /// <summary>For each <see cref="OptionalKind"/> the writes that may be used, by the time they were sent.</summary>
    public KeyEvent[][] Optional { get; }

    /// <summary>Optional writes conditional on a revision, by the number of the value that this revision wrote.</summary>
    public Dictionary<int, KeyEvent[]> Conditional { get; }

    /// <summary>Whether there is any optional write.</summary>
    public bool HasOptional { get; }

    /// <summary>Whether some put, certain or optional, has a revision that nobody told.</summary>
    public bool HasPutOfUnknownRevision { get; }

    /// <summary>How many writes of unknown outcome were left out.</summary>
    public int Pruned { get; }

    /// <summary>An answer shows the effect of something that had not been sent yet: no order can explain that.</summary>
    public bool ShowsTheFuture => Array.Exists(Operations, placed => placed.To < placed.From);

    /// <summary>How many values are written, numbered from 1.</summary>
    public int Values => _revisionOfValue.Length - 1;

    /// <summary>The revision that wrote a value; -1 where nobody told, and for the value of an optional write.</summary>
    public long RevisionOf(int value) => value > 0 ? _revisionOfValue[value] : -1;

    public static SearchProblem Of(KeyFacts facts, IReadOnlyCollection<KeyEvent> events)
    {
        List<KeyEvent> certain = [.. events.Where(entry => entry.IsCertain || (entry.Written is not null && facts.HasSeen(entry.Written)))];
        List<KeyEvent> uncertain = [.. events.Where(entry => !entry.IsCertain && (entry.Written is null || !facts.HasSeen(entry.Written)))];
        Dictionary<string, int> numbers = new(StringComparer.Ordinal);
        foreach (KeyEvent write in certain.Where(entry => entry.Effect == Effect.Write))
        {
            numbers.Add(write.Written!, numbers.Count + 1);
        }

        Placed[] placed = new Placed[certain.Count];
        for (int i = 0; i < placed.Length; i++)
        {
            placed[i] = Place(facts, certain[i], numbers);
        }

        TightenEnds(placed, facts, numbers);
        Array.Sort(placed, (left, right) => left.From != right.From ? left.From.CompareTo(right.From) : left.To.CompareTo(right.To));
        long[] revisions = new long[numbers.Count + 1];
        Array.Fill(revisions, -1);
        foreach (Placed one in placed.Where(one => one.Writes > 0))
        {
            revisions[one.Writes] = one.Revision;
        }

        int[] known = [.. Enumerable.Range(0, placed.Length).Where(i => placed[i].Effect != Effect.None && placed[i].Revision >= 0).OrderBy(i => placed[i].Revision)];
        Sift(placed, uncertain, facts, numbers, out KeyEvent[][] optional, out Dictionary<int, KeyEvent[]> conditional);
        int kept = optional.Sum(queue => queue.Length) + conditional.Values.Sum(list => list.Length);
        return new SearchProblem(placed, revisions, known, optional, conditional, uncertain.Count - kept);
    }

    private static Placed Place(KeyFacts facts, KeyEvent entry, Dictionary<string, int> numbers)
    {
        Need need = entry.Need;
        string? value = entry.Seen;
        if (need is Need.Revision or Need.NotRevision)
        {
            value = facts.ValueOf(entry.SeenRevision);
            need = need == Need.Revision ? (value is null ? Need.Revision : Need.Value) : value is null ? Need.Any : Need.NotRevision;
        }

        int number = value is null ? 0 : numbers[value];
        long revision = entry.Effect == Effect.None ? entry.Revision : facts.RevisionOf(entry);
        long from = entry.From;
        if (entry.IsPast)
        {
            // Where it reads is in the past, perhaps long before it was sent; but after the last write that it covers.
            from = facts.NewestUpTo(entry.Revision)?.Event.From ?? long.MinValue;
        }

        if (need == Need.Value)
        {
            from = Math.Max(from, facts.WriterOf(value!).From);
        }

        return new Placed(entry, from, entry.To, need, number, entry.Written is null ? 0 : numbers[entry.Written], revision);
    }

    /// <summary>A write took effect before the first answer that depends on it. This gives an end to those that had none.</summary>
    private static void TightenEnds(Placed[] placed, KeyFacts facts, Dictionary<string, int> numbers)
    {
        long[] ends = new long[numbers.Count + 1];
        foreach ((string value, int number) in numbers)
        {
            ends[number] = facts.SeenAt(value);
        }

        foreach (Placed one in placed)
        {
            if (one.Need == Need.Value)
            {
                ends[one.NeedValue] = Math.Min(ends[one.NeedValue], one.To);
            }
        }

        for (int i = 0; i < placed.Length; i++)
        {
            if (placed[i].Writes > 0 && ends[placed[i].Writes] < placed[i].To)
            {
                placed[i] = placed[i] with { To = ends[placed[i].Writes] };
            }
        }
    }

    private static void Sift(Placed[] placed, List<KeyEvent> uncertain, KeyFacts facts, Dictionary<string, int> numbers, out KeyEvent[][] optional, out Dictionary<int, KeyEvent[]> conditional)
    {
        long presenceUntil = placed.Where(one => one.Need is Need.Present or Need.NotRevision or Need.Revision).Select(one => one.To).DefaultIfEmpty(long.MinValue).Max();
        long absenceUntil = placed.Where(one => one.Need is Need.Absent or Need.NotRevision).Select(one => one.To).DefaultIfEmpty(long.MinValue).Max();
        bool hasPutIfAbsent = uncertain.Exists(entry => entry is { Effect: Effect.Write, Need: Need.Absent } && entry.From <= presenceUntil);
        absenceUntil = hasPutIfAbsent ? Math.Max(absenceUntil, presenceUntil) : absenceUntil;

        List<KeyEvent> needed = [.. uncertain.Where(entry => entry.From <= (entry.Effect == Effect.Write ? presenceUntil : absenceUntil)).OrderBy(entry => entry.From)];
        optional =
        [
            // A deletion conditional on a revision that nobody's write is known to have made may have met an unseen put: here it is taken
            // for one without condition, which can only let something pass.
            [.. needed.Where(entry => entry is { Effect: Effect.Delete } && (entry.Need != Need.Revision || facts.ValueOf(entry.SeenRevision) is null))],
            [.. needed.Where(entry => entry is { Effect: Effect.Write, Need: Need.Any })],
            [.. needed.Where(entry => entry is { Effect: Effect.Write, Need: Need.Absent })],
            [.. needed.Where(entry => entry is { Effect: Effect.Write, Need: Need.Present })],
        ];
        conditional = needed
            .Where(entry => entry.Need == Need.Revision)
            .Select(entry => (Entry: entry, Value: facts.ValueOf(entry.SeenRevision)))
            .Where(pair => pair.Value is not null && numbers.ContainsKey(pair.Value))
            .GroupBy(pair => numbers[pair.Value!], pair => pair.Entry)
            .ToDictionary(group => group.Key, group => group.ToArray());
    }
}
