using RaftStore.Raft;

namespace RaftStore.Node.Membership;

/// <summary>What other members were answered last. A question that arrives a second time, after its answer, must not be taken for a new one: what was
/// done for the first stands in the way of the second, and whoever waits would hear that nothing was done. Pump thread.</summary>
/// <param name="termAtStart">The term in which this run of the node began.</param>
internal sealed class AnsweredQuestions(long termAtStart)
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

    /// <summary>How that question was answered: unknown where an earlier run of this node may have led its term and begun the change; null where it was
    /// not answered, or long ago.</summary>
    public AdminOutcome? Find(AdminQuestion question)
    {
        foreach ((NodeId From, ulong Id, AdminOutcome Outcome) answered in _answers)
        {
            if (answered.From == question.From && answered.Id == question.Id)
            {
                return answered.Outcome;
            }
        }

        return question.Action is ChangeMembership && question.Term <= termAtStart ? new AdminOutcome(AdminResult.Unknown, NodeId.None) : null;
    }
}
