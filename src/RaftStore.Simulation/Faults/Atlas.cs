using RaftStore.Raft;

namespace RaftStore.Simulation;

/// <summary>Says what may be lost for good: after it, whatever configuration may be in force, or may come about by itself, still has a majority
/// of its voters, of both halves where it is joint. A cluster that stands still in spite of that has a bug, and not bad luck.</summary>
internal sealed class Atlas
{
    private readonly World _world;
    private readonly RandomStream _random;

    public Atlas(World world)
    {
        _world = world;
        _random = new RandomStream(world.Seed, "atlas");
    }

    /// <summary>True where the cluster can do without these machines, and without all that are lost already.</summary>
    public bool CanLose(IReadOnlyCollection<SimulatedMachine> machines)
    {
        return PossibleVoters().All(voters => HasMajority(voters, id => _world.Machine(id) is { MayRun: true, IsDamaged: false } machine && !machines.Contains(machine)));
    }

    /// <summary>True where the voters that would remain without that member are enough to go on with, of the machines that are not lost.</summary>
    public bool CanRemove(NodeId member)
    {
        foreach (Configuration configuration in PossibleConfigurations())
        {
            NodeId[] rest = [.. configuration.VoterIds.Where(id => id != member)];
            if (rest.Length == 0 || !HasMajority(rest, id => _world.Machine(id) is { MayRun: true, IsDamaged: false }))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Draws the machines that stay broken in the second phase: none, or as many as the cluster can do without.</summary>
    public IReadOnlyList<SimulatedMachine> DrawBrokenForGood()
    {
        List<SimulatedMachine> broken = [];
        if (_random.OneIn(2) || _world.Membership.IsChangingVoters || _world.Profile.DeceivesOne || _world.Profile.ForgesState || IsPromotionOpen())
        {
            // What is asked for already may need any of them; and one that may not lead counts for less.
            return broken;
        }

        List<SimulatedMachine> candidates = [.. _world.Present];
        while (candidates.Count > 0)
        {
            SimulatedMachine one = candidates[_random.Below(candidates.Count)];
            candidates.Remove(one);
            if (CanLose([.. broken, one]))
            {
                broken.Add(one);
            }
        }

        return broken;
    }

    // Who needs a learner's vote, by a promotion that is not committed, may need it in vain: the learner, whose log has gone on without that promotion, grants
    // none to an older log, and does not campaign itself.
    private bool IsPromotionOpen()
    {
        Configuration[] possible = [.. PossibleConfigurations()];
        return possible.Any(one => one.Learners.Any(learner => possible.Any(other => other.IsVoter(learner.Id))));
    }

    /// <summary>The last committed configuration, and what logs that are not behind it hold instead: one of these is in force where a leader
    /// can be elected.</summary>
    private IEnumerable<Configuration> PossibleConfigurations()
    {
        (long index, Configuration committed) = _world.Invariants.CommittedConfiguration;
        yield return committed;
        foreach (SimulatedMachine machine in _world.Machines.Where(machine => machine.MayRun))
        {
            if (_world.Invariants.LastConfigurationOf(machine.Id) is (long last, { } configuration) && last > index)
            {
                yield return configuration;
            }
        }
    }

    // A leader promotes learners by itself, and notices only after a while that somebody is silent: any of them may be a voter by then.
    private IEnumerable<IReadOnlyCollection<NodeId>> PossibleVoters()
    {
        foreach (Configuration configuration in PossibleConfigurations())
        {
            yield return configuration.VoterIds;
            if (configuration.IsJoint)
            {
                yield return configuration.OutgoingIds;
            }

            Member[] coming = [.. configuration.Learners.Where(learner => learner.PromotesItself)];
            for (int chosen = 1; chosen < 1 << coming.Length; chosen++)
            {
                SortedSet<NodeId> voters = [.. configuration.VoterIds];
                for (int place = 0; place < coming.Length; place++)
                {
                    if ((chosen & (1 << place)) != 0 && _world.Machine(coming[place].Id) is not null)
                    {
                        voters.Remove(coming[place].Replaces);
                        voters.Add(coming[place].Id);
                    }
                }

                yield return voters;
            }
        }
    }

    private static bool HasMajority(IReadOnlyCollection<NodeId> voters, Func<NodeId, bool> isThere) => voters.Count(isThere) >= (voters.Count / 2) + 1;
}
