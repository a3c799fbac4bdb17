using RaftStore.Raft;

namespace RaftStore.Simulation;

/// <summary>When a healed cluster has come to rest: nothing is pending, and everybody who runs is a member and has the same.</summary>
internal static class Convergence
{
    /// <summary>True where it has.</summary>
    public static bool IsReached(World world) => Describe(world).Length == 0;

    /// <summary>What is missing, in a few words; empty for nothing.</summary>
    public static string Describe(World world)
    {
        if (world.Founding is { IsFinished: false })
        {
            return "a machine still looks for the cluster";
        }

        if (!world.Membership.IsFinished)
        {
            return "somebody still waits for a change of the membership";
        }

        if (world.Machines.Any(machine => machine.Node?.Status.Divergence is not null))
        {
            return "a machine is quarantined";
        }

        (long index, Configuration members) = world.Invariants.CommittedConfiguration;
        if (members.IsJoint)
        {
            return $"the joint configuration of entry {index} is not left";
        }

        foreach (Member learner in members.Learners)
        {
            if (learner.PromotesItself && world.Machine(learner.Id) is { MayRun: true })
            {
                return $"learner {learner.Id} is not promoted";
            }
        }

        SimulatedMachine? first = null;
        foreach (SimulatedMachine machine in world.Machines)
        {
            if (!machine.MayRun)
            {
                continue;
            }

            if (!members.IsMember(machine.Id))
            {
                return $"{machine.Id} was removed and does not know it";
            }

            first ??= machine;
            if (machine.Node is not { } node || first.Node is not { } other || node.View.AppliedIndex != other.View.AppliedIndex
                || node.View.Hash != other.View.Hash || node.Status.CommitIndex != other.Status.CommitIndex)
            {
                return $"{first.Id} and {machine.Id} differ";
            }
        }

        return string.Empty;
    }
}
