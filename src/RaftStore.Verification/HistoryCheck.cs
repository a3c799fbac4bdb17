using System.Diagnostics;
using RaftStore.Verification.Keys;
using RaftStore.Verification.Revisions;
using RaftStore.Verification.Search;

namespace RaftStore.Verification;

/// <summary>One check of one history.</summary>
internal sealed class HistoryCheck
{
    private readonly IReadOnlyList<Operation> _history;
    private readonly CheckOptions _options;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly AnsweredRevisions _revisions;
    private readonly Dictionary<string, KeyFacts> _keys = new(StringComparer.Ordinal);
    private readonly List<Violation> _violations = [];
    private readonly List<string> _givenUp = [];
    private readonly Ranges _ranges;
    private long _steps;
    private int _pruned;

    public HistoryCheck(IReadOnlyList<Operation> history, CheckOptions options)
    {
        _history = history;
        _options = options;
        _revisions = new AnsweredRevisions(history);
        foreach (Operation operation in history)
        {
            Validate(operation);
            Add(operation);
        }

        _ranges = new Ranges(history, _keys, _revisions);
    }

    private bool IsFull => _violations.Count >= _options.ViolationsMax;

    public CheckResult Run()
    {
        foreach (Contradiction contradiction in _revisions.Check(_history).Take(_options.ViolationsMax))
        {
            Report(contradiction.Piece[^1].Key, contradiction);
        }

        _ranges.AddDeletions();
        foreach (KeyFacts facts in _keys.Values)
        {
            foreach (KeyEvent entry in facts.Events.Where(entry => entry.Seen is not null))
            {
                facts.See(new Sighting(entry.Source, entry.Seen!, entry.SeenRevision));
            }
        }

        foreach ((string key, Contradiction contradiction) in _ranges.AddSightings().Take(_options.ViolationsMax))
        {
            Report(key, contradiction);
        }

        CheckThatRevisionsAreUnique();
        _ranges.Check();
        foreach (KeyFacts facts in _keys.Values.OrderBy(facts => facts.Key, StringComparer.Ordinal))
        {
            Check(facts);
        }

        Verdict verdict = _violations.Count > 0 ? Verdict.NotLinearizable : _givenUp.Count > 0 ? Verdict.GaveUp : Verdict.Linearizable;
        return new CheckResult(verdict, _violations, _givenUp, _history.Count, _keys.Count, _pruned, _steps, _clock.Elapsed);
    }

    private static void Validate(Operation operation)
    {
        if (operation.Kind == OperationKind.Put && operation.Value is null)
        {
            throw new ArgumentException($"A put of «{operation.Key}» has no value.");
        }

        if (operation.Outcome == OperationOutcome.Ok && operation.AnsweredAt < operation.InvokedAt)
        {
            throw new ArgumentException($"An operation on «{operation.Key}» was answered at {operation.AnsweredAt}, before it was sent at {operation.InvokedAt}.");
        }
    }

    private void Add(Operation operation)
    {
        if (operation.IsRange)
        {
            return;
        }

        if (!_keys.TryGetValue(operation.Key, out KeyFacts? facts))
        {
            _keys[operation.Key] = facts = new KeyFacts(operation.Key);
        }

        bool isRefused = operation.Outcome == OperationOutcome.NotApplied || (operation.Outcome == OperationOutcome.Ok && !operation.Changed);
        if (operation.Kind == OperationKind.Put && isRefused)
        {
            facts.AddRefused(operation);
        }

        if (KeyEvents.Of(operation, _revisions.Before(operation.InvokedAt), out string? contradiction) is { } entry)
        {
            facts.Add(entry);
        }

        if (contradiction is not null)
        {
            facts.Contradict(new Contradiction(contradiction, operation));
        }
    }

    private void CheckThatRevisionsAreUnique()
    {
        Dictionary<long, (Operation Source, Operation Teller)> made = [];
        foreach (KeyFacts facts in _keys.Values)
        {
            foreach (KnownWrite write in facts.Known)
            {
                Operation source = write.Event.Source;
                if (!made.TryAdd(write.Revision, (source, facts.TellerOf(write))) && !ReferenceEquals(made[write.Revision].Source, source))
                {
                    facts.Contradict(new Contradiction($"revision {write.Revision} was made by two writes", made[write.Revision].Source, made[write.Revision].Teller, source, facts.TellerOf(write)));
                }
            }
        }
    }

    private void Check(KeyFacts facts)
    {
        if (facts.Contradiction is { } contradiction)
        {
            Report(facts.Key, contradiction);
            return;
        }

        if (facts.Disagreement is { } disagreement)
        {
            ReportShortened(facts, disagreement);
            return;
        }

        SearchProblem problem = SearchProblem.Of(facts, facts.Events);
        _pruned += problem.Pruned;
        if (problem.ShowsTheFuture)
        {
            ReportShortened(facts, null);
            return;
        }

        LinearizationSearch search = new(problem, new SearchLimits(_options.StepsMax, _options.MemoryBytesMax, IsOver));
        SearchEnd end = search.Run();
        _steps += search.Steps;
        if (end == SearchEnd.GaveUp)
        {
            _givenUp.Add(facts.Key);
        }
        else if (end == SearchEnd.None)
        {
            ReportShortened(facts, null);
        }
    }

    /// <summary>Reports the shortest piece that proves it.</summary>
    /// <param name="disagreement">What was found without a search, which then gives the title.</param>
    private void ReportShortened(KeyFacts facts, string? disagreement)
    {
        if (IsFull)
        {
            return;
        }

        Violation violation = new Shortening(facts.Key, _options).Shorten([.. facts.Events, .. facts.IsSettled ? _ranges.ReadsOf(facts.Key) : []]);
        _violations.Add(disagreement is null ? violation : violation with
        {
            Title = Wording.Capitalised(disagreement),
            Sentences = [.. violation.Sentences, Wording.Capitalised(disagreement) + "."],
        });
    }

    private bool IsOver() => _options.Time != Timeout.InfiniteTimeSpan && _clock.Elapsed > _options.Time;

    private void Report(string key, Contradiction contradiction)
    {
        if (IsFull)
        {
            return;
        }

        Operation[] piece = [.. contradiction.Piece.Distinct().OrderBy(operation => operation.InvokedAt)];
        IEnumerable<string> sentences = piece.Select(operation => Wording.Tell(operation, _options.UnitsPerSecond)).Append(Wording.Capitalised(contradiction.Title) + ".");
        _violations.Add(new Violation(key, Wording.Capitalised(contradiction.Title), piece, [.. sentences], IsShortest: true));
    }
}
