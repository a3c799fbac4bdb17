using RaftStore.Raft.Tests.Cluster;

namespace RaftStore.Raft.Tests.Lab;

/// <summary>The election situations of the MIT 6.5840 Raft lab.</summary>
public sealed class ElectionTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void InitialElection_HealthyCluster_OneLeaderWhoseTermStays(int size)
    {
        var cluster = new InMemoryCluster(size, seed: (ulong)(100 + size));

        TestMember leader = cluster.WaitForLeader();
        long term = leader.Raft!.Term;
        cluster.Run(5000);

        Assert.Same(leader, cluster.Leader);
        Assert.Equal(term, cluster.HighestTerm);
        cluster.Agree("a", size);
        cluster.Agree("b", size);
    }
}
