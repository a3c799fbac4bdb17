using RaftStore.Raft.Tests.Cluster;
using static RaftStore.Raft.Tests.Cluster.Driver;

namespace RaftStore.Raft.Tests.Paper;

/// <summary>Thesis §6.2: a leader steps down when an election timeout passes without contact to a majority.</summary>
public sealed class CheckQuorumTests
{
    [Fact]
    public void Section6_2_NoMajorityWithinTheLowerElectionTimeout_StepsDownInTheSameTerm()
    {
        Driver node = new Driver(size: 5).Elected();
        node.Elapse(500);
        node.Step(new HeartbeatResponse(Node(2), Node(1), 1, 0, 0, 0));
        node.Step(new HeartbeatResponse(Node(3), Node(1), 1, 0, 0, 0));

        node.Elapse(999);
        Assert.Equal(RaftRole.Leader, node.Raft.Role);
        node.Elapse(1);

        Assert.Equal((RaftRole.Follower, 1L, NodeId.None), (node.Raft.Role, node.Raft.Term, node.Raft.Leader));
        Assert.Empty(node.Writes);
    }

    [Fact]
    public void Section6_2_MinorityInContact_IsNotEnough()
    {
        Driver node = new Driver(size: 5).Elected();

        for (int i = 0; i < 10; i++)
        {
            node.Step(new HeartbeatResponse(Node(2), Node(1), 1, 0, 0, 0));
            node.Elapse(100);
        }

        Assert.Equal(RaftRole.Follower, node.Raft.Role);
    }

    [Fact]
    public void Section6_2_MajorityInContact_StaysInOffice()
    {
        Driver node = new Driver(size: 5).Elected();

        for (int i = 0; i < 50; i++)
        {
            node.Step(new HeartbeatResponse(Node(2), Node(1), 1, 0, 0, 0));
            node.Step(new HeartbeatResponse(Node(5), Node(1), 1, 0, 0, 0));
            node.Elapse(100);
        }

        Assert.Equal(RaftRole.Leader, node.Raft.Role);
    }

    // Catalogue 3, and the mutant «vote cleared at same-term step-down».
    [Fact]
    public void StepDownInTheSameTerm_TheVoteIsKept()
    {
        Driver node = new Driver().Elected();
        node.Elapse(1000);
        Assert.Equal(RaftRole.Follower, node.Raft.Role);

        VoteResponse response = node.StepFor<VoteResponse>(new VoteRequest(Node(2), Node(1), 1, new EntryId(9, 1)));

        Assert.False(response.VoteGranted);
    }

    [Fact]
    public void StepDown_AFreshElectionTimeoutBegins()
    {
        Driver node = new Driver().Elected();
        node.Elapse(1000);

        node.Elapse(999);

        Assert.Equal(RaftRole.Follower, node.Raft.Role);
    }

    // Catalogue 15: it hears nobody, though all hear it.
    [Fact]
    public void LeaderDeafOneWay_StepsDownAndAnotherIsElected()
    {
        var cluster = new InMemoryCluster(3, seed: 15);
        TestMember leader = cluster.WaitForLeader();
        foreach (TestMember other in cluster.Members.Where(member => member != leader))
        {
            cluster.Cut(other, leader);
        }

        cluster.RunUntil(() => cluster.Leader is { } next && next != leader, 10_000);

        Assert.NotEqual(RaftRole.Leader, leader.Raft!.Role);
        cluster.Agree("a", 2);
    }

    [Fact]
    public void ClusterOfOne_NeverStepsDown()
    {
        Driver node = new Driver(size: 1).Elected();

        node.Elapse(100_000);

        Assert.Equal(RaftRole.Leader, node.Raft.Role);
    }

    // Catalogue 19: its network lives, its disk does not.
    [Fact]
    public void LeaderWhoseDiskHangs_HandsOverWithinTwoElectionTimeoutsAndDoesNotComeBackInTheWay()
    {
        var cluster = new InMemoryCluster(3, seed: 19);
        TestMember leader = cluster.WaitForLeader();
        cluster.Agree("before", 3);
        cluster.HangingDisks.Add(leader.Id);
        cluster.Propose(leader, "hanging");

        // It gives up the lead within two of the longest election timeouts; then the others elect.
        cluster.RunUntil(() => leader.Raft!.Role != RaftRole.Leader, 2 * 2000);
        cluster.RunUntil(() => cluster.Leader is { } next && next != leader, 2 * 2000);
        long term = cluster.HighestTerm;
        cluster.Agree("after", 2);
        cluster.Run(20_000);

        Assert.Equal(term, cluster.HighestTerm);
        cluster.HangingDisks.Clear();
        cluster.Agree("healed", 3);
    }

    [Fact]
    public void FollowerWhoseDiskHangs_DoesNotCampaign()
    {
        Driver node = new Driver().Following(2, 1);
        node.Step(Append(2, 1, 1, EntryId.Zero, 0, Batch(1, 1)));

        for (int i = 0; i < 30; i++)
        {
            node.Elapse(1000);
            node.Step(i < 3 ? new Heartbeat(Node(2), Node(1), 1, 0, 0, -1, 0, 0) : new PreVoteResponse(Node(3), Node(1), 2, true));
        }

        Assert.Equal((RaftRole.Follower, 1L), (node.Raft.Role, node.Raft.Term));
    }
}
