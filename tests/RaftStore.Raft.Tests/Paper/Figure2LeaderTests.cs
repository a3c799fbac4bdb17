using RaftStore.Raft.Tests.Cluster;
using static RaftStore.Raft.Tests.Cluster.Driver;

namespace RaftStore.Raft.Tests.Paper;

/// <summary>Figure 2 of the paper, box «Rules for Servers», leaders.</summary>
public sealed class Figure2LeaderTests
{
    // The paper sends an empty AppendEntries; the no-op of thesis §6.4 stands in its place.
    [Fact]
    public void UponElection_NoOpOfItsTermGoesToEveryoneAndToItsOwnDiskAtOnce()
    {
        Driver node = Leader(noOpCommitted: false);

        EntryBatch noOp = Assert.Single(node.Writes.Last().Batches);
        Assert.Equal(new EntryId(1, 1), noOp.Last);
        foreach (Entry entry in noOp)
        {
            Assert.Equal(EntryKind.NoOp, entry.Kind);
        }
    }

    [Fact]
    public void IdlePeriods_HeartbeatToEveryoneEachInterval()
    {
        Driver node = Leader();
        node.Elapse(100);
        node.Forget();

        for (int i = 0; i < 5; i++)
        {
            node.Elapse(100);
            node.Step(new HeartbeatResponse(Node(2), Node(1), 1, 0, 0, 0));
        }

        Assert.Equal(5, node.SentTo<Heartbeat>(2).Count());
        Assert.Equal(5, node.SentTo<Heartbeat>(3).Count());
    }

    // Heartbeats never queue behind data: a full window holds back entries only.
    [Fact]
    public void FullWindow_HeartbeatsGoOut()
    {
        Driver node = new Driver(options: new RaftOptions { Id = Node(1), Seed = 1, InflightMessagesMax = 1 }).Elected();
        node.Propose("a");
        node.Propose("b");
        Assert.Single(node.SentTo<AppendEntries>(2));
        node.Forget();

        node.Elapse(100);

        Assert.Single(node.SentTo<Heartbeat>(2));
        Assert.Empty(node.SentTo<AppendEntries>(2));
    }

    [Fact]
    public void CommandFromAClient_AppendedReplicatedAndAppliedOnceCommitted()
    {
        Driver node = Leader();

        ProposeResult result = node.Propose("a");

        Assert.Equal(new ProposeResult(ProposeStatus.Appended, 2, 1), result);
        Assert.Equal(2, node.Sent.OfType<AppendEntries>().Count());
        node.Sync();
        Assert.Equal(1, node.Raft.CommitIndex);
        node.Acknowledge(2, 2);
        Assert.Equal(2, node.Raft.CommitIndex);
        Assert.Equal(2, node.Applied[^1].LastIndex);
    }

    // Rule of the house: the leader's disk works in parallel with replication, and a majority without it is one too.
    [Fact]
    public void OwnWriteStillUnderWay_MajorityOfFollowersCommitsButItIsNotAppliedHere()
    {
        Driver node = Leader();
        node.Propose("a");

        node.Acknowledge(2, 2);
        Assert.Equal(1, node.Raft.CommitIndex);
        node.Acknowledge(3, 2);
        Assert.Equal(2, node.Raft.CommitIndex);
        Assert.Equal(1, node.Raft.AppliedIndex);

        node.Sync();
        Assert.Equal(2, node.Raft.AppliedIndex);
    }

    [Fact]
    public void LastIndexAtLeastNextIndex_EntriesFromNextIndexOnAreSent()
    {
        Driver node = Leader();

        node.Propose("a");

        AppendEntries append = Assert.Single(node.SentTo<AppendEntries>(2));
        Assert.Equal(new EntryId(1, 1), append.PrevLog);
        Assert.Equal(2, Assert.Single(append.Batches).LastIndex);
        Assert.Equal(1, append.LeaderCommit);
    }

    [Fact]
    public void Success_NextIndexAndMatchIndexAreUpdated()
    {
        Driver node = Leader();
        node.Propose("a");
        node.Acknowledge(2, 2);
        Assert.Equal(2, node.ProgressOf(2).MatchIndex);
        node.Forget();

        node.Propose("b");

        Assert.Equal(new EntryId(2, 1), Assert.Single(node.SentTo<AppendEntries>(2)).PrevLog);
    }

    [Fact]
    public void Success_LaterThanOneThatSaysMore_ChangesNothing()
    {
        Driver node = Leader();
        node.Propose("a");
        node.Acknowledge(2, 2);

        node.Acknowledge(2, 1);

        Assert.Equal(2, node.ProgressOf(2).MatchIndex);
    }

    [Fact]
    public void Refusal_NextIndexGoesBackAndItIsTriedAgainAtOnce()
    {
        Driver node = new Driver(logTerms: [1, 1, 1, 1]).Elected(noOpCommitted: false);

        node.Refuse(2, 4, new EntryId(2, 1));

        AppendEntries again = Assert.Single(node.SentTo<AppendEntries>(2));
        Assert.Equal(new EntryId(2, 1), again.PrevLog);
        Assert.Equal([3L, 4L, 5L], again.Batches.Select(batch => batch.LastIndex));
    }

    [Fact]
    public void Refusal_OfARequestLongAnswered_Ignored()
    {
        Driver node = new Driver(logTerms: [1, 1, 1, 1]).Elected(noOpCommitted: false);
        node.Acknowledge(2, 5);
        node.Forget();

        node.Refuse(2, 4, new EntryId(1, 1));

        Assert.Empty(node.Sent);
        Assert.Equal((5L, ProgressState.Replicate), (node.ProgressOf(2).MatchIndex, node.ProgressOf(2).State));
    }

    // Last rule for leaders, and thesis §3.6.2: the mutant «commit by counting entries of an earlier term» dies here.
    [Fact]
    public void MajorityHoldsAnEntryOfAnEarlierTerm_NotCommittedUntilOneOfThisTermIs()
    {
        Driver node = new Driver(size: 5, logTerms: [1, 2]).Elected(noOpCommitted: false);
        node.Sync();

        node.Acknowledge(2, 2);
        node.Acknowledge(3, 2);
        Assert.Equal(0, node.Raft.CommitIndex);

        node.Acknowledge(2, 3);
        Assert.Equal(0, node.Raft.CommitIndex);
        node.Acknowledge(3, 3);
        Assert.Equal(3, node.Raft.CommitIndex);
    }

    // Catalogue 7, and the mutant «quorum off by one at even sizes».
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(4, 2)]
    [InlineData(5, 2)]
    [InlineData(6, 3)]
    [InlineData(7, 3)]
    public void Commit_AnyClusterSize_NeedsMoreThanHalf(int size, int acknowledgements)
    {
        Driver node = new Driver(size).Elected();
        node.Propose("a");
        node.Sync();

        for (uint follower = 2; follower < 2 + acknowledgements; follower++)
        {
            Assert.Equal(1, node.Raft.CommitIndex);
            node.Acknowledge(follower, 2);
        }

        Assert.Equal(2, node.Raft.CommitIndex);
    }

    // Catalogue 8, and the mutant «cluster of one acknowledging before the sync».
    [Fact]
    public void ClusterOfOne_NothingIsCommittedBeforeItIsDurable()
    {
        Driver node = new Driver(size: 1).Elected();

        node.Propose("a");
        Assert.Equal((1L, 1L), (node.Raft.CommitIndex, node.Raft.AppliedIndex));

        node.Sync();
        Assert.Equal((2L, 2L), (node.Raft.CommitIndex, node.Raft.AppliedIndex));
    }

    // Leader Append-Only, Figure 3 of the paper.
    [Fact]
    public void AppendEntriesOfAnotherLeaderInTheSameTerm_DroppedAndCounted()
    {
        Driver node = Leader();

        node.Step(Append(2, 1, 1, EntryId.Zero, 0, Batch(1, 1)));

        Assert.Equal(RaftRole.Leader, node.Raft.Role);
        Assert.Equal(1, node.Raft.DroppedMessages);
        Assert.Empty(node.Sent);
    }

    private static Driver Leader(bool noOpCommitted = true) => new Driver().Elected(noOpCommitted);
}
