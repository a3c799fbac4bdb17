using RaftStore.Raft;

namespace RaftStore.Simulation;

/// <summary>I5, for what a commit rests on: neither what a node takes for durable goes back, nor what a leader takes for durable on a member.</summary>
internal sealed class ProgressRules
{
    private readonly Dictionary<NodeId, Seen> _seen = [];

    /// <summary>A process has started: what it had in memory is gone.</summary>
    public void Started(SimulatedMachine machine) => _seen.Remove(machine.Id);

    /// <summary>A pump has run.</summary>
    public void AfterPump(SimulatedMachine machine)
    {
        RaftNode core = machine.Node!.Core;
        if (!_seen.TryGetValue(machine.Id, out Seen? seen))
        {
            _seen.Add(machine.Id, seen = new Seen());
        }

        CheckDurable(machine.Id, seen, core);
        CheckMatches(machine.Id, seen, core);
    }

    // Only what is taken out of the log stops being durable, and what is committed is never taken out.
    private static void CheckDurable(NodeId id, Seen seen, RaftNode core)
    {
        long durable = core.DurableIndex;
        if (durable < seen.Durable)
        {
            ClusterInvariants.Check(core.Truncations > seen.Truncations, $"{id} goes back from durable index {seen.Durable} to {durable}, and nothing was taken out of its log");
            ClusterInvariants.Check(durable >= Math.Min(seen.Durable, seen.Commit), $"{id} goes back from durable index {seen.Durable} to {durable}, though it knew {seen.Commit} to be committed");
        }

        (seen.Durable, seen.Commit, seen.Truncations) = (durable, core.CommitIndex, core.Truncations);
    }

    // A member that has left never comes back under its id, so whoever stands in two steps of a term has stayed.
    private static void CheckMatches(NodeId id, Seen seen, RaftNode core)
    {
        ReadOnlySpan<Progress> followers = core.Followers;
        bool isSameTerm = seen.Term == core.Term;
        bool isSameList = isSameTerm && followers.Length == seen.Matches.Length;
        for (int place = 0; place < followers.Length; place++)
        {
            Progress follower = followers[place];
            ClusterInvariants.Check(follower.MatchIndex <= core.LastEntry.Index, $"{id} takes {follower.MatchIndex} for durable on {follower.Id}, and its own log ends in {core.LastEntry}");
            isSameList = isSameList && seen.Matches[place].Id == follower.Id;
            long before = isSameList ? seen.Matches[place].Index : isSameTerm ? seen.MatchOf(follower.Id) : 0;
            ClusterInvariants.Check(follower.MatchIndex >= before, $"{id} goes back from match index {before} of {follower.Id} to {follower.MatchIndex} in term {core.Term}");
        }

        seen.Keep(core.Term, followers, isSameList);
    }

    /// <summary>What was seen of one life of a process.</summary>
    private sealed class Seen
    {
        public long Durable { get; set; }

        public long Commit { get; set; }

        public long Truncations { get; set; }

        public long Term { get; private set; }

        /// <summary>In order of the ids; empty where it did not lead.</summary>
        public (NodeId Id, long Index)[] Matches { get; private set; } = [];

        public long MatchOf(NodeId id)
        {
            foreach ((NodeId member, long index) in Matches)
            {
                if (member == id)
                {
                    return index;
                }
            }

            return 0;
        }

        public void Keep(long term, ReadOnlySpan<Progress> followers, bool isSameList)
        {
            Term = term;
            if (!isSameList)
            {
                Matches = followers.IsEmpty ? [] : new (NodeId, long)[followers.Length];
            }

            for (int place = 0; place < followers.Length; place++)
            {
                Matches[place] = (followers[place].Id, followers[place].MatchIndex);
            }
        }
    }
}
