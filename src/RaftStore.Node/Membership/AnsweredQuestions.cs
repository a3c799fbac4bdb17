using RaftStore.Raft;

namespace RaftStore.Node.Membership;

/// <summary>What other members were answered last. A question that arrives a second time, after its answer, must not be taken for a new one: what was
/// done for the first stands in the way of the second, and whoever waits would hear that nothing was done. Pump thread.</summary>
internal sealed class AnsweredQuestions
{
    /// <summary>Answers kept at most: as many as there may be wishes under way, and people make few in the time for which a frame is on its way.</summary>
    private const int KeptMax = 64;

    private readonly Queue<(NodeId From, ulong Id, AdminOutcome Outcome)> _answers = new(KeptMax);

    /// <summary>That question was answered so.</summary>
    public void Note(NodeId from, ulong id, AdminOutcome outcome)
    {
        if (_answers.Count == KeptMax)
        {
            _answers.Dequeue();
        }

        _answers.Enqueue((from, id, outcome));
    }

    /// <summary>How that question was answered; null where it was not, or long ago.</summary>
    public AdminOutcome? Find(NodeId from, ulong id)
    {
        foreach ((NodeId From, ulong Id, AdminOutcome Outcome) answered in _answers)
        {
            if (answered.From == from && answered.Id == id)
            {
                return answered.Outcome;
            }
        }

        return null;
    }
}
