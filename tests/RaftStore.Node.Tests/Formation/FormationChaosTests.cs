using RaftStore.Storage;

namespace RaftStore.Node.Tests.Formation;

public sealed class FormationChaosTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void Founders_UnderLossRepetitionAndCrashes_FormExactlyOneCluster(int founders)
    {
        for (int seed = 0; seed < 300; seed++)
        {
            FormationWorld world = new(founders, seed);
            for (int step = 0; step < 400 * founders; step++)
            {
                world.StepAtRandom();
                Assert.True(world.EverFormed.Count <= 1, $"seed {seed}, step {step}: {world.EverFormed.Count} clusters were formed");
            }

            world.Heal(rounds: 20);
            Assert.True(world.EverFormed.Count == 1 && world.Machines.All(machine => machine.IsFormed), $"seed {seed}: not everybody is formed after the network healed");
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void Founders_WithALostDisk_NeverHaveTwoClustersWithAQuorumOrAVoteOfTheLostOne(int founders)
    {
        int stopped = 0;
        int formedAnew = 0;
        for (int seed = 0; seed < 300; seed++)
        {
            FormationWorld world = new(founders, seed);
            int steps = 1000 * founders;
            int wipeAt = new Random(seed).Next(steps);
            for (int step = 0; step < steps; step++)
            {
                if (step == wipeAt)
                {
                    FormationWorld.Wipe(world.Pick());
                }

                world.StepAtRandom();
                int withQuorum = world.EverFormed.Values.Count(names => names.Count > founders / 2);
                Assert.True(withQuorum <= 1, $"seed {seed}, step {step}: {withQuorum} clusters had a quorum");
            }

            world.Heal(rounds: 20);
            stopped += world.Machines.Count(machine => machine.StopReason is not null);
            formedAnew += world.EverFormed.Count > 1 ? 1 : 0;
            Assert.Single(world.Machines.Where(machine => machine.Disk is not null).Select(machine => machine.Disk!.Cluster).Distinct());
            Assert.True(
                world.Machines.All(machine => machine.StopReason is not null || machine.Disk is { State: FormationState.Formed }),
                $"seed {seed}: a founder neither formed nor stopped after the network healed");
        }

        Assert.True(stopped > 0, "no lost disk was ever refused: the runs do not reach what they are for");
        Assert.True(formedAnew > 0 || founders > 2, "no coordinator ever lost its disk alone: the runs do not reach what they are for");
    }
}
