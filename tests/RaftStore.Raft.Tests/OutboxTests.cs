using RaftStore.Raft.Tests.Cluster;
using static RaftStore.Raft.Tests.Cluster.Driver;

namespace RaftStore.Raft.Tests;

public sealed class OutboxTests
{
    // Figure 2: persistent state is updated on stable storage before responding to RPCs, whatever the answer is.
    [Fact]
    public void NewTermStillBeingWritten_NoMessageOfItLeaves()
    {
        var node = new Driver();
        node.Step(new Heartbeat(Node(2), Node(1), 5, 0, 1, -1, 0, 0));
        node.Step(new Heartbeat(Node(2), Node(1), 5, 0, 2, -1, 0, 0));
        node.Step(Append(2, 1, 5, new EntryId(3, 3), 0));
        Assert.Empty(node.Sent);

        node.Sync();

        Assert.Equal([1L, 2L], node.Sent.OfType<HeartbeatResponse>().Select(response => response.ReadRound).Order());
        Assert.False(node.Only<AppendEntriesResponse>().Success);
    }

    [Fact]
    public void TermPassedBeforeTheReadyIsTaken_ItsAnswersAreVoid()
    {
        var node = new Driver();
        node.Raft.Step(new VoteRequest(Node(2), Node(1), 5, EntryId.Zero));
        node.Raft.Step(new VoteRequest(Node(3), Node(1), 6, EntryId.Zero));
        node.Take();

        // One write, of the later term; a vote of term 5 was never durable and is never told.
        Assert.Equal(new HardState(6, Node(3)), Assert.Single(node.Writes).HardState);
        node.Sync();
        Assert.Equal((6L, Node(3)), (node.Only<VoteResponse>().Term, node.Only<VoteResponse>().To));
    }

    [Fact]
    public void TermPassedWhileMessagesAreHeldBack_TheyAreDropped()
    {
        var node = new Driver();
        node.Step(new Heartbeat(Node(2), Node(1), 5, 0, 1, -1, 0, 0));
        node.Step(new Heartbeat(Node(2), Node(1), 5, 0, 2, -1, 0, 0)); // held back
        node.Step(new Heartbeat(Node(3), Node(1), 6, 0, 3, -1, 0, 0));

        node.Sync();

        Assert.DoesNotContain(node.Sent.OfType<HeartbeatResponse>(), response => response.ReadRound == 2);
    }

    [Fact]
    public void DiskThatNeverAnswers_HeldMessagesAreBounded()
    {
        var node = new Driver();
        for (int i = 0; i < 5000; i++)
        {
            node.Step(new Heartbeat(Node(2), Node(1), 5, 0, i, -1, 0, 0));
        }

        node.Sync();

        Assert.InRange(node.Sent.Count, 1, 257);
    }

    [Fact]
    public void EntriesAppendedAndTruncatedBeforeTheReadyIsTaken_AreNeverWritten()
    {
        Driver node = new Driver(logTerms: [1]).Following(2, 2);
        node.Raft.Step(Append(2, 1, 2, new EntryId(1, 1), 0, Batch(2, 2), Batch(3, 2)));
        node.Raft.Step(Append(3, 1, 3, new EntryId(1, 1), 0, Batch(2, 3)));
        node.Take();

        PersistRequest write = Assert.Single(node.Writes);
        Assert.Null(write.TruncateFrom);
        Assert.Equal(new EntryId(2, 3), Assert.Single(write.Batches).Last);
        node.Sync();
        Assert.Equal((2L, Node(3)), (node.Only<AppendEntriesResponse>().MatchIndex, node.Only<AppendEntriesResponse>().To));
    }

    [Fact]
    public void TwoTruncationsInOneRun_TheLowerOneIsAskedFor()
    {
        Driver node = new Driver(logTerms: [1, 1, 1, 1]).Following(2, 2);
        node.Raft.Step(Append(2, 1, 2, new EntryId(3, 1), 0, Batch(4, 2)));
        node.Raft.Step(Append(3, 1, 3, new EntryId(1, 1), 0, Batch(2, 3)));
        node.Take();

        PersistRequest write = Assert.Single(node.Writes);
        Assert.Equal((2L, 2L), (write.TruncateFrom, Assert.Single(write.Batches).LastIndex));
        node.Sync();
        Assert.Equal(2, node.Raft.DurableIndex);
    }

    // The caller may still be working through a Ready while inputs arrive.
    [Fact]
    public void InputsAfterAReady_DoNotTouchIt()
    {
        Driver leader = new Driver().Elected();
        leader.Raft.Propose([new byte[1]]);
        Ready ready = leader.Raft.TakeReady();
        int messages = ready.Messages.Count;
        PersistRequest? persist = ready.Persist;

        leader.Raft.Propose([new byte[1]]);
        leader.Raft.Step(new ReadIndexRequest(Node(2), Node(1), 1, new ReadId(1)));
        leader.Raft.Step(new PreVoteRequest(Node(2), Node(1), 2, EntryId.Zero));

        Assert.Equal(messages, ready.Messages.Count);
        Assert.Same(persist, ready.Persist);
        Assert.Single(persist!.Batches);
        Assert.NotSame(ready, leader.Raft.TakeReady());
    }

    [Fact]
    public void PersistRequest_CommitIndex_IsTheOneKnownThen()
    {
        Driver node = new Driver(logTerms: [1, 1]).Following(2, 2);

        node.Step(Append(2, 1, 2, new EntryId(2, 1), 2, Batch(3, 2)));

        Assert.Equal(2, node.Writes.Single().CommitIndex);
    }
}
