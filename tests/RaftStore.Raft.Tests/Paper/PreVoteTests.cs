using RaftStore.Raft.Tests.Cluster;
using static RaftStore.Raft.Tests.Cluster.Driver;

namespace RaftStore.Raft.Tests.Paper;

/// <summary>Thesis §9.6, pre-vote, and §4.2.3, disruptive servers.</summary>
public sealed class PreVoteTests
{
    [Fact]
    public void Section9_6_PreCandidate_AsksForTheNextTermWithoutEnteringIt()
    {
        var node = new Driver(term: 3, logTerms: [1, 3]);

        node.ElapseUntil(() => node.Raft.Role == RaftRole.PreCandidate);

        Assert.Equal(3, node.Raft.Term);
        Assert.Empty(node.Writes);
        Assert.Equal(2, node.Sent.Count);
        Assert.All(node.Sent.Cast<PreVoteRequest>(), request => Assert.Equal((4L, new EntryId(2, 3)), (request.Term, request.LastLog)));
    }

    [Theory]
    [InlineData(3, 2, true)]
    [InlineData(2, 2, false)]
    [InlineData(1, 3, true)]
    [InlineData(9, 1, false)]
    public void Section9_6_NoLeaderHeardOf_GrantedToWhoeverIsAtLeastAsUpToDate(long lastIndex, long lastTerm, bool isGranted)
    {
        var node = new Driver(term: 5, logTerms: [1, 2, 2]);

        PreVoteResponse response = node.StepFor<PreVoteResponse>(new PreVoteRequest(Node(2), Node(1), 6, new EntryId(lastIndex, lastTerm)));

        Assert.Equal((isGranted, isGranted ? 6 : 5), (response.VoteGranted, response.Term));
    }

    [Fact]
    public void Section9_6_InContactWithALeader_Refused()
    {
        Driver node = new Driver().Following(2, 1);

        node.Elapse(999);
        Assert.False(node.StepFor<PreVoteResponse>(new PreVoteRequest(Node(3), Node(1), 2, EntryId.Zero)).VoteGranted);

        node.Elapse(1);
        Assert.True(node.StepFor<PreVoteResponse>(new PreVoteRequest(Node(3), Node(1), 2, EntryId.Zero)).VoteGranted);
    }

    [Fact]
    public void Section9_6_TermAlreadyPassed_RefusedWithTheCurrentTerm()
    {
        var node = new Driver(term: 7);

        PreVoteResponse response = node.StepFor<PreVoteResponse>(new PreVoteRequest(Node(2), Node(1), 6, EntryId.Zero));

        Assert.Equal((false, 7L), (response.VoteGranted, response.Term));
    }

    [Fact]
    public void Section9_6_TermInWhichTheVoteIsGiven_Refused()
    {
        var node = new Driver(term: 7, votedFor: 3);

        Assert.False(node.StepFor<PreVoteResponse>(new PreVoteRequest(Node(2), Node(1), 7, EntryId.Zero)).VoteGranted);
        Assert.True(node.StepFor<PreVoteResponse>(new PreVoteRequest(Node(3), Node(1), 7, EntryId.Zero)).VoteGranted);
    }

    // Mutant «pre-vote grant resetting the leader's contact time»: many grants do not put the own election off.
    [Fact]
    public void Section9_6_Grants_ChangeNothingOfTheGranter()
    {
        var node = new Driver();

        for (int i = 0; i < 20; i++)
        {
            node.Elapse(100);
            if (node.Raft.Role == RaftRole.Follower)
            {
                Assert.True(node.StepFor<PreVoteResponse>(new PreVoteRequest(Node(2), Node(1), 1, EntryId.Zero)).VoteGranted);
            }
        }

        Assert.Equal((RaftRole.PreCandidate, 0L), (node.Raft.Role, node.Raft.Term));
        Assert.Empty(node.Writes);
    }

    [Fact]
    public void Section9_6_MajorityOfGrants_BecomesCandidate()
    {
        var node = new Driver(size: 5);
        node.ElapseUntil(() => node.Raft.Role == RaftRole.PreCandidate);

        node.Step(new PreVoteResponse(Node(2), Node(1), 1, true));
        node.Step(new PreVoteResponse(Node(2), Node(1), 1, true));
        node.Step(new PreVoteResponse(Node(4), Node(1), 0, false));
        Assert.Equal(RaftRole.PreCandidate, node.Raft.Role);

        node.Step(new PreVoteResponse(Node(3), Node(1), 1, true));
        Assert.Equal((RaftRole.Candidate, 1L), (node.Raft.Role, node.Raft.Term));
    }

    // The voter heard of the leader a moment ago: it will not have heard of it again a moment later.
    [Fact]
    public void Section9_6_Refused_AskedAgainWithTheNextInterval()
    {
        var node = new Driver(term: 5);
        node.ElapseUntil(() => node.Raft.Role == RaftRole.PreCandidate);
        node.Step(new PreVoteResponse(Node(2), Node(1), 5, false));
        node.Step(new PreVoteResponse(Node(3), Node(1), 5, false));
        node.Forget();

        node.Elapse(100);

        Assert.Equal([2u, 3u], node.Sent.Cast<PreVoteRequest>().Select(request => request.To.Value));
    }

    [Fact]
    public void Section9_6_GrantOfAnEarlierQuestion_DoesNotCount()
    {
        var node = new Driver(term: 5);
        node.ElapseUntil(() => node.Raft.Role == RaftRole.PreCandidate);

        node.Step(new PreVoteResponse(Node(2), Node(1), 5, true));

        Assert.Equal((RaftRole.PreCandidate, 5L), (node.Raft.Role, node.Raft.Term));
    }

    [Fact]
    public void Section9_6_LeaderAppears_PreCandidateFollowsIt()
    {
        var node = new Driver(term: 5);
        node.ElapseUntil(() => node.Raft.Role == RaftRole.PreCandidate);

        node.Step(new Heartbeat(Node(2), Node(1), 5, 0, 0, -1, 0, 0));

        Assert.Equal((RaftRole.Follower, Node(2)), (node.Raft.Role, node.Raft.Leader));
    }

    [Fact]
    public void Section4_2_3_VoteRequestWhileInContactWithALeader_NeitherTermNorVoteChanges()
    {
        Driver node = new Driver().Following(2, 1);

        node.Elapse(999);
        node.Step(new VoteRequest(Node(3), Node(1), 9, new EntryId(99, 8)));
        Assert.Empty(node.Sent);
        Assert.Equal(1, node.Raft.Term);

        node.Elapse(1);
        node.Step(new VoteRequest(Node(3), Node(1), 9, new EntryId(99, 8)));
        Assert.Equal(9, node.Raft.Term);
    }

    [Fact]
    public void Section4_2_3_LeaderInContactWithAQuorum_IgnoresVoteRequestsToo()
    {
        Driver node = new Driver().Elected();

        node.Step(new VoteRequest(Node(3), Node(1), 9, new EntryId(99, 8)));

        Assert.Equal((RaftRole.Leader, 1L), (node.Raft.Role, node.Raft.Term));
        Assert.Empty(node.Sent);
    }

    [Fact]
    public void Section4_2_3_NewLeaderNotHeardOfYet_ContactWithTheOldOneCountsNoMore()
    {
        Driver node = new Driver().Following(2, 1);

        // A higher term reached this node by other ways than a vote request.
        node.Step(new VoteResponse(Node(3), Node(1), 2, false));
        node.Sync();

        node.Step(new VoteRequest(Node(3), Node(1), 2, EntryId.Zero));
        node.Sync();
        Assert.True(node.Only<VoteResponse>().VoteGranted);
    }

    // Catalogue 16: however long it was away, it comes back in the term it left.
    [Fact]
    public void CutOffForLong_ReturnsWithoutRaisingTheTermOrMovingTheLeader()
    {
        var cluster = new InMemoryCluster(3, seed: 16);
        TestMember leader = cluster.WaitForLeader();
        long term = leader.Raft!.Term;
        TestMember away = cluster.Members.First(member => member != leader);

        cluster.Disconnect(away);
        cluster.Run(60_000);
        cluster.Heal();
        cluster.Run(10_000);

        Assert.Same(leader, cluster.Leader);
        Assert.Equal(term, cluster.HighestTerm);
        Assert.Equal(leader.Id, away.Raft!.Leader);
    }

    // Catalogue 13.
    [Fact]
    public void CutOffFromTheLeaderAlone_TermStaysAndWritesGoOn()
    {
        var cluster = new InMemoryCluster(3, seed: 13);
        TestMember leader = cluster.WaitForLeader();
        long term = leader.Raft!.Term;
        TestMember deaf = cluster.Members.First(member => member != leader);
        cluster.Cut(leader, deaf);
        cluster.Cut(deaf, leader);

        for (int i = 0; i < 20; i++)
        {
            cluster.Run(1000);
            cluster.Agree($"c{i}", 2);
        }

        Assert.Same(leader, cluster.Leader);
        Assert.Equal(term, cluster.HighestTerm);
    }

    // Catalogue 14: three nodes see each other, 4 sees only 2, and 5 only 3.
    [Fact]
    public void PartialMesh_StaysUnderOneLeader()
    {
        for (ulong seed = 1; seed <= 3; seed++)
        {
            var cluster = new InMemoryCluster(5, seed);
            CutBoth(cluster, 4, 1, 3, 5);
            CutBoth(cluster, 5, 1, 2, 4);
            cluster.RunUntil(() => cluster.Leader is not null, 30_000);
            cluster.Run(5000);
            TestMember leader = cluster.Leader!;
            long term = cluster.HighestTerm;

            cluster.Run(60_000);

            Assert.Same(leader, cluster.Leader);
            Assert.Equal(term, cluster.HighestTerm);
            cluster.Agree("a", 3);
        }
    }

    private static void CutBoth(InMemoryCluster cluster, int from, params int[] others)
    {
        foreach (int other in others)
        {
            cluster.Cut(cluster[from], cluster[other]);
            cluster.Cut(cluster[other], cluster[from]);
        }
    }
}
