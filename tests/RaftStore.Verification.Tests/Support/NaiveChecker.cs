namespace RaftStore.Verification.Tests.Support;

/// <summary>The definition, tried out in full: every order, every choice of what became of unknown writes, and every revision they may have
/// made, against a small store that keeps all its past. Good for a handful of operations.</summary>
internal sealed class NaiveChecker
{
    private readonly List<Operation> _operations;
    private readonly long[] _mentioned;
    private readonly bool[] _placed;
    private readonly List<(long Revision, Dictionary<string, (string Value, long Revision)> Content)> _past = [(0, new(StringComparer.Ordinal))];
    private long _revision;

    private NaiveChecker(IEnumerable<Operation> history)
    {
        _operations = [.. history.Where(operation => operation.Outcome == OperationOutcome.Ok || (operation.Outcome == OperationOutcome.Unknown && operation.IsWrite))];
        _placed = new bool[_operations.Count];
        _mentioned = [.. _operations
            .SelectMany(operation => operation.Items.Select(item => item.ModRevision).Concat([operation.Revision, operation.ModRevision, operation.AtRevision, operation.Condition.Revision]))
            .Where(revision => revision > 0)
            .Distinct()];
    }

    private Dictionary<string, (string Value, long Revision)> Content => _past[^1].Content;

    public static bool IsLinearizable(IEnumerable<Operation> history) => new NaiveChecker(history).Search();

    private bool Search()
    {
        long firstEnd = long.MaxValue;
        for (int i = 0; i < _operations.Count; i++)
        {
            if (!_placed[i] && _operations[i].Outcome == OperationOutcome.Ok)
            {
                firstEnd = Math.Min(firstEnd, _operations[i].AnsweredAt);
            }
        }

        if (firstEnd == long.MaxValue)
        {
            return true;
        }

        for (int i = 0; i < _operations.Count; i++)
        {
            if (_placed[i] || _operations[i].InvokedAt > firstEnd)
            {
                continue;
            }

            _placed[i] = true;
            long revision = _revision;
            int depth = _past.Count;
            foreach (long made in Choices(_operations[i]))
            {
                if (TryApply(_operations[i], made) && Search())
                {
                    return true;
                }

                _revision = revision;
                _past.RemoveRange(depth, _past.Count - depth);
            }

            _placed[i] = false;
        }

        return false;
    }

    /// <summary>The revisions that this write may have made; for anything else one choice.</summary>
    private IEnumerable<long> Choices(Operation operation)
    {
        bool isEffective = operation.IsWrite && (operation.Changed || operation.Outcome == OperationOutcome.Unknown);
        return !isEffective || operation.Revision >= 0
            ? [operation.Revision]
            : [_revision + 1, .. _mentioned.Where(revision => revision > _revision), .. _mentioned.Where(revision => revision > _revision).Select(revision => revision + 1)];
    }

    private bool TryApply(Operation operation, long made)
    {
        bool isUnknown = operation.Outcome == OperationOutcome.Unknown;
        if (operation.IsWrite && (operation.Changed || isUnknown))
        {
            return made > _revision && TryWrite(operation, made);
        }

        if (operation.Revision >= 0 && operation.Revision < _revision)
        {
            return false;
        }

        if (operation.AtRevision > operation.Revision && operation.Revision >= 0)
        {
            return false;
        }

        _revision = Math.Max(_revision, Math.Max(operation.Revision, operation.AtRevision));
        Dictionary<string, (string Value, long Revision)> content = operation.AtRevision >= 0 ? _past.Last(past => past.Revision <= operation.AtRevision).Content : Content;
        return operation.Kind switch
        {
            OperationKind.Get => Agrees(content, operation.Key, operation.Value, operation.ModRevision),
            OperationKind.Range => content.Keys.Where(operation.Covers).All(key => operation.Items.Any(item => item.Key == key))
                && operation.Items.All(item => operation.Covers(item.Key) && Agrees(content, item.Key, item.Value, item.ModRevision)),
            OperationKind.DeleteRange => !content.Keys.Any(operation.Covers),
            _ => Refuses(content, operation),
        };
    }

    private static bool Agrees(Dictionary<string, (string Value, long Revision)> content, string key, string? value, long revision) =>
        content.TryGetValue(key, out (string Value, long Revision) held) ? held.Value == value && (revision < 0 || held.Revision == revision) : value is null;

    private static bool Holds(Dictionary<string, (string Value, long Revision)> content, Operation operation) => operation.Condition switch
    {
        { IsAbsent: true } => !content.ContainsKey(operation.Key),
        { IsExists: true } => content.ContainsKey(operation.Key),
        { IsRevision: true } condition => content.TryGetValue(operation.Key, out (string Value, long Revision) held) && held.Revision == condition.Revision,
        _ => true,
    };

    private static bool Refuses(Dictionary<string, (string Value, long Revision)> content, Operation operation)
    {
        long current = content.TryGetValue(operation.Key, out (string Value, long Revision) held) ? held.Revision : 0;
        return operation.Condition.IsNone
            ? operation.Kind == OperationKind.Delete && current == 0
            : !Holds(content, operation) && (operation.ModRevision < 0 || operation.ModRevision == current);
    }

    private bool TryWrite(Operation operation, long made)
    {
        Dictionary<string, (string Value, long Revision)> next = new(Content, StringComparer.Ordinal);
        bool deletesSomething = operation.Kind == OperationKind.Put || (operation.Kind == OperationKind.Delete ? next.ContainsKey(operation.Key) : true);
        if (!Holds(Content, operation) || !deletesSomething)
        {
            // Of an unknown one this is the same as never.
            return false;
        }

        if (operation.Kind == OperationKind.Put)
        {
            next[operation.Key] = (operation.Value!, made);
        }
        else
        {
            foreach (string key in next.Keys.Where(operation.Covers).ToArray())
            {
                next.Remove(key);
            }
        }

        _revision = made;
        _past.Add((made, next));
        return true;
    }
}
