using RaftStore.Raft;

namespace RaftStore.Simulation;

/// <summary>Asks a leader at the worst moments: when its term has no committed entry, and while a change is under way. It asks the core itself, since
/// the pump would keep its wish until it can be granted.</summary>
internal sealed class HurriedOperator
{
    private const int AsksOneIn = 3;

    private readonly World _world;
    private readonly RandomStream _random;

    public HurriedOperator(World world)
    {
        _world = world;
        _random = new RandomStream(world.Seed, "hurried operator");
    }

    public void AfterPump(SimulatedMachine machine)
    {
        RaftNode core = machine.Node!.Core;
        bool isMoment = core.Role == RaftRole.Leader && (core.Log.TermAt(core.CommitIndex) != core.Term || core.ConfigurationIndex > core.CommitIndex);
        if (!isMoment || !_random.OneIn(AsksOneIn))
        {
            return;
        }

        MembershipResult result = core.ChangeMembership(Draw(core.Configuration));
        _world.Trace.Note((long)result.Status);
        _world.Invariants.Saw("change refused before the term's no-op", result.Status == MembershipStatus.TermNotCommitted ? 1 : 0);
        _world.Invariants.Saw("second change refused while pending", result.Status == MembershipStatus.ChangePending ? 1 : 0);
        _world.Invariants.AfterPump(machine);
        machine.PlanPump(0);
    }

    // Nothing that could cost the cluster its quorum, should it be granted after all.
    private MembershipChange Draw(Configuration members)
    {
        Member any = members.Members[_random.Below(members.Members.Length)];
        return _random.OneIn(2) && _world.Atlas.CanRemove(any.Id) && !_world.Membership.IsMourning
            ? new RemoveMember(any.Id, Force: false)
            : new UpdateMember(any.Id, null, $"http://hurry-{_random.Below(100)}", null);
    }
}
