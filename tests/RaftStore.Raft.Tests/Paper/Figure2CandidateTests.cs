using RaftStore.Raft.Tests.Cluster;
using static RaftStore.Raft.Tests.Cluster.Driver;

namespace RaftStore.Raft.Tests.Paper;

/// <summary>Figure 2 of the paper, box «Rules for Servers», candidates (with the pre-vote of thesis §9.6 before).</summary>
public sealed class Figure2CandidateTests
{
    [Fact]
    public void OnConversion_TermRaisedVoteForItselfRequestsToAllOthers()
    {
        Driver node = Candidate(5, logTerms: [1, 1]);

        Assert.Equal(new HardState(2, Node(1)), Assert.Single(node.Writes).HardState);
        node.Sync();
        List<VoteRequest> requests = [.. node.Sent.OfType<VoteRequest>()];
        Assert.Equal([2u, 3u, 4u, 5u], requests.Select(request => request.To.Value));
        Assert.All(requests, request => Assert.Equal((2L, new EntryId(2, 1)), (request.Term, request.LastLog)));
    }

    // Catalogue 2 and 10: before the disk holds term and vote, nobody hears of them.
    [Fact]
    public void OnConversion_OwnVoteNotDurable_NoRequestLeavesAndItDoesNotCount()
    {
        Driver node = Candidate(3);

        Assert.Empty(node.Sent);
        node.Step(new VoteResponse(Node(2), Node(1), 1, true));
        Assert.Equal(RaftRole.Candidate, node.Raft.Role);

        node.Sync();
        Assert.Equal(RaftRole.Leader, node.Raft.Role);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(4, 2)]
    [InlineData(5, 2)]
    [InlineData(6, 3)]
    [InlineData(7, 3)]
    public void VotesOfAMajority_BecomesLeaderWithThemAndNotWithOneLess(int size, int needed)
    {
        Driver node = Candidate(size);
        node.Sync();

        for (uint voter = 2; voter < 2 + needed; voter++)
        {
            Assert.Equal(RaftRole.Candidate, node.Raft.Role);
            node.Step(new VoteResponse(Node(voter), Node(1), 1, true));
        }

        Assert.Equal(RaftRole.Leader, node.Raft.Role);
    }

    [Fact]
    public void VoteOfTheSameServerTwice_CountsOnce()
    {
        Driver node = Candidate(5);
        node.Sync();

        node.Step(new VoteResponse(Node(2), Node(1), 1, true));
        node.Step(new VoteResponse(Node(2), Node(1), 1, true));

        Assert.Equal(RaftRole.Candidate, node.Raft.Role);
    }

    [Fact]
    public void AppendEntriesOfANewLeader_BecomesItsFollower()
    {
        Driver node = Candidate(3);
        node.Sync();

        node.Step(Append(2, 1, 1, EntryId.Zero, 0));

        Assert.Equal((RaftRole.Follower, Node(2)), (node.Raft.Role, node.Raft.Leader));

        // Catalogue 3: the vote of this term stays given.
        Assert.False(node.StepFor<VoteResponse>(new VoteRequest(Node(3), Node(1), 1, EntryId.Zero)).VoteGranted);
    }

    [Fact]
    public void ElectionTimeout_StartsANewElectionWithANewPreVote()
    {
        Driver node = Candidate(3);
        node.Sync();
        node.Forget();

        node.Elapse(2000);

        Assert.Equal((RaftRole.PreCandidate, 1L), (node.Raft.Role, node.Raft.Term));
        Assert.All(node.Sent.OfType<PreVoteRequest>(), request => Assert.Equal(2, request.Term));
        node.Step(new PreVoteResponse(Node(2), Node(1), 2, true));
        Assert.Equal((RaftRole.Candidate, 2L), (node.Raft.Role, node.Raft.Term));
    }

    // §5.5 of the paper: requests are retried; those who answered are left alone.
    [Fact]
    public void SilentVoters_AreAskedAgain()
    {
        Driver node = Candidate(3);
        node.Sync();
        node.Step(new VoteResponse(Node(2), Node(1), 1, false));
        node.Forget();

        node.Elapse(100);

        Assert.Equal(Node(3), node.Only<VoteRequest>().To);
    }

    [Fact]
    public void ClusterOfOne_IsElectedByItsOwnDurableVoteWithoutWaiting()
    {
        var node = new Driver(size: 1);

        node.Elapse(0);
        Assert.Equal(RaftRole.Candidate, node.Raft.Role);
        node.Sync();

        Assert.Equal(RaftRole.Leader, node.Raft.Role);
        Assert.True(node.Raft.IsEstablishedLeader);
        Assert.Empty(node.Sent);
    }

    private static Driver Candidate(int size, long[]? logTerms = null)
    {
        var node = new Driver(size, logTerms: logTerms);
        node.ElapseUntil(() => node.Raft.Role != RaftRole.Follower);
        foreach (uint voter in node.Others())
        {
            node.Step(new PreVoteResponse(Node(voter), Node(1), node.Raft.Term + 1, true));
        }

        Assert.Equal(RaftRole.Candidate, node.Raft.Role);
        node.Forget();
        return node;
    }
}
