using System.Collections.Immutable;

namespace RaftStore.Raft;

/// <summary>Counts the votes of one election. Each voter counts once, however often its answer arrives.</summary>
internal sealed class Tally(ImmutableArray<NodeId> voters)
{
    private readonly bool[] _granted = new bool[voters.Length];
    private readonly bool[] _answered = new bool[voters.Length];
    private int _grants;

    /// <summary>True once a majority has granted.</summary>
    public bool IsWon => _grants >= Majority.Of(voters.Length);

    /// <summary>True where that voter has answered.</summary>
    public bool HasAnswered(NodeId voter) => _answered[voters.BinarySearch(voter)];

    /// <summary>Takes a voter's answer; only its first counts.</summary>
    public void Answered(NodeId voter, bool granted)
    {
        int place = voters.BinarySearch(voter);
        Invariant.Check(place >= 0, $"a vote of {voter}, which is no voter");
        _answered[place] = true;
        if (granted && !_granted[place])
        {
            _granted[place] = true;
            _grants++;
        }
    }
}
