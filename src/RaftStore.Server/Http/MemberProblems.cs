using System.Diagnostics;
using RaftStore.Node;
using RaftStore.Raft;

namespace RaftStore.Server.Http;

/// <summary>What a change of the membership, or a transfer, that was not done is answered with.</summary>
internal static class MemberProblems
{
    /// <summary>Null where it is done.</summary>
    public static Problem? Of(AdminOutcome outcome, Configuration members)
    {
        string who = members.Find(outcome.Member) is { } member ? $"{member.Name} (id {member.Id})" : $"the member with the id {outcome.Member}";
        return outcome.Result switch
        {
            AdminResult.Done or AdminResult.AlreadySo or AdminResult.Repairing => null,
            AdminResult.TimedOut => new Problem(ProblemType.NotProposed, "No leader was found in time, or an earlier change did not end in time; nothing was changed. Try again."),
            AdminResult.NoLeader => new Problem(ProblemType.NoLeader, "No leader is known here: an election is under way, or a majority of the nodes cannot be reached. Nothing was changed; ask another node, or try again."),
            AdminResult.Unknown => new Problem(ProblemType.Timeout, "The change was begun, and may be done or not: look at GET /v1/cluster before you repeat it."),
            AdminResult.Overloaded => new Problem(ProblemType.Overloaded, "Too many changes wait already; nothing was changed. Try again."),
            AdminResult.NoSuchMember => new Problem(ProblemType.MemberNotFound, $"The cluster does not have {who}: GET /v1/cluster lists its members."),
            AdminResult.NameOrAddressTaken => new Problem(ProblemType.MemberConflict, $"The name or the peer address belongs to {who}: use others, or remove or replace that member first."),
            AdminResult.ClaimedByAnother => new Problem(ProblemType.MemberConflict, $"Another data directory speaks for {who}. A node must not come back without its data: replace the member, or remove it and add it anew."),
            AdminResult.NotALearner => new Problem(ProblemType.MemberConflict, $"{who} votes already."),
            AdminResult.NotCaughtUp => new Problem(ProblemType.MemberConflict, $"{who} does not answer, or lacks too much of the log: it would hold up every write. Wait until GET /v1/cluster says that it has caught up."),
            AdminResult.WouldLoseQuorum => new Problem(ProblemType.MemberConflict, $"Without {who} too few voters would answer, or only one would remain of two. Bring others back first, or replace the member; ?force=true does it all the same."),
            AdminResult.NoVoterLeft => new Problem(ProblemType.MemberConflict, $"{who} is the only voter: a cluster needs one."),
            AdminResult.TooManyMembers => new Problem(ProblemType.MemberConflict, $"A cluster has at most {ConfigurationCodec.MembersMax} members."),
            AdminResult.NoSuchVoter => new Problem(ProblemType.MemberConflict, "There is no such other voter to hand the leadership to."),
            AdminResult.Lagging => new Problem(ProblemType.MemberConflict, "That member does not answer, or lacks too much of the log: it would leave the cluster without a leader. Nothing was changed."),
            AdminResult.NotTakenOver => new Problem(ProblemType.MemberConflict, "It did not take over within an election timeout. Look at GET /v1/cluster for who leads now."),
            AdminResult.NotQuarantined => new Problem(ProblemType.NotQuarantined, $"{who} is not quarantined: nothing is known to be wrong with its state, and nothing was done."),
            AdminResult.MajorityDiffers => new Problem(ProblemType.MemberConflict, $"A majority of the members has another state than {who}: repair it from theirs, without ?trust=true."),
            _ => throw new UnreachableException($"No answer for {outcome.Result}."),
        };
    }

    /// <summary>Null where a repair is done or under way.</summary>
    public static Problem? OfRepair(AdminOutcome outcome, Configuration members)
    {
        string who = members.Find(outcome.Member)?.Name ?? $"the member with the id {outcome.Member}";
        return outcome.Result switch
        {
            AdminResult.TimedOut => new Problem(ProblemType.NoLeader, $"{who} was not reached, or knows no leader whose state it could take; its own is as it was. Try again."),
            AdminResult.Unknown => new Problem(ProblemType.Timeout, $"{who} was asked and has not answered. A repair that was begun goes on: ask again."),
            AdminResult.Overloaded => new Problem(ProblemType.Overloaded, "Too many changes wait already; nothing was done. Try again."),
            _ => Of(outcome, members),
        };
    }
}
