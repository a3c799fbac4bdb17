namespace RaftStore.Raft;

/// <summary>Campaigns in a term of its own (thesis §3.4). Its requests leave, and its own vote counts, only once that vote is
/// durable: else a crash could make it vote for another in the same term.</summary>
internal sealed class Candidate : Role
{
    private readonly Campaign _campaign;
    private bool _ownVoteCounts;

    /// <summary>Makes a candidate.</summary>
    /// <param name="isTransfer">The leader of the term before asked for it.</param>
    public Candidate(CoreState state, bool isTransfer = false)
        : base(state)
    {
        _campaign = new Campaign(state, voter => new VoteRequest(State.Id, voter, State.Term, State.Log.Last, isTransfer));
    }

    public override RaftRole Kind => RaftRole.Candidate;

    public override void Enter()
    {
        State.RaiseTerm(State.Term + 1);
        State.Vote(State.Id);
        State.Election.Reset();
        _campaign.Ask();
    }

    public override Role Tick()
    {
        if (State.Election.IsDue)
        {
            return StartCampaign();
        }

        if (_ownVoteCounts)
        {
            _campaign.AskAgainWhenDue();
        }

        return this;
    }

    public override Role Step(Message message)
    {
        switch (message)
        {
            case VoteResponse response:
                _campaign.Tally.Answered(response.From, response.VoteGranted);
                return Outcome();
            case ReadIndexRequest request:
                RefuseRead(request);
                return this;
            default:
                return this;
        }
    }

    public override Role Persisted()
    {
        if (!_ownVoteCounts && State.Outbox.IsHardStateDurable)
        {
            _ownVoteCounts = true;
            _campaign.Tally.Answered(State.Id, granted: true);
        }

        return Outcome();
    }

    private Role Outcome() => _ownVoteCounts && _campaign.Tally.IsWon ? new Leader(State) : this;
}
