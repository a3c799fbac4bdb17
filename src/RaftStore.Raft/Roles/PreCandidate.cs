namespace RaftStore.Raft;

/// <summary>Asks whether an election could be won before it raises any term (thesis §9.6): a node that was cut off, or cannot
/// hear the leader alone, disturbs nobody.</summary>
internal sealed class PreCandidate : Role
{
    private readonly Campaign _campaign;

    public PreCandidate(CoreState state)
        : base(state)
    {
        _campaign = new Campaign(state, voter => new PreVoteRequest(State.Id, voter, State.Term + 1, State.Log.Last));
    }

    public override RaftRole Kind => RaftRole.PreCandidate;

    public override void Enter()
    {
        State.Election.Reset();
        _campaign.Tally.Answered(State.Id, granted: true);
        _campaign.Ask();
    }

    public override Role Tick()
    {
        if (State.Election.IsDue)
        {
            return StartCampaign();
        }

        _campaign.AskAgainWhenDue();
        return this;
    }

    public override Role Step(Message message)
    {
        switch (message)
        {
            case PreVoteResponse { VoteGranted: true } response:
                // A refusal is not final: the voter may have heard of a leader a moment ago and not hear of it again. So only
                // grants are taken down, and the others are asked once more with the next heartbeat interval.
                _campaign.Tally.Answered(response.From, granted: true);
                return _campaign.Tally.IsWon ? new Candidate(State) : this;
            case ReadIndexRequest request:
                RefuseRead(request);
                return this;
            default:
                return this;
        }
    }
}
