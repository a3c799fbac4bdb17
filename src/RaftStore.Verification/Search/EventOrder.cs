namespace RaftStore.Verification.Search;

/// <summary>Beginnings and ends of all operations by time, in a list from which those of a placed operation are taken out, and into which
/// they are put back in the opposite order (Lowe's undo list). Whatever begins before the first end may come next.</summary>
internal sealed class EventOrder
{
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly int _count;

    /// <summary>All of them.</summary>
    /// <param name="operations">In the order of their beginnings.</param>
    public EventOrder(Placed[] operations)
    {
        _count = operations.Length;
        int head = 2 * _count;
        _next = new int[head + 1];
        _previous = new int[head + 1];
        int[] byEnd = [.. Enumerable.Range(0, _count)];
        Array.Sort(Array.ConvertAll(operations, operation => operation.To), byEnd);
        int last = head;
        int begun = 0;
        int ended = 0;
        while (ended < _count)
        {
            // At equal times beginnings come first: operations that only touch are concurrent.
            bool isBeginning = begun < _count && operations[begun].From <= operations[byEnd[ended]].To;
            int node = isBeginning ? begun++ : _count + byEnd[ended++];
            _next[last] = node;
            _previous[node] = last;
            last = node;
        }

        _next[last] = head;
        _previous[head] = last;
    }

    /// <summary>The first operation, by beginning, that is not placed; -1 where all are.</summary>
    public int First => _next[2 * _count] is int node && node < _count ? node : -1;

    /// <summary>The next one that may come next, after one that may.</summary>
    /// <returns>-1 where an end comes first.</returns>
    public int After(int operation)
    {
        int node = _next[operation];
        return node < _count ? node : -1;
    }

    /// <summary>The operation that ends first of those not placed.</summary>
    public int FirstEnd()
    {
        int node = _next[2 * _count];
        while (node < _count)
        {
            node = _next[node];
        }

        return node - _count;
    }

    /// <summary>Takes an operation out.</summary>
    public void Lift(int operation)
    {
        Unlink(operation);
        Unlink(operation + _count);
    }

    /// <summary>Puts the operation that was taken out last back in.</summary>
    public void Unlift(int operation)
    {
        Link(operation + _count);
        Link(operation);
    }

    private void Unlink(int node)
    {
        _next[_previous[node]] = _next[node];
        _previous[_next[node]] = _previous[node];
    }

    private void Link(int node)
    {
        _next[_previous[node]] = node;
        _previous[_next[node]] = node;
    }
}
