using RaftStore.Node;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Simulation;

/// <summary>A machine with an empty disk that asks to be taken in, as a node with <c>--join</c> does, until it is.</summary>
internal sealed class Joiner
{
    private const long AskEveryUsMax = 800_000;
    private const long TimeoutMs = 4_000;

    /// <summary>One positive answer in this many finds the machine without power, and it asks again.</summary>
    private const int ForgetOneIn = 4;

    private readonly World _world;
    private readonly SimulatedMachine _machine;
    private readonly RandomStream _random;
    private readonly bool _promotesItself;
    private readonly Func<RandomStream, SimulatedMachine?> _drawAsked;
    private NodeId _replaces;

    public Joiner(World world, SimulatedMachine machine, bool promotesItself, NodeId replaces, Func<RandomStream, SimulatedMachine?> drawAsked)
    {
        _world = world;
        _machine = machine;
        _random = new RandomStream(world.Seed, $"joiner {machine.Number}");
        _promotesItself = promotesItself;
        _drawAsked = drawAsked;
        _replaces = replaces;
    }

    /// <summary>True once the machine is a member.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Asks, now and again.</summary>
    public void Begin() => _world.Events.After(_random.Between(1, AskEveryUsMax), Ask);

    private void Ask()
    {
        if (_drawAsked(_random) is not { } asked)
        {
            Begin();
            return;
        }

        ulong instance = _machine.DrawInstance(_random.NextBits);
        Configuration members = asked.Node!.Status.AppliedConfiguration;
        Member? present = members.Members.LastOrDefault(member => member.Name == _machine.Name);
        if (present?.Instance == instance && !members.IsJoint)
        {
            TakenIn(present, instance, members);
            return;
        }

        // A node that asks for itself again, or whom an operator has named before, gets what is there.
        MembershipChange change = present is not null && (members.IsLearner(present.Id) || present.Instance == instance)
            ? new UpdateMember(present.Id, _machine.Address, null, instance)
            : new AddLearner(_machine.Name, _machine.Address, string.Empty, _promotesItself, _replaces, instance);
        _world.Membership.Run(Errand.Change(asked, change, TimeoutMs, outcome => Answered(change, outcome)));
    }

    private void Answered(MembershipChange change, AdminOutcome outcome)
    {
        _world.Invariants.Told(change, outcome);
        _world.Trace.Tell($"{_machine.Name} asks to join: {outcome.Result}, member {outcome.Member}");
        switch (outcome.Result)
        {
            case AdminResult.NameOrAddressTaken when IsLost(outcome.Member):
            case AdminResult.ClaimedByAnother when IsLost(outcome.Member) || _world.Machine(outcome.Member) is null:
                // The cluster has a member of this name whose disk is gone, or that was added twice by one that is gone: an operator does away with it.
                _world.Invariants.Saw("wiped node refused");
                _replaces = outcome.Result == AdminResult.NameOrAddressTaken ? outcome.Member : NodeId.None;
                _world.Membership.Bury(outcome.Member, isLearner: outcome.Result == AdminResult.ClaimedByAnother);
                break;
            case AdminResult.NoSuchMember:
                _replaces = NodeId.None;
                break;
        }

        Begin();
    }

    private bool IsLost(NodeId member) => _world.Machine(member) is { IsWiped: true } lost && lost.Name == _machine.Name;

    private void TakenIn(Member self, ulong instance, Configuration members)
    {
        if (_random.OneIn(ForgetOneIn))
        {
            _machine.Disk.PowerCut();
            Begin();
            return;
        }

        IsDone = true;
        _world.Trace.Tell($"{_machine.Name} joins as {self.Id}");
        _world.Admit(_machine, new NodeIdentity(_world.Cluster, self.Id, _machine.Name, FormationState.Formed, members) { Instance = instance });
    }
}
