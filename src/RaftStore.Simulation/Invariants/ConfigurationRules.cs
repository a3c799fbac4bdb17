using RaftStore.Node;
using RaftStore.Raft;

namespace RaftStore.Simulation;

/// <summary>What may never be seen of the membership: one sentence a rule.</summary>
internal sealed class ConfigurationRules
{
    private readonly World _world;
    private readonly ClusterInvariants _invariants;
    private readonly SortedList<long, Configuration> _committed = [];
    private readonly Dictionary<NodeId, string> _names = [];
    private readonly Dictionary<NodeId, Seen> _seen = [];
    private readonly SortedSet<string> _neverAdded = new(StringComparer.Ordinal);
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private long _committedTerm;

    public ConfigurationRules(World world, ClusterInvariants invariants)
    {
        _world = world;
        _invariants = invariants;
    }

    /// <summary>There is a cluster.</summary>
    public void Founded() => Commit(0, _world.Founders);

    /// <summary>The newest configuration that any node knows to be committed, and its entry.</summary>
    public (long Index, Configuration Configuration) Committed { get; private set; }

    /// <summary>What was last seen in force on that member's machine, be it up or down.</summary>
    public (long Index, Configuration Configuration)? LastOf(NodeId id) => _seen.TryGetValue(id, out Seen? seen) ? (seen.Index, seen.Configuration) : null;

    /// <summary>A batch with a configuration is committed, in that term at the latest.</summary>
    public void Commit(EntryBatch batch, long term)
    {
        foreach (Entry entry in batch)
        {
            Configuration? configuration = ConfigurationCodec.TryDecode(entry.Payload);
            ClusterInvariants.Check(configuration is not null, $"entry {entry.Id} is committed as a configuration and is none");
            Commit(entry.Id.Index, configuration!);
            _committedTerm = term;
        }
    }

    /// <summary>A process has started.</summary>
    public void Started(SimulatedMachine machine)
    {
        _seen.Remove(machine.Id);
        CheckApplied(machine.Id, machine);
        _seen[machine.Id] = Look(machine);
    }

    /// <summary>A pump has run.</summary>
    public void AfterPump(SimulatedMachine machine)
    {
        RaftNode core = machine.Node!.Core;
        Seen before = _seen[machine.Id];
        bool isSame = before.Role == core.Role && before.Term == core.Term && before.Commit == core.CommitIndex && before.Index == core.ConfigurationIndex
            && before.AppliedIndex == core.AppliedIndex && ReferenceEquals(before.Applied, core.AppliedConfiguration);
        if (isSame)
        {
            return;
        }

        Seen now = Look(machine);
        _seen[machine.Id] = now;
        if (now.Role == RaftRole.Leader)
        {
            CheckLeader(machine, before, now);
        }

        NoteSituations(machine.Id, before, now);
        if (!ReferenceEquals(now.Applied, before.Applied) || !ReferenceEquals(At(now.AppliedIndex), At(before.AppliedIndex)))
        {
            CheckApplied(machine.Id, machine);
        }
    }

    /// <summary>Whoever is elected has the votes of a majority of the voters it knows, of both halves where they are joint; and a member whose removal is
    /// committed is never elected.</summary>
    /// <param name="hasVoted">Whether a voter gave its vote of the leader's term to it.</param>
    public void BecameLeader(SimulatedMachine machine, Func<NodeId, bool> hasVoted)
    {
        RaftNode core = machine.Node!.Core;
        bool isRemoved = core.Term > _committedTerm && Committed.Configuration.WasRemoved(machine.Id);
        ClusterInvariants.Check(!isRemoved, $"{machine.Id} leads term {core.Term}, though entry {Committed.Index}, by which it was removed, is committed");
        CheckMajorities(core.Configuration, id => id == machine.Id || hasVoted(id), () => $"{machine.Id} leads term {core.Term} without the votes of a majority");
    }

    /// <summary>What somebody was told of a change is so: one that is done is committed, and one that was not begun never shows.</summary>
    public void Told(MembershipChange change, AdminOutcome outcome)
    {
        Configuration now = Committed.Configuration;
        bool isGone = now.WasRemoved(outcome.Member);
        switch (change)
        {
            case AddLearner add when outcome.Result == AdminResult.Done:
                ClusterInvariants.Check(isGone || now.Find(outcome.Member)?.Name == add.Name, $"{add.Name} is said to be member {outcome.Member}, and {Describe(now)} is committed");
                break;
            case AddLearner { Instance: 0 } add when outcome.Result is not (AdminResult.Done or AdminResult.Unknown):
                _neverAdded.Add(add.Name);
                break;
            case RemoveMember when outcome.Result == AdminResult.Done:
                ClusterInvariants.Check(isGone, $"{outcome.Member} is said to be removed, and {Describe(now)} is committed");
                break;
            case PromoteLearner when outcome.Result == AdminResult.Done:
                ClusterInvariants.Check(isGone || now.IsVoter(outcome.Member), $"{outcome.Member} is said to be promoted, and {Describe(now)} is committed");
                break;
        }
    }

    /// <summary>A snapshot holds the members as of its last entry.</summary>
    public void CheckSnapshot(NodeId holder, SnapshotMetadata snapshot)
    {
        ClusterInvariants.Check(
            IsOf(snapshot.LastIncluded.Index, snapshot.Configuration, holder),
            $"{holder} has a snapshot of entry {snapshot.LastIncluded} with {Describe(snapshot.Configuration)}, where {Describe(At(snapshot.LastIncluded.Index))} was in force");
    }

    /// <summary>True where the snapshot that a machine has just installed brought members that it did not know.</summary>
    public bool HasNewMembers(SimulatedMachine machine)
        => _seen.TryGetValue(machine.Id, out Seen? before) && !AreEqual(before.Applied, machine.Node!.Core.AppliedConfiguration);

    /// <summary>True where the members in a snapshot that a machine has just taken came to it by a snapshot.</summary>
    public bool IsOfSecondGeneration(SimulatedMachine machine)
        => machine.Node!.Core is var core && core.ConfigurationIndex > 0 && core.ConfigurationIndex <= core.AppliedIndex && !_committed.ContainsKey(core.ConfigurationIndex);

    public static string Describe(Configuration configuration)
        => $"voters {string.Join(',', configuration.VoterIds)}{(configuration.IsJoint ? $" and {string.Join(',', configuration.OutgoingIds)}" : "")}, learners {string.Join(',', configuration.Learners.Select(learner => learner.Id))}, next id {configuration.NextId}";

    private static Seen Look(SimulatedMachine machine)
    {
        RaftNode core = machine.Node!.Core;
        return new Seen(core.Role, core.Term, core.CommitIndex, core.ConfigurationIndex, core.Configuration, core.AppliedIndex, core.AppliedConfiguration);
    }

    private void Commit(long index, Configuration configuration)
    {
        if (!_committed.TryAdd(index, configuration))
        {
            return;
        }

        foreach (Member member in configuration.Members)
        {
            // Ids are never used again: an id that is committed stands for one name for ever.
            string first = _names.GetValueOrDefault(member.Id, member.Name);
            ClusterInvariants.Check(first == member.Name, $"entry {index} gives the id {member.Id} to {member.Name}, though it was {first}'s");
            _names[member.Id] = member.Name;
            ClusterInvariants.Check(!_neverAdded.Contains(member.Name), $"entry {index} adds {member.Name}, though whoever asked for it was told that it was not done");
            bool isVoter = configuration.IsVoter(member.Id) && index > 0;
            ClusterInvariants.Check(!isVoter || _world.Machine(member.Id) is not null || _world.Founders.IsVoter(member.Id), $"entry {index} makes {member.Id} a voter, which was never started");
        }

        if (index > Committed.Index || index == 0)
        {
            Configuration before = Committed.Configuration ?? configuration;
            Committed = (index, configuration);
            NoteCommitted(before, configuration);
        }
    }

    private void NoteCommitted(Configuration before, Configuration now)
    {
        _invariants.Saw("learner promoted", now.Voters.Count(voter => before.IsLearner(voter.Id)));
        if (before.IsJoint && !now.IsJoint)
        {
            _invariants.Saw("joint configuration left");
            bool isReplacement = before.VoterIds.Any(id => !before.OutgoingIds.Contains(id)) && before.OutgoingIds.Any(id => !before.KeepsVote(id));
            _invariants.Saw("replacement finished", isReplacement ? 1 : 0);
        }
    }

    // What a leader may do with the membership, from one look at it to the next.
    private void CheckLeader(SimulatedMachine machine, Seen before, Seen now)
    {
        NodeId id = machine.Id;
        RaftNode core = machine.Node!.Core;
        ClusterInvariants.Check(now.Index > now.Commit || now.Configuration.IsVoter(id), $"{id} leads term {now.Term} on, though entry {now.Index}, by which it was removed, is committed");
        if (before.Role != RaftRole.Leader || before.Term != now.Term)
        {
            return;
        }

        if (now.Commit > before.Commit)
        {
            // A leader counts before it appends: what it counted by is what it had before.
            EntryId last = new(now.Commit, now.Term);
            CheckMajorities(before.Configuration, voter => IsDurableOn(voter, last), () => $"{id} commits {last} without a majority that holds it durably");
        }

        if (now.Index > before.Index)
        {
            ClusterInvariants.Check(core.Log.TermAt(now.Commit) == now.Term, $"{id} appends the configuration of entry {now.Index} with {now.Commit} committed, which is none of its term {now.Term}");
            ClusterInvariants.Check(before.Index <= now.Commit, $"{id} appends the configuration of entry {now.Index} while that of entry {before.Index} is not committed");
            CheckStep(id, now.Index, before.Configuration, now.Configuration);
        }
    }

    // Every change of voters is joint; ids only grow; and every two quorums of successive configurations have a member in common.
    private static void CheckStep(NodeId id, long index, Configuration before, Configuration now)
    {
        bool isStep = before.IsJoint
            ? !now.IsJoint && now.VoterIds.SequenceEqual(before.VoterIds)
            : now.IsJoint ? now.OutgoingIds.SequenceEqual(before.VoterIds) : now.VoterIds.SequenceEqual(before.VoterIds);
        ClusterInvariants.Check(isStep, $"{id} goes on by entry {index} from {Describe(before)} to {Describe(now)}, which is no step by joint configurations");
        ClusterInvariants.Check(now.NextId >= before.NextId, $"{id} goes back by entry {index} from next id {before.NextId} to {now.NextId}");
        foreach (Member member in now.Members)
        {
            ClusterInvariants.Check(before.IsMember(member.Id) || member.Id >= before.NextId, $"{id} gives the id {member.Id} again by entry {index}, though the next one is {before.NextId}");
        }

        ClusterInvariants.Check(DoQuorumsMeet(before, now), $"{id} goes on by entry {index} from {Describe(before)} to {Describe(now)}: both can decide without each other");
    }

    // The naive way: every set of voters that decides under one must leave too few of the others to decide under the other.
    private static bool DoQuorumsMeet(Configuration one, Configuration other)
    {
        NodeId[] all = [.. one.AllVoterIds.Union(other.AllVoterIds)];
        for (int chosen = 0; chosen < 1 << all.Length; chosen++)
        {
            bool IsChosen(NodeId id) => (chosen & (1 << Array.IndexOf(all, id))) != 0;
            if (Decides(one, IsChosen) && Decides(other, id => !IsChosen(id)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether those who agree are a majority of the voters, of both halves where the configuration is joint.</summary>
    public static bool Decides(Configuration configuration, Func<NodeId, bool> agrees)
        => IsMajority(configuration.VoterIds, agrees) && (!configuration.IsJoint || IsMajority(configuration.OutgoingIds, agrees));

    // Nobody is asked any more once they are enough: some answers are read from a disk.
    private static bool IsMajority(IReadOnlyCollection<NodeId> voters, Func<NodeId, bool> agrees)
    {
        int missing = (voters.Count / 2) + 1;
        foreach (NodeId voter in voters)
        {
            missing -= agrees(voter) ? 1 : 0;
            if (missing == 0)
            {
                return true;
            }
        }

        return false;
    }

    private static void CheckMajorities(Configuration configuration, Func<NodeId, bool> agrees, Func<string> broken)
        => ClusterInvariants.Check(Decides(configuration, agrees), $"{broken()}: of {Describe(configuration)} only {string.Join(',', configuration.AllVoterIds.Where(agrees))}");

    // Of a machine that is down or whose disk is gone nobody can ask any more; whether it held the entry is looked up on its platter where one can be read.
    private bool IsDurableOn(NodeId id, EntryId entry)
    {
        SimulatedMachine? machine = _world.Machine(id);
        if (machine is null)
        {
            return false;
        }

        if (machine.Node is not { } node)
        {
            return machine.IsWiped || machine.IsDamaged || _invariants.HoldsOnPlatter(machine, entry.Index);
        }

        long term = node.Core.Log.TermAt(entry.Index);
        return node.Core.DurableIndex >= entry.Index && (term == entry.Term || entry.Index < node.Core.Log.Base.Index);
    }

    // Committed configurations agree among nodes: what a node has applied is what was committed there.
    private void CheckApplied(NodeId id, SimulatedMachine machine)
    {
        RaftNode core = machine.Node!.Core;
        ClusterInvariants.Check(
            IsOf(core.AppliedIndex, core.AppliedConfiguration, id),
            $"{id} has {Describe(core.AppliedConfiguration)} at index {core.AppliedIndex}, where {Describe(At(core.AppliedIndex))} was committed");
    }

    private Configuration At(long index)
    {
        // From the newest on: that is nearly always the one.
        int place = _committed.Count - 1;
        while (place >= 0 && _committed.GetKeyAtIndex(place) > index)
        {
            place--;
        }

        return place < 0 ? _world.Founders : _committed.GetValueAtIndex(place);
    }

    // A node that joined knows the members it was told then until it has applied an entry with others.
    private bool IsOf(long index, Configuration configuration, NodeId holder)
    {
        Configuration told = _world.Machine(holder)!.Identity!.Founders;
        return AreEqual(configuration, At(index)) || (AreEqual(configuration, told) && _committed.Any(one => one.Key > index && AreEqual(one.Value, told)));
    }

    private static bool AreEqual(Configuration one, Configuration other)
        => ReferenceEquals(one, other) || ConfigurationCodec.Encode(one).AsSpan().SequenceEqual(ConfigurationCodec.Encode(other));

    private void NoteSituations(NodeId id, Seen before, Seen now)
    {
        _invariants.Saw("joint configuration entered", now.Configuration.IsJoint && !before.Configuration.IsJoint ? 1 : 0);
        _invariants.Saw("uncommitted change reverted", now.Index < before.Index ? 1 : 0);
        _invariants.Saw("leader removed itself", before.Role == RaftRole.Leader && now.Role != RaftRole.Leader && now.Configuration.WasRemoved(id) ? 1 : 0);
        if (now.Index < before.Index)
        {
            _world.Trace.Tell($"{id} drops entry {before.Index} with its members, and has those of entry {now.Index} again");
        }
        else if (!ReferenceEquals(now.Configuration, before.Configuration) && _told.Add($"{now.Index} {Describe(now.Configuration)}"))
        {
            _world.Trace.Tell($"members by entry {now.Index}, first at {id}: {Describe(now.Configuration)}");
        }
    }

    private sealed record Seen(RaftRole Role, long Term, long Commit, long Index, Configuration Configuration, long AppliedIndex, Configuration Applied);
}
