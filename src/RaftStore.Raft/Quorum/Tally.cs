using System.Collections.Immutable;

namespace RaftStore.Raft;

/// <summary>Counts the votes of one election. Each voter counts once, however often its answer arrives, and while a change of voters is
/// under way in both majorities that it belongs to (thesis §4.3).</summary>
internal sealed class Tally(Configuration configuration)
{
    private readonly bool[] _answered = new bool[configuration.AllVoterIds.Length];
    private readonly bool[] _granted = new bool[configuration.AllVoterIds.Length];

    /// <summary>True once a majority has granted, and one of the outgoing voters too where there are any.</summary>
    public bool IsWon => IsMajority(configuration.VoterIds) && (!configuration.IsJoint || IsMajority(configuration.OutgoingIds));

    /// <summary>True where that voter has answered.</summary>
    public bool HasAnswered(NodeId voter) => _answered[PlaceOf(voter)];

    /// <summary>Takes an answer; only a voter's counts, and of several from one a grant.</summary>
    public void Answered(NodeId from, bool granted)
    {
        if (PlaceOf(from) is >= 0 and int place)
        {
            _answered[place] = true;
            _granted[place] |= granted;
        }
    }

    private int PlaceOf(NodeId voter) => configuration.AllVoterIds.BinarySearch(voter);

    private bool IsMajority(ImmutableArray<NodeId> voters)
    {
        int grants = 0;
        foreach (NodeId voter in voters)
        {
            grants += _granted[PlaceOf(voter)] ? 1 : 0;
        }

        return grants >= Majority.Of(voters.Length);
    }
}
