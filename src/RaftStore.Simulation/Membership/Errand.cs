using RaftStore.Node;
using RaftStore.Raft;

namespace RaftStore.Simulation;

/// <summary>One wish about the membership or the leadership, on its way through the node that was asked.</summary>
internal sealed class Errand
{
    private readonly SimulatedMachine _machine;
    private readonly ValueTask<AdminOutcome> _task;
    private readonly Action<AdminOutcome> _ended;

    private Errand(SimulatedMachine machine, bool changesVoters, ValueTask<AdminOutcome> task, Action<AdminOutcome> ended)
    {
        _machine = machine;
        ChangesVoters = changesVoters;
        _task = task;
        _ended = ended;
        machine.PlanPump(0);
    }

    /// <summary>True where it may take voters away or make some.</summary>
    public bool ChangesVoters { get; }

    /// <summary>Asks a node, which runs, to have the membership changed.</summary>
    public static Errand Change(SimulatedMachine machine, MembershipChange change, long timeoutMs, Action<AdminOutcome> ended)
        => new(machine, change is RemoveMember or PromoteLearner, machine.Node!.ChangeMembershipAsync(change, machine.NowMs + timeoutMs), ended);

    /// <summary>Asks a node, which runs, to have the leadership handed over.</summary>
    public static Errand Transfer(SimulatedMachine machine, NodeId target, long timeoutMs, Action<AdminOutcome> ended)
        => new(machine, changesVoters: false, machine.Node!.TransferLeadershipAsync(target, machine.NowMs + timeoutMs), ended);

    /// <summary>Asks a node, which runs, to have the state of a member repaired.</summary>
    public static Errand Repair(SimulatedMachine machine, NodeId member, bool trusts, long timeoutMs, Action<AdminOutcome> ended)
        => new(machine, changesVoters: false, machine.Node!.RepairAsync(member, trusts, machine.NowMs + timeoutMs), ended);

    /// <summary>Whether that machine has its answer.</summary>
    /// <returns>True where it is over; whoever waits has been told.</returns>
    public bool Poll(SimulatedMachine machine)
    {
        if (machine != _machine || _task is not { IsCompleted: true, Result: AdminOutcome outcome })
        {
            return false;
        }

        _ended(outcome);
        return true;
    }

    /// <summary>The machine is gone, and the answer with it.</summary>
    /// <returns>True where it was the one that was asked.</returns>
    public bool MachineEnded(SimulatedMachine machine)
    {
        if (machine != _machine)
        {
            return false;
        }

        _ended(new AdminOutcome(AdminResult.Unknown, NodeId.None));
        return true;
    }
}
