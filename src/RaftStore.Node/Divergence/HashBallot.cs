using RaftStore.Raft;

namespace RaftStore.Node.Divergence;

/// <summary>What the members said their state came to at one applied index.</summary>
internal sealed class HashBallot
{
    private readonly SortedDictionary<uint, string> _hashes = [];

    /// <summary>This node's own; null while it is not known.</summary>
    public string? Own { get; set; }

    /// <summary>A member's hash takes the place of what it said before.</summary>
    public void Add(NodeId from, string hash) => _hashes[from.Value] = hash;

    /// <summary>True where somebody's hash is another than this node's.</summary>
    public bool IsDisputed => Own is { } own && _hashes.Values.Any(hash => hash != own);

    /// <summary>Who is wrong? A majority of the members is right; where none agrees and the time for more answers is over, a majority
    /// of the three or more that answered is. Without either, everybody who differs from anybody stops.</summary>
    /// <param name="members">How many members there are.</param>
    /// <param name="isOver">True where nobody else is waited for.</param>
    /// <param name="verdict">Why this node is wrong; null where it is right.</param>
    /// <returns>False where it cannot be said yet.</returns>
    public bool TryJudge(long index, int members, bool isOver, out DivergenceReport? verdict)
    {
        verdict = null;
        if (Own is not { } own || !IsDisputed)
        {
            return Own is not null;
        }

        IGrouping<string, string>[] groups = [.. _hashes.Values.Append(own).GroupBy(hash => hash).OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal)];
        int answered = _hashes.Count + 1;
        int most = groups[0].Count();
        bool isMajority = most > members / 2 || (isOver && answered >= 3 && most > answered / 2);
        if (!isMajority && !isOver)
        {
            return false;
        }

        string other = isMajority ? groups[0].Key : groups.First(group => group.Key != own).Key;
        verdict = isMajority && other == own ? null : new DivergenceReport(index, own, other, isMajority);
        return true;
    }
}
