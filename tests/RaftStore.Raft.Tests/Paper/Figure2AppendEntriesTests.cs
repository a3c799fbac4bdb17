using RaftStore.Raft.Tests.Cluster;
using static RaftStore.Raft.Tests.Cluster.Driver;

namespace RaftStore.Raft.Tests.Paper;

/// <summary>Figure 2 of the paper, box «AppendEntries RPC», receiver implementation.</summary>
public sealed class Figure2AppendEntriesTests
{
    [Fact]
    public void Step1_TermBelowCurrentTerm_RefusedWithTheCurrentTerm()
    {
        var node = new Driver(term: 5, logTerms: [1]);

        AppendEntriesResponse response = node.StepFor<AppendEntriesResponse>(Append(2, 1, 4, new EntryId(1, 1), 1, Batch(2, 4)));

        Assert.False(response.Success);
        Assert.Equal(5, response.Term);
        Assert.Equal(new EntryId(1, 1), node.Raft.LastEntry);
        Assert.Equal(NodeId.None, node.Raft.Leader);
    }

    [Theory]
    [InlineData(4, 2)] // the log ends before
    [InlineData(3, 3)] // another term stands there
    public void Step2_NoEntryAtPrevLogIndexWithPrevLogTerm_Refused(long prevLogIndex, long prevLogTerm)
    {
        Driver node = new Driver(logTerms: [1, 1, 2]).Following(2, 4);

        AppendEntriesResponse response = node.StepFor<AppendEntriesResponse>(
            Append(2, 1, 4, new EntryId(prevLogIndex, prevLogTerm), 0, Batch(prevLogIndex + 1, 4)));

        Assert.False(response.Success);
        Assert.Equal(prevLogIndex, response.PrevLogIndex);
        Assert.Equal(new EntryId(3, 2), node.Raft.LastEntry);
    }

    [Fact]
    public void Step2_EmptyLogAndPrevLogZero_Accepted()
    {
        Driver node = new Driver().Following(2, 1);

        node.Step(Append(2, 1, 1, EntryId.Zero, 0, Batch(1, 1)));
        node.Sync();

        Assert.Equal(1, node.Only<AppendEntriesResponse>().MatchIndex);
    }

    // Mutant «term(0) taken as a match»: the place before the log matches nothing but itself.
    [Fact]
    public void Step2_PrevLogTermOfAnEmptyPlace_IsNoMatch()
    {
        Driver node = new Driver().Following(2, 1);

        AppendEntriesResponse response = node.StepFor<AppendEntriesResponse>(Append(2, 1, 1, new EntryId(1, 1), 0, Batch(2, 1)));

        Assert.False(response.Success);
        Assert.Equal(EntryId.Zero, response.Hint);
    }

    [Fact]
    public void Step3_ConflictingEntry_ItAndAllThatFollowAreDeleted()
    {
        Driver node = new Driver(logTerms: [1, 1, 2, 2, 2]).Following(2, 4);

        node.Step(Append(2, 1, 4, new EntryId(2, 1), 0, Batch(3, 3)));

        PersistRequest write = Assert.Single(node.Writes);
        Assert.Equal(3, write.TruncateFrom);
        Assert.Equal(new EntryId(3, 3), Assert.Single(write.Batches).Last);
        Assert.Equal(new EntryId(3, 3), node.Raft.LastEntry);
        Assert.Equal(2, node.Raft.DurableIndex);
    }

    // Catalogue 5: «if an existing entry conflicts»: without a conflict nothing is deleted, however short the message.
    [Fact]
    public void Step3_LateMessageHoldingAnOldPrefix_TheSuffixStaysAndTheAnswerClaimsOnlyThePrefix()
    {
        Driver node = new Driver(logTerms: [1, 1, 2, 2, 2]).Following(2, 4);

        AppendEntriesResponse response = node.StepFor<AppendEntriesResponse>(Append(2, 1, 4, new EntryId(1, 1), 0, Batch(2, 1)));

        Assert.Equal(new EntryId(5, 2), node.Raft.LastEntry);
        Assert.Equal(5, node.Raft.DurableIndex);
        Assert.True(response.Success);
        Assert.Equal(2, response.MatchIndex);
    }

    [Fact]
    public void Step4_EntriesNotAlreadyInTheLog_AreAppendedAfterThoseThatAre()
    {
        Driver node = new Driver(logTerms: [1, 1]).Following(2, 1);

        node.Step(Append(2, 1, 1, new EntryId(1, 1), 0, Batch(2, 1), Batch(3, 1), Batch(4, 1)));

        Assert.Equal([3L, 4L], Assert.Single(node.Writes).Batches.Select(batch => batch.FirstIndex));
        node.Sync();
        Assert.Equal(4, node.Only<AppendEntriesResponse>().MatchIndex);
    }

    [Fact]
    public void Step5_LeaderCommitAboveCommitIndex_CommitIndexIsTheLesserOfItAndTheLastNewEntry()
    {
        Driver node = new Driver(logTerms: [1, 1, 1, 1]).Following(2, 2);

        // Entries 3 and 4 may conflict with the leader's: this message vouches for entry 2 alone.
        node.Step(Append(2, 1, 2, new EntryId(1, 1), 4, Batch(2, 1)));
        Assert.Equal(2, node.Raft.CommitIndex);

        node.Step(Append(2, 1, 2, new EntryId(4, 1), 3));
        Assert.Equal(3, node.Raft.CommitIndex);
    }

    [Fact]
    public void Step5_LeaderCommitBelowCommitIndex_ChangesNothing()
    {
        Driver node = new Driver(logTerms: [1, 1, 1], commitIndex: 3).Following(2, 2);

        node.Step(Append(2, 1, 2, new EntryId(3, 1), 1));

        Assert.Equal(3, node.Raft.CommitIndex);
    }

    [Fact]
    public void Step5_HeartbeatUpToWhatIsDurableHere_CommitsIt()
    {
        Driver node = new Driver(logTerms: [1, 1]).Following(2, 1);

        node.Step(new Heartbeat(Node(2), Node(1), 1, 2, 0, -1, 0, 99));

        Assert.Equal(2, node.Raft.CommitIndex);
    }

    // A leader names no more than this node told it in that term, so an entry that is not there was there.
    [Fact]
    public void Step5_HeartbeatBeyondWhatIsDurableHere_StopsTheNodeAndCommitsNothing()
    {
        Driver node = new Driver(logTerms: [1]).Following(2, 1);
        node.Step(Append(2, 1, 1, new EntryId(1, 1), 1, Batch(2, 1)));

        LostEntriesException lost = Assert.Throws<LostEntriesException>(() => node.Raft.Step(new Heartbeat(Node(2), Node(1), 1, 2, 0, -1, 0, 99)));

        Assert.Contains("to entry 2, and it ends in entry 1", lost.Message, StringComparison.Ordinal);
        Assert.Equal(1, node.Raft.CommitIndex);
    }

    [Fact]
    public void Step5_HeartbeatOfAnOldTermBeyondWhatIsDurableHere_IsOnlyAnswered()
    {
        Driver node = new Driver(logTerms: [1]).Following(2, 3);

        HeartbeatResponse answer = node.StepFor<HeartbeatResponse>(new Heartbeat(Node(3), Node(1), 2, 2, 7, -1, 0, 99));

        Assert.Equal((3, 0), (answer.Term, answer.ReadRound));
    }

    [Fact]
    public void Results_Success_LeavesOnlyOnceTheEntriesAreDurable()
    {
        Driver node = new Driver().Following(2, 1);

        node.Step(Append(2, 1, 1, EntryId.Zero, 0, Batch(1, 1)));
        Assert.Empty(node.Sent);

        node.Sync();
        Assert.True(node.Only<AppendEntriesResponse>().Success);
    }

    // Nothing new is to be written for the repetition, and yet the entry is not durable.
    [Fact]
    public void Results_RepetitionWhileTheWriteIsUnderWay_AnsweredOnlyOnceItIsDurable()
    {
        Driver node = new Driver().Following(2, 1);
        AppendEntries append = Append(2, 1, 1, EntryId.Zero, 0, Batch(1, 1));
        node.Step(append);

        node.Step(append);
        node.Step(Append(2, 1, 1, new EntryId(1, 1), 0));
        Assert.Empty(node.Sent);
        Assert.Single(node.Writes);

        node.Sync();
        Assert.All(node.Sent.OfType<AppendEntriesResponse>(), response => Assert.Equal(1, response.MatchIndex));
        Assert.Equal(2, node.Sent.Count);
    }

    [Fact]
    public void Results_SeveralRequestsInOneRunOfInputs_OneAnswerForAll()
    {
        Driver node = new Driver().Following(2, 1);

        node.Raft.Step(Append(2, 1, 1, EntryId.Zero, 0, Batch(1, 1)));
        node.Raft.Step(Append(2, 1, 1, new EntryId(1, 1), 0, Batch(2, 1)));
        node.Raft.Step(Append(2, 1, 1, new EntryId(2, 1), 0, Batch(3, 1)));
        node.Take();

        Assert.Equal(3, Assert.Single(node.Writes).Batches.Count);
        node.Sync();
        Assert.Equal(3, node.Only<AppendEntriesResponse>().MatchIndex);
    }

    // §5.3 of the paper: the refusal carries the term of the conflicting entry and the first place that can match.
    [Theory]
    [InlineData(9, 6, 6, 3)] // the log ends in 3 terms 1, two of 2, one of 3
    [InlineData(6, 2, 5, 2)] // at index 6 stands term 3, above the leader's 2
    [InlineData(6, 1, 3, 1)]
    [InlineData(5, 4, 4, 2)] // at index 5 stands term 2: nothing from there on matches
    [InlineData(2, 3, 1, 1)]
    [InlineData(1, 2, 0, 0)]
    public void Results_Refusal_HintIsTheLastEntryThatCanMatch(long prevLogIndex, long prevLogTerm, long hintIndex, long hintTerm)
    {
        Driver node = new Driver(logTerms: [1, 1, 1, 2, 2, 3]).Following(2, 9);

        AppendEntriesResponse response = node.StepFor<AppendEntriesResponse>(Append(2, 1, 9, new EntryId(prevLogIndex, prevLogTerm), 0));

        Assert.False(response.Success);
        Assert.Equal(new EntryId(hintIndex, hintTerm), response.Hint);
    }

    [Fact]
    public void Receiver_BatchesOfSeveralEntries_AreNeverSplit()
    {
        Driver node = new Driver().Following(2, 2);
        ReadOnlyMemory<byte>[] three = [new byte[1], new byte[1], new byte[1]];
        EntryBatch old = EntryBatch.Seal(new EntryId(1, 1), 0, EntryKind.Command, three);
        EntryBatch replacing = EntryBatch.Seal(new EntryId(1, 2), 0, EntryKind.Command, three.AsSpan(0, 2));
        node.Step(Append(2, 1, 2, EntryId.Zero, 0, old));
        node.Sync();
        Assert.Equal(new EntryId(3, 1), node.Raft.LastEntry);

        node.Step(Append(2, 1, 2, EntryId.Zero, 1, replacing));

        Assert.Equal(new EntryId(2, 2), node.Raft.LastEntry);
        Assert.Equal(1, node.Writes.Single().TruncateFrom);
        Assert.Equal(0, node.Raft.CommitIndex); // 1 lies inside the batch
    }
}
