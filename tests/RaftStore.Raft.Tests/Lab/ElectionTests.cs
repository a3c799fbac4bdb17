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

    [Fact]
    public void ReElection_LeaderLostAndBack_ThereIsALeaderExactlyWhileThereIsAQuorum()
    {
        var cluster = new InMemoryCluster(3, seed: 2);
        TestMember first = cluster.WaitForLeader();

        // If the leader disconnects, a new one is elected.
        cluster.Disconnect(first);
        TestMember second = cluster.WaitForLeader();
        Assert.NotSame(first, second);

        // The old leader's return disturbs nobody.
        cluster.Connect(first);
        cluster.Run(5000);
        Assert.Same(second, cluster.Leader);

        // Without a quorum there is no leader.
        TestMember other = cluster.Members.First(member => member != second);
        cluster.Disconnect(second);
        cluster.Disconnect(other);
        cluster.Run(10_000);
        Assert.All(cluster.Members, member => Assert.NotEqual(RaftRole.Leader, member.Raft!.Role));

        // A quorum again, then all.
        cluster.Heal();
        cluster.WaitForLeader();
        cluster.Agree("a", 3);
    }

    [Fact]
    public void ManyElections_ThreeOfSevenGoneTenTimesOver_AlwaysOneLeader()
    {
        var cluster = new InMemoryCluster(7, seed: 3);
        var prng = new Prng(3);
        cluster.WaitForLeader();

        for (int round = 0; round < 10; round++)
        {
            for (int i = 0; i < 3; i++)
            {
                cluster.Disconnect(cluster[prng.NextBetween(1, 7)]);
            }

            cluster.WaitForLeader();
            cluster.Heal();
        }

        cluster.WaitForLeader();
        cluster.Agree("a", 7);
    }
}
