namespace RaftStore.Raft;

/// <summary>A read whose leadership check has succeeded.</summary>
/// <param name="From">Who asked; the leader itself for its own reads.</param>
/// <param name="Index">The commit index taken when its round began.</param>
internal readonly record struct CheckedRead(NodeId From, ReadId Id, long Index);

/// <summary>The reads that wait for this leader to show that it still leads (thesis §6.4). A read joins the first confirmation
/// round that starts after it arrived, never one under way: the answers to that one may have been given before a newer leader
/// took over, and the read began after it. A majority of answers to a round, or to a later one, confirms all reads of it.</summary>
internal sealed class ReadIndexQueue(int readsMax)
{
    private readonly List<CheckedRead> _gathering = [];
    private readonly Queue<(long Round, CheckedRead Read)> _underWay = new();

    /// <summary>The newest round; 0 before the first.</summary>
    public long Round { get; private set; }

    /// <summary>Reads that wait.</summary>
    public int Count => _gathering.Count + _underWay.Count;

    /// <summary>True where reads wait for a round and none of theirs is under way.</summary>
    public bool WantsRound => _gathering.Count > 0 && _underWay.Count == 0;

    /// <summary>Takes a read.</summary>
    /// <returns>False where too many wait.</returns>
    public bool TryAdd(NodeId from, ReadId id)
    {
        if (Count >= readsMax)
        {
            return false;
        }

        _gathering.Add(new CheckedRead(from, id, -1));
        return true;
    }

    /// <summary>Starts the next round. The reads that gathered join it and take <paramref name="readIndex"/>, the commit index of
    /// this moment; where that is null (no entry of this term is committed yet, so the commit index may be behind what an
    /// earlier leader answered) they go on waiting.</summary>
    public void StartRound(long? readIndex)
    {
        Round++;
        if (readIndex is not { } index)
        {
            return;
        }

        foreach (CheckedRead read in _gathering)
        {
            _underWay.Enqueue((Round, read with { Index = index }));
        }

        _gathering.Clear();
    }

    /// <summary>Takes one read out that the majority's answers to <paramref name="round"/> confirm.</summary>
    public bool TryTakeConfirmed(long round, out CheckedRead read)
    {
        if (_underWay.TryPeek(out (long Round, CheckedRead Read) first) && first.Round <= round)
        {
            read = _underWay.Dequeue().Read;
            return true;
        }

        read = default;
        return false;
    }

    /// <summary>Takes one read out, confirmed or not: this node leads no longer.</summary>
    public bool TryTakeAny(out CheckedRead read)
    {
        if (TryTakeConfirmed(Round, out read))
        {
            return true;
        }

        if (_gathering.Count == 0)
        {
            return false;
        }

        read = _gathering[^1];
        _gathering.RemoveAt(_gathering.Count - 1);
        return true;
    }
}
