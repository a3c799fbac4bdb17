namespace RaftStore.Raft;

/// <summary>What the two halves of an election share: asking every other voter, again while it is silent, until a majority has
/// granted or the time is over.</summary>
internal sealed class Campaign
{
    private readonly CoreState _state;
    private readonly Func<NodeId, Message> _request;
    private long _nextRequestMs;

    /// <summary>Makes a campaign whose requests <paramref name="request"/> builds.</summary>
    public Campaign(CoreState state, Func<NodeId, Message> request)
    {
        _state = state;
        _request = request;
        Tally = new Tally(state.Configuration);
    }

    /// <summary>The votes.</summary>
    public Tally Tally { get; }

    /// <summary>Asks every voter that has not answered.</summary>
    public void Ask()
    {
        _nextRequestMs = _state.NowMs + _state.Options.HeartbeatIntervalMs;
        foreach (NodeId voter in _state.Configuration.AllVoterIds)
        {
            if (voter != _state.Id && !Tally.HasAnswered(voter))
            {
                _state.Outbox.Send(_request(voter));
            }
        }
    }

    /// <summary>Asks again those that are silent: a lost message shall not cost a whole election (thesis §3.3: requests are
    /// retried).</summary>
    public void AskAgainWhenDue()
    {
        if (_state.NowMs >= _nextRequestMs)
        {
            Ask();
        }
    }
}
