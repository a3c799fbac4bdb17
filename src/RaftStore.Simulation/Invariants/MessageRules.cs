using RaftStore.Raft;

namespace RaftStore.Simulation;

/// <summary>What a message may say: no second vote in a term, and nothing that is not durable.</summary>
internal sealed class MessageRules(ClusterInvariants invariants)
{
    private readonly Dictionary<(NodeId Voter, long Term), NodeId> _votes = [];
    private readonly Dictionary<NodeId, long> _termSpoken = [];

    public void Sent(SimulatedMachine sender, Message message)
    {
        switch (message)
        {
            case VoteRequest request:
                // A candidate asks only once its own vote is durable.
                Voted(sender, request.Term, sender.Id);
                Spoke(sender, request.Term);
                break;
            case VoteResponse { VoteGranted: true } response:
                Voted(sender, response.Term, response.To);
                invariants.Saw("vote given on a full disk", sender.Disk.IsFull ? 1 : 0);
                Spoke(sender, response.Term);
                NotForRemoved(sender, response.To);
                break;
            case VoteResponse response:
                NotForRemoved(sender, response.To);
                Spoke(sender, response.Term);
                invariants.Saw("vote denied");
                break;
            case PreVoteResponse { VoteGranted: true } response:
                NotForRemoved(sender, response.To);
                break;
            case PreVoteResponse { VoteGranted: false } response:
                NotForRemoved(sender, response.To);
                invariants.Saw("pre-vote refused");
                break;
            case AppendEntriesResponse { Success: true } response:
                // I9: no message claims more than is durable.
                ClusterInvariants.Check(response.MatchIndex <= sender.Node!.Core.DurableIndex, $"{sender.Id} acknowledges {response.MatchIndex} with {sender.Node.Core.DurableIndex} durable");
                Spoke(sender, response.Term);
                break;
            case AppendEntriesResponse:
                invariants.Saw("append refused");
                break;
            case InstallSnapshot { IsLast: true }:
                invariants.Saw("snapshot sent");
                break;
        }
    }

    /// <summary>I6, over restarts: a process never starts in an older term than it acknowledged in.</summary>
    public void Started(SimulatedMachine machine)
    {
        long term = machine.Node!.Core.Term;
        long spoken = _termSpoken.GetValueOrDefault(machine.Id);
        ClusterInvariants.Check(term >= spoken, $"{machine.Id} starts in term {term}, though it voted or acknowledged in term {spoken}");
        if (!machine.IsDamaged)
        {
            StartedWithVote(machine, invariants.HardStateOnPlatter(machine));
        }
    }

    /// <summary>Whether that voter gave its vote of that term to the candidate.</summary>
    public bool HasVoted(NodeId voter, long term, NodeId candidate) => _votes.TryGetValue((voter, term), out NodeId votedFor) && votedFor == candidate;

    // A removed server disturbs nobody: who knows of a committed removal does not even answer it. An answer of before leaves only once it may, so
    // what counts is what the voter has applied.
    private static void NotForRemoved(SimulatedMachine sender, NodeId candidate)
        => ClusterInvariants.Check(
            !sender.Node!.Status.AppliedConfiguration.WasRemoved(candidate),
            $"{sender.Id} answers the campaign of {candidate}, though it applied an entry by which {candidate} was removed");

    // I6, over all durable images: a vote that left is on the disk as long as its term is, and what is on the disk was asked for.
    private void StartedWithVote(SimulatedMachine machine, HardState found)
    {
        if (_votes.TryGetValue((machine.Id, found.Term), out NodeId given))
        {
            ClusterInvariants.Check(found.VotedFor == given, $"{machine.Id} starts with its vote of term {found.Term} given to {found.VotedFor}, though it voted for {given}");
        }
        else
        {
            bool wasAsked = found.VotedFor.IsNone || found.VotedFor == machine.Id || HasVoted(found.VotedFor, found.Term, found.VotedFor);
            ClusterInvariants.Check(wasAsked, $"{machine.Id} starts with its vote of term {found.Term} given to {found.VotedFor}, who never asked for it");
        }
    }

    // I6: one vote per term, over all messages ever sent; and none leaves before a power cut would leave it.
    private void Voted(SimulatedMachine machine, long term, NodeId candidate)
    {
        NodeId voter = machine.Id;
        if (!_votes.TryAdd((voter, term), candidate))
        {
            NodeId first = _votes[(voter, term)];
            ClusterInvariants.Check(first == candidate, $"{voter} votes for {candidate} in term {term}, after it voted for {first}");
            return;
        }

        if (machine.IsDamaged)
        {
            return;
        }

        HardState durable = invariants.HardStateOnPlatter(machine);
        ClusterInvariants.Check(
            durable.Term > term || (durable.Term == term && durable.VotedFor == candidate),
            $"{voter} votes for {candidate} in term {term}, and its platter holds a vote for {durable.VotedFor} in term {durable.Term}");
    }

    private void Spoke(SimulatedMachine sender, long term) => _termSpoken[sender.Id] = Math.Max(term, _termSpoken.GetValueOrDefault(sender.Id));
}
