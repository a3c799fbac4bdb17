using RaftStore.Raft;

namespace RaftStore.Node.Waiters;

/// <summary>Waiters in the order in which they came; any of them leaves in constant time. Pump thread.</summary>
internal sealed class WaiterList<T>
    where T : Waiter
{
    private Waiter? _first;
    private Waiter? _last;

    public int Count { get; private set; }

    public T? First => (T?)_first;

    public void Add(T waiter)
    {
        Invariant.Check(waiter.List is null, $"a waiter stands in two lists, of {Count} waiters here");
        waiter.List = this;
        waiter.ListPrevious = _last;
        if (_last is null)
        {
            _first = waiter;
        }
        else
        {
            _last.ListNext = waiter;
        }

        _last = waiter;
        Count++;
    }

    public void Remove(T waiter)
    {
        Invariant.Check(ReferenceEquals(waiter.List, this), $"a waiter leaves a list of {Count} in which it does not stand");
        if (waiter.ListPrevious is null)
        {
            _first = waiter.ListNext;
        }
        else
        {
            waiter.ListPrevious.ListNext = waiter.ListNext;
        }

        if (waiter.ListNext is null)
        {
            _last = waiter.ListPrevious;
        }
        else
        {
            waiter.ListNext.ListPrevious = waiter.ListPrevious;
        }

        waiter.List = null;
        waiter.ListNext = null;
        waiter.ListPrevious = null;
        Count--;
    }

    public T? RemoveFirst()
    {
        T? first = First;
        if (first is not null)
        {
            Remove(first);
        }

        return first;
    }

    /// <summary>The one that came after <paramref name="waiter"/>.</summary>
    public static T? After(T waiter) => (T?)waiter.ListNext;
}
