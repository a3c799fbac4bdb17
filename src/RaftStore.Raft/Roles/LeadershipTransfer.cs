namespace RaftStore.Raft;

/// <summary>A leader's handing over (thesis §3.10): nothing new is proposed, the target is brought to the end of the log, and is then asked
/// to campaign at once. Where no other leader has appeared within a lower election timeout, the leader goes on as before.</summary>
internal sealed class LeadershipTransfer(CoreState state, Replicator replicator)
{
    private long _deadlineMs;
    private bool _isAsked;

    /// <summary>Whom it goes to; nobody where none is under way.</summary>
    public NodeId Target { get; private set; }

    /// <summary>Begins one.</summary>
    /// <param name="target">The voter that shall lead, or nobody in particular.</param>
    public TransferStatus Begin(NodeId target)
    {
        if (target == state.Id)
        {
            return TransferStatus.AlreadyLeads;
        }

        if (!Target.IsNone)
        {
            return TransferStatus.Pending;
        }

        Progress? successor = target.IsNone ? Best() : replicator.Find(target);
        if (successor is null || !state.Configuration.KeepsVote(successor.Id))
        {
            return TransferStatus.NoSuchVoter;
        }

        if (!IsQuick(successor))
        {
            return TransferStatus.Lagging;
        }

        Target = successor.Id;
        _deadlineMs = state.NowMs + state.Options.LowerElectionTimeoutMs;
        _isAsked = false;
        return TransferStatus.Started;
    }

    /// <summary>Asks the target once it holds the whole log, and gives up when the time is over.</summary>
    public void GoOn()
    {
        if (Target.IsNone)
        {
            return;
        }

        if (state.NowMs >= _deadlineMs || replicator.Find(Target) is not { } successor)
        {
            Target = NodeId.None;
            return;
        }

        if (!_isAsked && successor.MatchIndex == state.Log.Last.Index)
        {
            _isAsked = true;
            state.Outbox.Send(new TimeoutNow(state.Id, Target, state.Term));
        }
    }

    /// <summary>Asks the best voter to campaign, whatever it lacks: this leader leaves its office now. An election decides, so
    /// nothing that is committed can be lost.</summary>
    public void AskBest()
    {
        if (Best() is { } successor)
        {
            state.Outbox.Send(new TimeoutNow(state.Id, successor.Id, state.Term));
        }
    }

    // The voter that answers and has the most of the log; of several the one with the lowest id.
    private Progress? Best()
    {
        Progress? best = null;
        foreach (Progress follower in replicator.Followers)
        {
            if (state.Configuration.KeepsVote(follower.Id) && IsQuick(follower) && (best is null || follower.MatchIndex > best.MatchIndex))
            {
                best = follower;
            }
        }

        return best;
    }

    // What it lacks is on its way to it, or nothing, and it was heard of within the time that a transfer may take.
    private bool IsQuick(Progress follower) => follower.State == ProgressState.Replicate && follower.LastContactMs >= 0
        && state.NowMs - follower.LastContactMs < state.Options.LowerElectionTimeoutMs;
}
