namespace RaftStore.Client.Http;

/// <summary>
/// The order in which one request visits the endpoints: each once a round. A hint may choose who comes next, but never
/// one that was already asked in this round, so stale hints that point at each other cannot make a loop.
/// </summary>
internal sealed class Rounds(int count, int first)
{
    private readonly bool[] _asked = new bool[count];
    private int _next = first;
    private int _left = count;

    /// <summary>Whether every endpoint was asked in this round.</summary>
    public bool IsOver => _left == 0;

    /// <summary>The endpoint to ask now. The round must not be over.</summary>
    public int Take(int hinted)
    {
        int chosen = hinted >= 0 && !_asked[hinted] ? hinted : NextUnasked();
        _asked[chosen] = true;
        _left--;
        _next = (chosen + 1) % _asked.Length;
        return chosen;
    }

    /// <summary>Begins the next round where this one went on to.</summary>
    public void Restart()
    {
        Array.Clear(_asked);
        _left = _asked.Length;
    }

    private int NextUnasked()
    {
        int at = _next;
        while (_asked[at])
        {
            at = (at + 1) % _asked.Length;
        }

        return at;
    }
}
