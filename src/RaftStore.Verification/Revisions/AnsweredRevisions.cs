using RaftStore.Verification.Keys;

namespace RaftStore.Verification.Revisions;

/// <summary>Which revisions had been told to anybody by when, over all keys, and the rules that follow for all that was sent later.</summary>
/// <remarks>The store has one revision that only grows. What is sent after an answer was there comes after it: a read is at that revision or a
/// later one, and a write makes a later one.</remarks>
internal sealed class AnsweredRevisions
{
    private readonly Operation[] _answered;
    private readonly long[] _times;
    private readonly int[] _highest;
    private readonly long[] _revisions;

    public AnsweredRevisions(IEnumerable<Operation> history)
    {
        _answered = [.. history.Where(operation => operation.Outcome == OperationOutcome.Ok && RevisionTold(operation) >= 0).OrderBy(operation => operation.AnsweredAt)];
        _times = [.. _answered.Select(operation => operation.AnsweredAt)];
        _revisions = [.. _answered.Select(RevisionTold)];
        _highest = new int[_answered.Length];
        for (int i = 1; i < _answered.Length; i++)
        {
            _highest[i] = _revisions[i] > _revisions[_highest[i - 1]] ? i : _highest[i - 1];
        }
    }

    /// <summary>The highest revision told before a time.</summary>
    public Floor Before(long time) => IndexBefore(time) is int index && index >= 0 ? new Floor(_revisions[index], _answered[index]) : Floor.None;

    /// <summary>Finds answers that go back behind one that had been given before they were asked for, and revisions that cannot be.</summary>
    public IEnumerable<Contradiction> Check(IEnumerable<Operation> history)
    {
        foreach (Operation operation in history.Where(operation => operation.Outcome == OperationOutcome.Ok))
        {
            int index = operation.Revision < 0 ? -1 : IndexBefore(operation.InvokedAt);
            long before = index < 0 ? -1 : _revisions[index];
            if (operation.IsWrite && operation.Changed ? before >= 0 && operation.Revision <= before : operation.Revision < before)
            {
                yield return new Contradiction(
                    operation.IsWrite && operation.Changed
                        ? $"a write got revision {operation.Revision}, though revision {before} had been answered before it began"
                        : $"an answer was at revision {operation.Revision}, though revision {before} had been answered before the request was sent",
                    _answered[index],
                    operation);
            }

            if (operation.Revision >= 0 && ImpossibleRevision(operation) is { } impossible)
            {
                yield return new Contradiction(impossible, operation);
            }
        }
    }

    /// <summary>The highest revision that an answer tells of: its own, or that of something it shows.</summary>
    private static long RevisionTold(Operation operation)
    {
        long told = Math.Max(operation.Revision, Math.Max(operation.ModRevision, operation.AtRevision));
        foreach (ReadItem item in operation.Items)
        {
            told = Math.Max(told, item.ModRevision);
        }

        return told;
    }

    private static string? ImpossibleRevision(Operation operation)
    {
        if (operation.AtRevision > operation.Revision)
        {
            return $"revision {operation.AtRevision} was read when the store was at revision {operation.Revision}";
        }

        long at = operation.AtRevision >= 0 ? operation.AtRevision : operation.Revision;
        long shown = operation.Items.Select(item => item.ModRevision).Append(operation.Changed ? -1 : operation.ModRevision).Max();
        return shown > at ? $"an answer at revision {at} shows something that was written at revision {shown}" : null;
    }

    private int IndexBefore(long time)
    {
        int low = 0;
        int high = _times.Length;
        while (low < high)
        {
            int middle = low + ((high - low) / 2);
            (low, high) = _times[middle] < time ? (middle + 1, high) : (low, middle);
        }

        return low == 0 ? -1 : _highest[low - 1];
    }
}
