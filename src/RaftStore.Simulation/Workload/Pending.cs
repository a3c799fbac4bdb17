namespace RaftStore.Simulation;

/// <summary>An answer that has not come yet. It is looked at and never awaited: a continuation would run whenever another thread got to it.</summary>
internal sealed class Pending<T>(ValueTask<T> task)
{
    /// <summary>Whether it has come; to be taken once.</summary>
    public bool TryTake(out T answer)
    {
        if (task is { IsCompleted: true, Result: var result })
        {
            answer = result;
            return true;
        }

        answer = default!;
        return false;
    }
}
