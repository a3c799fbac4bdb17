using RaftStore.Raft.Tests.Cluster;
using static RaftStore.Raft.Tests.Cluster.Driver;

namespace RaftStore.Raft.Tests.Roles;

/// <summary>How a leader sends: windows, sizes, lost messages, backing up (thesis §3.5 and §10.2).</summary>
public sealed class ReplicationTests
{
    [Fact]
    public void Probe_NoAnswer_NothingMoreIsSent()
    {
        Driver node = new Driver().Elected(noOpCommitted: false);

        node.Propose("a");
        node.Propose("b");

        Assert.Empty(node.Sent.OfType<AppendEntries>());
    }

    [Fact]
    public void Replicate_NoAnswer_MessagesArePipelinedUpToTheWindow()
    {
        Driver node = new Driver(options: With(inflightMessages: 3)).Elected();

        for (int i = 0; i < 5; i++)
        {
            node.Propose($"c{i}");
        }

        Assert.Equal([1L, 2L, 3L], node.SentTo<AppendEntries>(2).Select(append => append.PrevLog.Index));
        node.Forget();

        // One acknowledgement makes room for one message, which takes along all that gathered.
        node.Acknowledge(2, 2);
        AppendEntries next = Assert.Single(node.SentTo<AppendEntries>(2));
        Assert.Equal([5L, 6L], next.Batches.Select(batch => batch.LastIndex));
    }

    [Fact]
    public void Replicate_ByteWindow_NeverExceeded()
    {
        int length = Batch(2, 1, new string('x', 100)).LengthBytes;
        Driver node = new Driver(options: With(inflightBytes: (2 * length) + 1)).Elected();

        for (int i = 0; i < 5; i++)
        {
            node.Propose(new string('x', 100));
        }

        Assert.Equal(2, node.SentTo<AppendEntries>(2).Sum(append => append.Batches.Length));
        node.Forget();
        node.Acknowledge(2, 3);
        Assert.Equal(2, node.SentTo<AppendEntries>(2).Sum(append => append.Batches.Length));
    }

    [Fact]
    public void Message_IsAtMostAppendBytes_AndALargerBatchTravelsAlone()
    {
        int length = Batch(2, 1, new string('x', 100)).LengthBytes;
        Driver node = new Driver(options: With(appendBytes: (2 * length) + 1)).Elected();
        node.Acknowledge(2, 1);
        node.Raft.Propose([new byte[100]]);
        node.Raft.Propose([new byte[100]]);
        node.Raft.Propose([new byte[100]]);
        node.Raft.Propose([new byte[1000]]);
        node.Raft.Propose([new byte[100]]);
        node.Take();

        Assert.Equal([2, 1, 1, 1], node.SentTo<AppendEntries>(2).Select(append => append.Batches.Length));
    }

    [Fact]
    public void ByteWindow_SmallerThanOneBatch_TheBatchStillTravels()
    {
        Driver node = new Driver(options: With(inflightBytes: 10)).Elected();

        node.Propose("a");
        node.Propose("b");
        Assert.Single(node.SentTo<AppendEntries>(2));

        node.Acknowledge(2, 2);
        Assert.Equal(2, node.SentTo<AppendEntries>(2).Count());
    }

    [Fact]
    public void Propose_ManySmallCommands_SealedInBatchesOfAtMostSealBytes()
    {
        Driver node = new Driver().Elected();
        var commands = new ReadOnlyMemory<byte>[1000];
        Array.Fill(commands, new byte[1000]);

        ProposeResult result = node.Raft.Propose(commands);
        node.Take();

        IReadOnlyList<EntryBatch> batches = node.Writes.Last().Batches;
        Assert.All(batches, batch => Assert.InRange(batch.LengthBytes, EntryBatch.HeaderBytes, EntryBatch.SealBytes));
        Assert.Equal(4, batches.Count);
        Assert.Equal((2L, 1001L), (result.FirstIndex, batches[^1].LastIndex));
    }

    [Fact]
    public void Propose_NotTheLeader_Refused()
    {
        Driver node = new Driver().Following(2, 1);

        Assert.Equal(ProposeStatus.NotLeader, node.Propose("a").Status);
        Assert.Equal(EntryId.Zero, node.Raft.LastEntry);
    }

    [Fact]
    public void Propose_NothingOrTooLarge_IsTheCallersError()
    {
        Driver node = new Driver().Elected();

        Assert.Throws<ArgumentException>(() => node.Raft.Propose([]));
        Assert.Throws<ArgumentException>(() => node.Raft.Propose([new byte[EntryBatch.LengthBytesMax]]));
        Assert.Equal(1, node.Raft.LastEntry.Index);
    }

    // Catalogue 80: quorum lost: what is not committed is capped, and the counter returns to 0.
    [Fact]
    public void Propose_QuorumLost_RefusedAtTheBoundAndTakenAgainAfterwards()
    {
        Driver node = new Driver(options: With(unappliedBytes: 1000)).Elected();
        Assert.Equal(0, node.Raft.UnappliedBytes);

        int taken = 0;
        while (node.Propose(new string('x', 100)).Status == ProposeStatus.Appended)
        {
            taken++;
        }

        Assert.InRange(node.Raft.UnappliedBytes, 700, 1000);
        Assert.Equal(1 + taken, node.Raft.LastEntry.Index);
        node.Sync();
        node.AcknowledgeAll();
        Assert.Equal(0, node.Raft.UnappliedBytes);
        Assert.Equal(ProposeStatus.Appended, node.Propose("a").Status);
    }

    [Fact]
    public void Propose_LargerThanTheBoundOnItsOwn_TakenWhenNothingElseWaits()
    {
        Driver node = new Driver(options: With(unappliedBytes: 100)).Elected();

        Assert.Equal(ProposeStatus.Appended, node.Propose(new string('x', 500)).Status);
        Assert.Equal(ProposeStatus.Overloaded, node.Propose("a").Status);
    }

    [Fact]
    public void PeerUnreachable_WindowUnderWay_ProbedFromWhatIsAcknowledged()
    {
        Driver node = new Driver().Elected();
        node.Propose("a");
        node.Propose("b");
        node.Forget();

        node.Raft.PeerUnreachable(Node(2));
        node.Take();

        AppendEntries probe = Assert.Single(node.SentTo<AppendEntries>(2));
        Assert.Equal(1, probe.PrevLog.Index);
        Assert.Equal(ProgressState.Probe, node.ProgressOf(2).State);
    }

    [Fact]
    public void PeerUnreachable_ThatIsNoOtherMember_Ignored()
    {
        Driver node = new Driver().Elected();

        node.Raft.PeerUnreachable(Node(1));
        node.Raft.PeerUnreachable(Node(99));
        node.Raft.SnapshotAbandoned(Node(99));
        node.Take();

        Assert.Empty(node.Sent);
    }

    // Lost without a trace: the heartbeats' answers show that it is alive.
    [Fact]
    public void Replicate_AliveButNothingAcknowledgedForTwoHeartbeats_ProbedAgain()
    {
        Driver node = new Driver().Elected();
        node.Propose("a");
        node.Forget();

        node.Elapse(200);
        node.Step(new HeartbeatResponse(Node(2), Node(1), 1, 0, 0, 0));
        Assert.Empty(node.SentTo<AppendEntries>(2));

        node.Elapse(1);
        node.Step(new HeartbeatResponse(Node(2), Node(1), 1, 0, 0, 0));
        Assert.Equal(1, Assert.Single(node.SentTo<AppendEntries>(2)).PrevLog.Index);
        Assert.Empty(node.SentTo<AppendEntries>(3));
    }

    [Fact]
    public void Probe_LostOne_RepeatedWithTheNextHeartbeatAnswer()
    {
        Driver node = new Driver(logTerms: [1]).Elected(noOpCommitted: false);

        node.Elapse(100);
        node.Step(new HeartbeatResponse(Node(2), Node(1), 2, 0, 0, 0));

        Assert.Equal(1, Assert.Single(node.SentTo<AppendEntries>(2)).PrevLog.Index);
    }

    [Fact]
    public void Replicate_MessageLostInThePipeline_TheRefusalOfTheNextLeadsBackToIt()
    {
        Driver node = new Driver().Elected();
        node.Propose("a");
        node.Propose("b");
        node.Propose("c");
        node.Forget();

        // Entry 2 was lost: the follower refuses those after it.
        node.Refuse(2, 2, new EntryId(1, 1));
        node.Refuse(2, 3, new EntryId(1, 1));

        AppendEntries probe = Assert.Single(node.SentTo<AppendEntries>(2));
        Assert.Equal([2L, 3L, 4L], probe.Batches.Select(batch => batch.LastIndex));
        node.Acknowledge(2, 4);
        Assert.Equal((4L, ProgressState.Replicate), (node.ProgressOf(2).MatchIndex, node.ProgressOf(2).State));
    }

    [Fact]
    public void Refusal_HintOfManyTerms_OneRoundPerTermAtMost()
    {
        // The leader has 20 entries of term 9; the follower 20 entries of terms 2 to 8.
        Driver node = new Driver(logTerms: [1, 1, .. Enumerable.Repeat(9L, 20)]).Elected(noOpCommitted: false);

        node.Refuse(2, 22, new EntryId(21, 8));

        Assert.Equal(new EntryId(2, 1), Assert.Single(node.SentTo<AppendEntries>(2)).PrevLog);
    }

    [Fact]
    public void Acknowledgement_PastTheLeadersLogOrInsideABatch_DroppedAndCounted()
    {
        Driver node = new Driver().Elected();
        node.Raft.Propose([new byte[1], new byte[1], new byte[1]]);
        node.Take();

        node.Acknowledge(2, 99);
        node.Acknowledge(2, 3);

        Assert.Equal(2, node.Raft.DroppedMessages);
        Assert.Equal(1, node.ProgressOf(2).MatchIndex);
    }

    // Rule of the house: time counts on from the last batch in the log, by the time that passes under this leader alone.
    [Fact]
    public void ClusterTime_NewLeader_GoesOnFromTheLastBatchAndNeverBack()
    {
        var node = new Driver(options: With());
        node.Following(2, 1);
        node.Step(Append(2, 1, 1, EntryId.Zero, 0, Batch(1, 1, clusterTimeMs: 5_000_000)));
        node.Sync();
        node.Elected();
        Assert.Equal(5_000_000, node.Applied[^1].ClusterTimeMs);

        node.Elapse(90);
        node.Propose("a");

        Assert.Equal(5_000_090, node.Writes.Last().Batches[0].ClusterTimeMs);
    }

    [Fact]
    public void Progress_Members_AreListedInOrderWithTheLeaderItself()
    {
        Driver node = new Driver(size: 3, id: 2).Elected();
        node.Elapse(70);
        node.Step(new HeartbeatResponse(Node(3), Node(2), 1, 0, 0, 1));

        IReadOnlyList<MemberProgress> progress = node.Raft.Progress;

        Assert.Equal([1u, 2u, 3u], progress.Select(member => member.Id.Value));
        Assert.Equal(new MemberProgress(Node(1), 1, ProgressState.Replicate, 70, 0, false), progress[0]);
        Assert.Equal(new MemberProgress(Node(2), 1, ProgressState.Replicate, 0, 1, false), progress[1]);
        Assert.Equal(new MemberProgress(Node(3), 1, ProgressState.Replicate, 0, 1, false), progress[2]);
        Assert.Empty(new Driver().Raft.Progress);
    }

    [Fact]
    public void Committed_MoreThanOneReadyMayCarry_HandedOutInSeveral()
    {
        Driver node = new Driver().Elected();
        for (int i = 0; i < 5; i++)
        {
            node.Raft.Propose([new byte[1 << 20]]);
        }

        node.Take();
        foreach (PersistRequest write in node.Writes.ToList())
        {
            node.Raft.Persisted(write.Token);
        }

        node.Raft.Step(new AppendEntriesResponse(Node(2), Node(1), 1, true, 5, 6, EntryId.Zero));
        Assert.Equal(3, node.Raft.TakeReady().Committed.Count);
        Assert.Equal(4, node.Raft.AppliedIndex);
        Assert.Equal(2, node.Raft.TakeReady().Committed.Count);
        Assert.True(node.Raft.TakeReady().IsEmpty);
    }

    private static RaftOptions With(int inflightMessages = 64, long inflightBytes = 8 << 20, int appendBytes = 256 << 10, long unappliedBytes = 64 << 20) => new()
    {
        Id = Node(1),
        Seed = 1,
        InflightMessagesMax = inflightMessages,
        InflightBytesMax = inflightBytes,
        AppendBytesMax = appendBytes,
        UnappliedBytesMax = unappliedBytes,
    };
}
