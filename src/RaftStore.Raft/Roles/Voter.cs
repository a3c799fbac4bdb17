namespace RaftStore.Raft;

/// <summary>How a node votes. It is the same in every role; what differs is whether the role is in contact with a leader.</summary>
internal static class Voter
{
    /// <summary>Answers a pre-vote (thesis §9.6). Nothing of this node changes by it: not its term, not its vote, and above all
    /// not when it last heard from a leader.</summary>
    public static void Answer(PreVoteRequest request, CoreState state, bool isInContactWithLeader)
    {
        bool couldVote = request.Term > state.Term
            || (request.Term == state.Term && (state.HardState.VotedFor.IsNone || state.HardState.VotedFor == request.From));
        bool granted = couldVote && !isInContactWithLeader && request.LastLog.IsAtLeastAsUpToDateAs(state.Log.Last);
        state.Outbox.Send(new PreVoteResponse(state.Id, request.From, granted ? request.Term : state.Term, granted));
    }

    /// <summary>Answers a RequestVote of the current term (Figure 2, RequestVote, receiver).</summary>
    /// <returns>True where the vote was granted.</returns>
    public static bool Answer(VoteRequest request, CoreState state)
    {
        NodeId votedFor = state.HardState.VotedFor;
        bool granted = (votedFor.IsNone || votedFor == request.From) && request.LastLog.IsAtLeastAsUpToDateAs(state.Log.Last);
        if (granted)
        {
            state.Vote(request.From);
        }

        // Where the vote was just given, the hard state is unwritten, and the answer waits for it.
        state.Outbox.Send(new VoteResponse(state.Id, request.From, state.Term, granted));
        return granted;
    }
}
