using RaftStore.Node;
using RaftStore.Raft;

namespace RaftStore.Simulation;

/// <summary>Somebody who looks after the cluster, one errand at a time, through whichever node answers.</summary>
internal sealed class Operator
{
    private const int MembersMax = 7;
    private const int MachinesMax = 14;
    private const long TimeoutMsMax = 6_000;

    private readonly World _world;
    private readonly RandomStream _random;

    public Operator(World world, int number)
    {
        _world = world;
        _random = new RandomStream(world.Seed, $"operator {number}");
    }

    /// <summary>Waits, and does something.</summary>
    public void Begin() => _world.Events.After(_random.Between(1, 2000L * _world.Profile.MembershipEveryMs), () =>
    {
        if (_world.IsHealed)
        {
            return;
        }

        if (_world.Membership.DrawUp(_random) is not { } asked || !TryDoSomething(asked, asked.Node!.Status.AppliedConfiguration))
        {
            Begin();
        }
    });

    private bool TryDoSomething(SimulatedMachine asked, Configuration members) => _random.Below(14) switch
    {
        < 4 => TryBringIn(members),
        4 => TryAddNobody(asked, members),
        < 7 => TryPromote(asked, members),
        < 10 => TryRemove(asked, members),
        10 => Change(asked, new UpdateMember(Any(members).Id, null, $"http://client-{_random.Below(1000)}", null)),
        _ => Transfer(asked, members),
    };

    private bool TryBringIn(Configuration members)
    {
        if (members.Members.Length < MembersMax && _world.Machines.Count < MachinesMax)
        {
            NodeId replaces = _random.OneIn(3) ? members.VoterIds[_random.Below(members.VoterIds.Length)] : NodeId.None;
            _world.Membership.Join(_world.AddMachine(), promotesItself: !_random.OneIn(4), replaces);
        }

        return false;
    }

    // A member that nobody ever starts: it may never become a voter.
    private bool TryAddNobody(SimulatedMachine asked, Configuration members)
    {
        string name = $"nobody-{_random.NextBits():x}";
        return members.Members.Length < MembersMax && members.Learners.Length < 2
            && Change(asked, new AddLearner(name, $"{name}:1", string.Empty, PromotesItself: true, NodeId.None, Instance: 0));
    }

    private bool TryPromote(SimulatedMachine asked, Configuration members)
    {
        // A promotion is granted only where enough voters answer, which a leader may take for true for a while after one is lost.
        return !members.Learners.IsEmpty && !_world.Membership.IsMourning
            && Change(asked, new PromoteLearner(members.Learners[_random.Below(members.Learners.Length)].Id));
    }

    private bool TryRemove(SimulatedMachine asked, Configuration members)
    {
        NodeId leader = asked.Node!.Status.Leader;
        NodeId id = members.IsMember(leader) && _random.OneIn(3) ? leader : Any(members).Id;
        bool isShrinking = members.IsVoter(id) && members.VoterIds.Length <= 3 && !_random.OneIn(4);
        if (isShrinking || !_world.Atlas.CanRemove(id) || _world.Membership.IsMourning)
        {
            return false;
        }

        bool force = _random.OneIn(4) && members.AllVoterIds.All(voter => _world.Machine(voter) is { MayRun: true });
        return Change(asked, new RemoveMember(id, force));
    }

    private bool Change(SimulatedMachine asked, MembershipChange change)
    {
        _world.Membership.Run(Errand.Change(asked, change, _random.Between(500, TimeoutMsMax), outcome =>
        {
            _world.Trace.Tell($"an operator asks {asked.Id} to {InWords(change)}: {outcome.Result}");
            _world.Invariants.Saw($"operator was told {outcome.Result}");
            _world.Invariants.Told(change, outcome);
            _world.Invariants.Saw("learner lagged and was not promoted", outcome.Result == AdminResult.NotCaughtUp ? 1 : 0);
            Begin();
        }));
        return true;
    }

    // To anybody: also to one who is down, lags, or does not vote.
    private bool Transfer(SimulatedMachine asked, Configuration members)
    {
        NodeId target = _random.OneIn(4) ? NodeId.None : Any(members).Id;
        _world.Membership.Run(Errand.Transfer(asked, target, _random.Between(500, TimeoutMsMax), outcome =>
        {
            _world.Trace.Tell($"an operator asks {asked.Id} to have {(target.IsNone ? "anybody" : target)} lead: {outcome.Result}{(outcome.Result == AdminResult.Done ? $", {outcome.Member}" : "")}");
            _world.Invariants.Saw("transfer succeeded", outcome.Result == AdminResult.Done ? 1 : 0);
            _world.Invariants.Saw("transfer failed and cleared", outcome.Result == AdminResult.NotTakenOver ? 1 : 0);
            _world.Invariants.Saw("transfer refused", outcome.Result is AdminResult.Lagging or AdminResult.NoSuchVoter ? 1 : 0);
            Begin();
        }));
        return true;
    }

    private static string InWords(MembershipChange change) => change switch
    {
        AddLearner add => $"add {add.Name}",
        PromoteLearner promote => $"promote {promote.Id}",
        RemoveMember remove => $"remove {remove.Id}{(remove.Force ? " by force" : "")}",
        UpdateMember update => $"change the addresses of {update.Id}",
        _ => throw new InvalidOperationException($"No change {change} is known."),
    };

    private Member Any(Configuration members) => members.Members[_random.Below(members.Members.Length)];
}
