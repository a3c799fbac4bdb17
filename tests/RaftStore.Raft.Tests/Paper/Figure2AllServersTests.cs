using RaftStore.Raft.Tests.Cluster;
using static RaftStore.Raft.Tests.Cluster.Driver;

namespace RaftStore.Raft.Tests.Paper;

/// <summary>Figure 2 of the paper, box «Rules for Servers», all servers and followers.</summary>
public sealed class Figure2AllServersTests
{
    [Fact]
    public void AllServers_CommitIndexAboveLastApplied_EntriesAreAppliedInOrderWithoutGaps()
    {
        Driver node = new Driver(logTerms: [1, 1, 1, 1]).Following(2, 1);

        node.Step(Append(2, 1, 1, new EntryId(4, 1), 2));
        node.Step(Append(2, 1, 1, new EntryId(4, 1), 4));

        Assert.Equal([1L, 2L, 3L, 4L], node.Applied.Select(batch => batch.LastIndex));
        Assert.Equal(4, node.Raft.AppliedIndex);
    }

    // Rule of the house: only what is committed and durable here.
    [Fact]
    public void AllServers_CommittedButNotDurableHere_NotAppliedYet()
    {
        Driver node = new Driver().Following(2, 1);

        node.Step(Append(2, 1, 1, EntryId.Zero, 1, Batch(1, 1)));
        Assert.Equal(1, node.Raft.CommitIndex);
        Assert.Empty(node.Applied);

        node.Sync();
        Assert.Single(node.Applied);
    }

    public static TheoryData<Message> OfTerm9() =>
    [
        new VoteRequest(Node(2), Node(1), 9, EntryId.Zero),
        new VoteResponse(Node(2), Node(1), 9, false),
        new PreVoteResponse(Node(2), Node(1), 9, false),
        Append(2, 1, 9, EntryId.Zero, 0),
        new AppendEntriesResponse(Node(2), Node(1), 9, false, 0, 0, EntryId.Zero),
        new Heartbeat(Node(2), Node(1), 9, 0, 0, -1, 0, 0),
        new HeartbeatResponse(Node(2), Node(1), 9, 0, 0, 0),
        new ReadIndexRequest(Node(2), Node(1), 9, new ReadId(1)),
        new ReadIndexResponse(Node(2), Node(1), 9, new ReadId(1), 0),
        new InstallSnapshot(Node(2), Node(1), 9, new SnapshotMetadata(new EntryId(5, 5), 0, ConfigurationOf(3), 1), 0, new byte[1]),
        new InstallSnapshotResponse(Node(2), Node(1), 9, new EntryId(5, 5), 0),
    ];

    [Theory]
    [MemberData(nameof(OfTerm9), DisableDiscoveryEnumeration = true)]
    public void AllServers_MessageOfAHigherTerm_TermIsAdoptedByEveryRoleAndMadeDurable(Message message)
    {
        List<Driver> nodes = [new Driver(), PreCandidate(), Candidate()];
        if (message is not VoteRequest)
        {
            // A leader in contact with a quorum ignores those: see the tests of §4.2.3.
            nodes.Add(new Driver().Elected());
        }

        foreach (Driver node in nodes)
        {
            node.Sync();
            node.Step(message);

            Assert.Equal(RaftRole.Follower, node.Raft.Role);
            Assert.Equal(9, node.Raft.Term);
            Assert.Equal(9, node.Writes.Last(write => write.HardState is not null).HardState!.Value.Term);
        }
    }

    [Fact]
    public void AllServers_PreVoteOfAHigherTerm_NoTermIsAdopted()
    {
        var node = new Driver();

        node.Step(new PreVoteRequest(Node(2), Node(1), 9, EntryId.Zero));

        Assert.Equal(0, node.Raft.Term);
        Assert.Empty(node.Writes);
    }

    [Fact]
    public void AllServers_AnswersOfEarlierTerms_AreIgnored()
    {
        Driver node = new Driver(term: 4).Elected();
        long commitIndex = node.Raft.CommitIndex;
        node.Propose("a");
        node.Sync();

        // Catalogue 4: from another term of this very node, with the same indexes.
        node.Step(new AppendEntriesResponse(Node(2), Node(1), 3, true, 1, 2, EntryId.Zero));
        node.Step(new AppendEntriesResponse(Node(3), Node(1), 3, true, 1, 2, EntryId.Zero));
        node.Step(new VoteResponse(Node(2), Node(1), 3, true));

        Assert.Equal(commitIndex, node.Raft.CommitIndex);
        Assert.Equal(RaftRole.Leader, node.Raft.Role);
    }

    [Fact]
    public void Followers_RequestsOfLeadersAndCandidates_AreAnswered()
    {
        Driver node = new Driver(term: 1, votedFor: 2).Following(2, 1);

        Assert.True(node.StepFor<AppendEntriesResponse>(Append(2, 1, 1, EntryId.Zero, 0)).Success);
        Assert.Equal(7, node.StepFor<HeartbeatResponse>(new Heartbeat(Node(2), Node(1), 1, 0, 7, -1, 0, 0)).ReadRound);
        Assert.False(node.StepFor<VoteResponse>(new VoteRequest(Node(3), Node(1), 1, EntryId.Zero)).VoteGranted);
    }

    [Fact]
    public void Followers_ElectionTimeoutWithoutLeaderOrVote_BecomeCandidates()
    {
        var node = new Driver();

        node.Elapse(999);
        Assert.Equal(RaftRole.Follower, node.Raft.Role);
        node.Elapse(1001);
        Assert.Equal(RaftRole.PreCandidate, node.Raft.Role);
    }

    [Fact]
    public void Followers_HeartbeatsOrAppendEntriesOfTheLeader_HoldTheTimeoutOff()
    {
        Driver node = new Driver().Following(2, 1);

        for (int i = 0; i < 20; i++)
        {
            node.Elapse(900);
            node.Step(i % 2 == 0 ? new Heartbeat(Node(2), Node(1), 1, 0, 0, -1, 0, 0) : Append(2, 1, 1, EntryId.Zero, 0));
            Assert.Equal(RaftRole.Follower, node.Raft.Role);
        }
    }

    [Fact]
    public void Followers_VoteGranted_BeginsANewWait()
    {
        var node = new Driver();

        for (uint term = 1; term <= 10; term++)
        {
            node.Elapse(900);
            node.Step(new VoteRequest(Node(2), Node(1), term, EntryId.Zero));
            node.Sync();
            Assert.Equal(RaftRole.Follower, node.Raft.Role);
        }
    }

    // A candidate that cannot win must not keep this node from campaigning, however often it raises the term.
    [Fact]
    public void Followers_VoteRefused_TheWaitGoesOn()
    {
        for (ulong seed = 1; seed <= 20; seed++)
        {
            var node = new Driver(logTerms: [1], options: new RaftOptions { Id = Node(1), Seed = seed });
            node.Elapse(900);
            node.Step(new VoteRequest(Node(2), Node(1), 2, EntryId.Zero));
            node.Sync();

            node.Elapse(1100);

            Assert.Equal((RaftRole.PreCandidate, 2L), (node.Raft.Role, node.Raft.Term));
        }
    }

    private static Driver PreCandidate()
    {
        var node = new Driver();
        node.ElapseUntil(() => node.Raft.Role == RaftRole.PreCandidate);
        return node;
    }

    private static Driver Candidate()
    {
        Driver node = PreCandidate();
        node.Step(new PreVoteResponse(Node(2), Node(1), 1, true));
        Assert.Equal(RaftRole.Candidate, node.Raft.Role);
        return node;
    }
}
