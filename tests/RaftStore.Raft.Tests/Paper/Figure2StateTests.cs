using RaftStore.Raft.Tests.Cluster;
using static RaftStore.Raft.Tests.Cluster.Driver;

namespace RaftStore.Raft.Tests.Paper;

/// <summary>Figure 2 of the paper, box «State».</summary>
public sealed class Figure2StateTests
{
    [Fact]
    public void CurrentTerm_FirstBoot_IsZeroAndNobodyHasTheVote()
    {
        var node = new Driver();

        Assert.Equal(0, node.Raft.Term);
        Assert.Equal(EntryId.Zero, node.Raft.LastEntry);
        Assert.Equal(0, node.Raft.CommitIndex);
        Assert.Equal(0, node.Raft.AppliedIndex);
    }

    [Fact]
    public void PersistentState_TermSeen_IsHandedToTheDiskBeforeTheAnswer()
    {
        var node = new Driver();

        node.Step(new VoteRequest(Node(2), Node(1), 7, EntryId.Zero));

        PersistRequest write = Assert.Single(node.Writes);
        Assert.Equal(new HardState(7, Node(2)), write.HardState);
        Assert.Empty(node.Sent);
        Assert.True(Assert.IsType<VoteResponse>(Assert.Single(node.Waiting)).VoteGranted);
    }

    [Fact]
    public void PersistentState_Restart_TermVoteAndLogAreThoseOfTheDisk()
    {
        var node = new Driver(term: 9, votedFor: 3, logTerms: [1, 4, 8]);

        Assert.Equal(9, node.Raft.Term);
        Assert.Equal(new EntryId(3, 8), node.Raft.LastEntry);
        Assert.Equal(3, node.Raft.DurableIndex);

        // The vote of term 9 is given: another candidate does not get it, the one who has it may ask again.
        Assert.False(node.StepFor<VoteResponse>(new VoteRequest(Node(2), Node(1), 9, new EntryId(5, 8))).VoteGranted);
        Assert.True(node.StepFor<VoteResponse>(new VoteRequest(Node(3), Node(1), 9, new EntryId(5, 8))).VoteGranted);
    }

    [Fact]
    public void PersistentState_LogAboveTheDurableTerm_IsRefusedAtTheStart()
    {
        var initial = new RaftInitialState { Configuration = ConfigurationOf(3), HardState = new HardState(1, NodeId.None), Batches = [Batch(1, 2)] };

        Assert.Throws<RaftInvariantException>(() => new RaftNode(new RaftOptions { Id = Node(1), Seed = 1 }, initial));
    }

    [Fact]
    public void VolatileState_CommitIndexOfTheDisk_IsAppliedAtOnceAndClampedToTheLog()
    {
        var node = new Driver(logTerms: [1, 1, 1], commitIndex: 2);
        Assert.Equal(2, node.Raft.CommitIndex);
        Assert.Equal([1L, 2L], node.Applied.Select(batch => batch.LastIndex));

        Assert.Equal(3, new Driver(logTerms: [1, 1, 1], commitIndex: 99).Raft.CommitIndex);
    }

    [Fact]
    public void VolatileStateOnLeaders_AfterElection_NextIndexIsTheLeadersLastPlusOneAndMatchIndexZero()
    {
        Driver node = new Driver(logTerms: [1, 1]).Elected(noOpCommitted: false);

        foreach (uint other in node.Others())
        {
            Assert.Equal(0, node.ProgressOf(other).MatchIndex);
            Assert.Equal(ProgressState.Probe, node.ProgressOf(other).State);
        }

        // A second leader's first message shows nextIndex: PrevLog is the last entry before its own no-op.
        var again = new Driver(logTerms: [1, 1]);
        again.ElapseUntil(() => again.Raft.Role == RaftRole.PreCandidate);
        again.Step(new PreVoteResponse(Node(2), Node(1), 2, true));
        again.Sync();
        again.Forget();
        again.Step(new VoteResponse(Node(2), Node(1), 2, true));
        Assert.All(again.Sent.OfType<AppendEntries>(), append => Assert.Equal(new EntryId(2, 1), append.PrevLog));
        Assert.Equal(2, again.Sent.OfType<AppendEntries>().Count());
    }

    [Fact]
    public void VolatileStateOnLeaders_MatchIndexOfTheLeader_IsItsOwnDurableIndex()
    {
        Driver node = new Driver().Elected(noOpCommitted: false);

        Assert.Equal(0, node.ProgressOf(1).MatchIndex);
        node.Sync();
        Assert.Equal(1, node.ProgressOf(1).MatchIndex);
    }
}
