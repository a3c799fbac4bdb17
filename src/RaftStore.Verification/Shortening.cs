using System.Diagnostics;
using RaftStore.Verification.Keys;
using RaftStore.Verification.Search;

namespace RaftStore.Verification;

/// <summary>Makes a bad history of one key as short as possible, so that a person can see what is wrong.</summary>
/// <remarks>
/// What is left out is not forgotten but taken to be unknown: a read then says nothing, and a write may have taken effect at any time after
/// it was sent, or never. Whatever explained the whole history would explain that, too. So a piece that cannot be explained proves by itself that
/// the history cannot be. In three steps: the earliest end by which it is bad, the latest beginning, and then every group of operations,
/// halved until single ones are tried, that can be left out.
/// </remarks>
internal sealed class Shortening(string key, CheckOptions options)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    private bool IsTimeUp => _clock.Elapsed > options.ShorteningTime;

    /// <summary>The shortest piece found within the time.</summary>
    /// <param name="events">A history that no order explains.</param>
    public Violation Shorten(IReadOnlyList<KeyEvent> events)
    {
        KeyEvent[] byEnd = [.. events.OrderBy(entry => entry.To)];
        KeyEvent[] kept = Keep(byEnd, EarliestEnd);
        kept = Keep(kept, LatestBeginning);
        kept = WithoutFloors(kept, byEnd);
        (kept, bool isShortest) = WithoutGroups(kept, byEnd);
        return Describe(kept, byEnd, isShortest);
    }

    /// <summary>Applies a step, which must leave a bad piece.</summary>
    private KeyEvent[] Keep(KeyEvent[] events, Func<KeyEvent[], KeyEvent[]> step) => options.ShorteningTime > TimeSpan.Zero ? step(events) : events;

    private KeyEvent[] EarliestEnd(KeyEvent[] byEnd)
    {
        int low = 0;
        int high = byEnd.Length - 1;
        while (low < high && !IsTimeUp)
        {
            int middle = low + ((high - low) / 2);
            (low, high) = IsBad(UpTo(byEnd, byEnd[middle].To), []) ? (low, middle) : (middle + 1, high);
        }

        return UpTo(byEnd, byEnd[high].To);
    }

    private static KeyEvent[] UpTo(KeyEvent[] byEnd, long time) => [.. byEnd
        .Where(entry => entry.From <= time)
        .Select(entry => entry.To <= time ? entry : entry.Weakened())
        .OfType<KeyEvent>()];

    private KeyEvent[] LatestBeginning(KeyEvent[] byEnd)
    {
        int low = 0;
        int high = byEnd.Length;
        while (high - low > 1 && !IsTimeUp)
        {
            int middle = low + ((high - low) / 2);
            (low, high) = IsBad(byEnd[middle..], byEnd[..middle]) ? (middle, high) : (low, middle);
        }

        return byEnd[low..];
    }

    /// <summary>Forgets what had been answered, about any key, before the operations were sent, where that is not what makes them bad.</summary>
    private KeyEvent[] WithoutFloors(KeyEvent[] kept, KeyEvent[] all)
    {
        KeyEvent[] blank = [.. kept.Select(entry => entry with { Floor = Floor.None })];
        return IsBad(blank, Others(all, blank)) ? blank : kept;
    }

    private (KeyEvent[] Kept, bool IsDone) WithoutGroups(KeyEvent[] kept, KeyEvent[] all)
    {
        // Plain reads and writes make the clearer story, so the others go first.
        foreach (Func<KeyEvent, bool> isObscure in new Func<KeyEvent, bool>[] { entry => entry.Source.IsRange, entry => entry.IsPast, entry => entry.Source.IsWrite && entry.Effect == Effect.None })
        {
            KeyEvent[] rest = [.. kept.Where(entry => !isObscure(entry))];
            kept = rest.Length > 0 && rest.Length < kept.Length && !IsTimeUp && IsBad(rest, Others(all, rest)) ? rest : kept;
        }

        for (int size = Math.Max(1, kept.Length / 2); ; size /= 2)
        {
            bool changed = false;
            for (int from = 0; from < kept.Length;)
            {
                if (IsTimeUp)
                {
                    return (kept, false);
                }

                int to = Math.Min(kept.Length, from + size);
                KeyEvent[] rest = [.. kept[..from], .. kept[to..]];
                if (rest.Length > 0 && IsBad(rest, Others(all, rest)))
                {
                    kept = rest;
                    changed = true;
                }
                else
                {
                    from = to;
                }
            }

            if (size == 1 && !changed)
            {
                return (kept, true);
            }

            size = size == 1 ? 2 : size;
        }
    }

    /// <summary>What was left out, as far as it may have mattered: whatever was sent before the piece was over.</summary>
    private static IEnumerable<KeyEvent> Others(KeyEvent[] all, KeyEvent[] kept)
    {
        HashSet<Operation> sources = new(kept.Select(entry => entry.Source), ReferenceEqualityComparer.Instance);
        return all.Where(entry => !sources.Contains(entry.Source));
    }

    private bool IsBad(IReadOnlyCollection<KeyEvent> kept, IEnumerable<KeyEvent> others) => IsBad(kept, others, out _, out _);

    private bool IsBad(IReadOnlyCollection<KeyEvent> kept, IEnumerable<KeyEvent> others, out string? reason, out LinearizationSearch? search)
    {
        search = null;
        KeyFacts facts = KeyFacts.Of(key, [.. kept, .. others.Select(entry => entry.Weakened()).OfType<KeyEvent>()]);
        reason = facts.Contradiction?.Title;
        if (reason is not null)
        {
            return true;
        }

        SearchProblem problem = SearchProblem.Of(facts, facts.Events);
        if (problem.ShowsTheFuture)
        {
            reason = "an answer shows what had not been sent yet";
            return true;
        }

        search = new LinearizationSearch(problem, new SearchLimits(options.ShorteningStepsMax, options.MemoryBytesMax, () => IsTimeUp && options.ShorteningTime > TimeSpan.Zero));
        return search.Run() == SearchEnd.None;
    }

    private Violation Describe(KeyEvent[] kept, KeyEvent[] all, bool isShortest)
    {
        for (int i = 0; i < kept.Length && isShortest; i++)
        {
            KeyEvent[] blank = [.. kept[..i], kept[i] with { Floor = Floor.None }, .. kept[(i + 1)..]];
            kept = kept[i].Floor.By is not null && IsBad(blank, Others(all, blank)) ? blank : kept;
        }

        IsBad(kept, Others(all, kept), out string? reason, out LinearizationSearch? search);
        Operation[] piece = [.. kept.Where(entry => entry.IsCertain || entry.Source.Outcome == OperationOutcome.Unknown)
            .SelectMany(entry => entry.Floor.By is { } told ? [told, entry.Source] : new[] { entry.Source })
            .Distinct<Operation>(ReferenceEqualityComparer.Instance).OrderBy(operation => operation.InvokedAt)];
        string title = $"No order explains {(piece.Length == 1 ? "this operation" : $"these {piece.Length} operations")} on «{Wording.Short(key)}»";
        List<string> sentences = [.. piece.Take(DeadEnd.OrderMax).Select(operation => Wording.Tell(operation, options.UnitsPerSecond, key))];
        if (piece.Length > DeadEnd.OrderMax)
        {
            sentences.Add($"And {piece.Length - DeadEnd.OrderMax} more.");
        }

        sentences.Add(title + ".");
        if (reason is not null)
        {
            sentences.Add(Wording.Capitalised(reason) + ".");
        }

        if (search?.Furthest is { Next.Count: > 0 } furthest)
        {
            sentences.Add(WhyNot(furthest, search));
        }

        return new Violation(key, title, piece, sentences, isShortest);
    }

    private string WhyNot(DeadEnd end, LinearizationSearch search)
    {
        string state = end.State.Value switch
        {
            SearchState.Absent => "the key does not exist",
            SearchState.Unseen => "the key holds a value that nobody saw",
            _ => $"the key holds «{Wording.Short(search.ValueOf(end.State.Value))}»",
        };
        string awaited = end.Awaited.Count == 0 ? string.Empty : $", which {Tell(end.Awaited[0])} has yet to see";
        string before = end.Placed.Count == 0 ? string.Empty : $" ({string.Join(", ", end.Placed.Select(entry => $"client {entry.Source.Client} {Wording.What(entry.Source)}"))})";
        return $"The order that goes furthest explains {end.Depth} of them{before}; then {state}{awaited}, and none of those that have to come next fits: {string.Join("; or ", end.Next.Take(4).Select(Tell))}.";
    }

    private string Tell(KeyEvent entry) => $"client {entry.Source.Client} {Wording.What(entry.Source)} ({Wording.Result(entry.Source, key)})";
}
