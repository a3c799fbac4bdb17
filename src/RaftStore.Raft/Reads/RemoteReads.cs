namespace RaftStore.Raft;

/// <summary>Reads that a follower has asked its leader to confirm and that are not answered yet.</summary>
internal sealed class RemoteReads(CoreState state)
{
    private readonly List<Asked> _asked = [];

    /// <summary>Reads that wait for an answer.</summary>
    public int Count => _asked.Count;

    /// <summary>Asks <paramref name="leader"/>; fails the read at once where there is none, or too many wait.</summary>
    public void Ask(ReadId id, NodeId leader)
    {
        if (leader.IsNone || _asked.Count >= state.Options.PendingReadsMax)
        {
            Fail(id);
            return;
        }

        _asked.Add(new Asked(id, state.NowMs));
        state.Outbox.Send(new ReadIndexRequest(state.Id, leader, state.Term, id));
    }

    /// <summary>Takes the leader's answer; one to a read that does not wait here changes nothing.</summary>
    public void Answered(ReadIndexResponse response)
    {
        int place = _asked.FindIndex(asked => asked.Id == response.Id);
        if (place < 0)
        {
            return;
        }

        _asked.RemoveAt(place);
        if (response.Index < 0)
        {
            Fail(response.Id);
        }
        else
        {
            state.Outbox.Gathered.ConfirmedReads.Add(new ConfirmedRead(response.Id, response.Index));
        }
    }

    /// <summary>Fails what has waited half the lower election timeout: question or answer were lost, and the caller asks again
    /// under a new id. A leader that works answers within one round trip.</summary>
    public void FailOverdue()
    {
        int overdue = 0;
        while (overdue < _asked.Count && state.NowMs - _asked[overdue].AskedMs > state.Options.LowerElectionTimeoutMs / 2)
        {
            Fail(_asked[overdue].Id);
            overdue++;
        }

        _asked.RemoveRange(0, overdue);
    }

    /// <summary>Fails all of them: the leader they were put to is no longer followed.</summary>
    public void FailAll()
    {
        foreach (Asked asked in _asked)
        {
            Fail(asked.Id);
        }

        _asked.Clear();
    }

    private void Fail(ReadId id) => state.Outbox.Gathered.FailedReads.Add(new FailedRead(id));

    private readonly record struct Asked(ReadId Id, long AskedMs);
}
