using RaftStore.Raft.Tests.Cluster;
using static RaftStore.Raft.Tests.Cluster.Driver;

namespace RaftStore.Raft.Tests.Paper;

/// <summary>Figure 2 of the paper, box «RequestVote RPC», receiver implementation.</summary>
public sealed class Figure2RequestVoteTests
{
    [Fact]
    public void Step1_TermBelowCurrentTerm_RefusedWithTheCurrentTerm()
    {
        var node = new Driver(term: 5);

        VoteResponse response = node.StepFor<VoteResponse>(new VoteRequest(Node(2), Node(1), 4, new EntryId(9, 4)));

        Assert.False(response.VoteGranted);
        Assert.Equal(5, response.Term);
    }

    // §5.4.1: the later last term wins; with equal terms the longer log.
    [Theory]
    [InlineData(3, 2, true)]
    [InlineData(4, 2, true)]
    [InlineData(1, 3, true)]
    [InlineData(2, 2, false)]
    [InlineData(9, 1, false)]
    [InlineData(0, 0, false)]
    public void Step2_CandidatesLog_GrantedOnlyWhereAtLeastAsUpToDate(long lastLogIndex, long lastLogTerm, bool isGranted)
    {
        var node = new Driver(logTerms: [1, 2, 2]);

        node.Step(new VoteRequest(Node(2), Node(1), 7, new EntryId(lastLogIndex, lastLogTerm)));
        node.Sync();

        Assert.Equal(isGranted, node.Only<VoteResponse>().VoteGranted);
    }

    [Fact]
    public void Step2_VotedForAnother_RefusedInThatTermAndFreeInTheNext()
    {
        var node = new Driver();
        node.Step(new VoteRequest(Node(2), Node(1), 1, EntryId.Zero));
        node.Sync();

        Assert.False(node.StepFor<VoteResponse>(new VoteRequest(Node(3), Node(1), 1, EntryId.Zero)).VoteGranted);

        node.Forget();
        node.Step(new VoteRequest(Node(3), Node(1), 2, EntryId.Zero));
        node.Sync();
        Assert.True(node.Only<VoteResponse>().VoteGranted);
    }

    [Fact]
    public void Step2_SameCandidateAgain_GrantedAgainWithoutAnotherWrite()
    {
        var node = new Driver();
        var request = new VoteRequest(Node(2), Node(1), 1, EntryId.Zero);
        node.Step(request);
        node.Sync();

        Assert.True(node.StepFor<VoteResponse>(request).VoteGranted);
        Assert.Empty(node.Writes);
    }

    // Catalogue 2 and the mutant «vote answered before it is durable».
    [Fact]
    public void Results_GrantedVote_LeavesOnlyOnceItIsDurable()
    {
        var node = new Driver();
        var request = new VoteRequest(Node(2), Node(1), 1, EntryId.Zero);

        node.Step(request);
        node.Step(request); // repeated while the write is under way
        Assert.Empty(node.Sent);

        node.Sync();
        Assert.All(node.Sent.Cast<VoteResponse>(), response => Assert.True(response.VoteGranted));
        Assert.Equal(2, node.Sent.Count);
    }

    // The voter's last entry counts though it is not durable yet: it may be acknowledged any moment.
    [Fact]
    public void Step2_OwnLastEntryStillBeingWritten_IsPartOfTheComparison()
    {
        Driver node = new Driver(logTerms: [1]).Following(2, 2);
        node.Step(Append(2, 1, 2, new EntryId(1, 1), 0, Batch(2, 2)));
        node.Elapse(1000);

        VoteResponse response = node.StepFor<VoteResponse>(new VoteRequest(Node(3), Node(1), 2, new EntryId(1, 1)));

        Assert.False(response.VoteGranted);
    }
}
