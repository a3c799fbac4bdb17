using RaftStore.Raft.Tests.Cluster;
using static RaftStore.Raft.Tests.Cluster.Driver;

namespace RaftStore.Raft.Tests.Roles;

/// <summary>Thesis chapter 5: installing snapshots, and the log behind them. Catalogue 31 to 34 and 37.</summary>
public sealed class SnapshotTests
{
    [Fact]
    public void Leader_FollowerLacksEvenTheFirstEntryInMemory_SnapshotWantedOnceAndNothingElseSent()
    {
        Driver node = LeaderWithoutOldEntries();

        node.Refuse(2, node.Raft.LastEntry.Index, EntryId.Zero);
        Assert.Equal(Node(2), Assert.Single(node.SnapshotsWanted));
        node.Forget();
        node.Propose("more");
        node.Elapse(100);
        node.Step(new HeartbeatResponse(Node(2), Node(1), 1, 0, 0, 0));

        Assert.Single(node.SnapshotsWanted);
        Assert.Empty(node.SentTo<AppendEntries>(2));
        Assert.Single(node.SentTo<Heartbeat>(2));
        Assert.Equal(ProgressState.Snapshot, node.ProgressOf(2).State);
    }

    [Fact]
    public void Leader_FollowerWithinTheCatchUpWindow_GetsEntries()
    {
        Driver node = new Driver().Elected(noOpCommitted: false);
        for (int i = 0; i < 50; i++)
        {
            node.Propose($"c{i}");
            node.Sync();
            node.Acknowledge(3, node.Raft.LastEntry.Index);
        }

        Assert.Equal(1, node.Raft.FirstIndex);
        node.Elapse(100);
        node.Step(new HeartbeatResponse(Node(2), Node(1), 1, 0, 0, 0));
        node.Acknowledge(2, 1);

        Assert.Empty(node.SnapshotsWanted);
        Assert.Equal([2L, 51L], new[] { node.SentTo<AppendEntries>(2).Last().Batches[0].FirstIndex, node.SentTo<AppendEntries>(2).Last().Batches[^1].LastIndex });
    }

    [Fact]
    public void Leader_DeliveredOrAbandoned_ProbedAtTheSnapshotsLastEntry()
    {
        foreach (bool wasDelivered in new[] { true, false })
        {
            Driver node = LeaderWithoutOldEntries();
            node.Refuse(2, node.Raft.LastEntry.Index, EntryId.Zero);
            EntryId snapshot = node.Raft.LastEntry;
            node.Propose("meanwhile");
            node.Step(new InstallSnapshotResponse(Node(2), Node(1), 1, snapshot, 100));
            node.Forget();

            if (wasDelivered)
            {
                node.Raft.SnapshotDelivered(Node(2));
            }
            else
            {
                node.Raft.SnapshotAbandoned(Node(2));
            }

            node.Take();
            AppendEntries probe = Assert.Single(node.SentTo<AppendEntries>(2));
            Assert.Equal((snapshot, "meanwhile"), (probe.PrevLog, System.Text.Encoding.UTF8.GetString(First(probe))));
        }
    }

    // Catalogue 20: applied entries left memory while the snapshot was on its way; the follower needs another.
    [Fact]
    public void Leader_WindowMovedPastTheSnapshotMeanwhile_AnotherSnapshotIsWanted()
    {
        Driver node = LeaderWithoutOldEntries();
        node.Refuse(2, node.Raft.LastEntry.Index, EntryId.Zero);
        EntryId snapshot = node.Raft.LastEntry;
        CommitSome(node);
        node.Raft.SnapshotDelivered(Node(2));
        node.Take();

        node.Refuse(2, node.Raft.FirstIndex - 1, snapshot);

        Assert.Equal([Node(2), Node(2)], node.SnapshotsWanted);
    }

    [Fact]
    public void Leader_AnswerLost_TheFollowersAppliedIndexShowsThatItWasInstalled()
    {
        Driver node = LeaderWithoutOldEntries();
        node.Refuse(2, node.Raft.LastEntry.Index, EntryId.Zero);
        node.Forget();

        node.Step(new HeartbeatResponse(Node(2), Node(1), 1, 0, 0, node.Raft.AppliedIndex));

        Assert.Single(node.SentTo<AppendEntries>(2));
        Assert.Equal(ProgressState.Probe, node.ProgressOf(2).State);
    }

    [Fact]
    public void Leader_ConnectionBreaksDuringASnapshot_ItsSenderGoesOn()
    {
        Driver node = LeaderWithoutOldEntries();
        node.Refuse(2, node.Raft.LastEntry.Index, EntryId.Zero);

        node.Raft.PeerUnreachable(Node(2));
        node.Take();

        Assert.Equal(ProgressState.Snapshot, node.ProgressOf(2).State);
        Assert.Single(node.SnapshotsWanted);
    }

    [Fact]
    public void Leader_StepsDownBeforeTheReadyIsTaken_NoSnapshotIsWanted()
    {
        Driver node = LeaderWithoutOldEntries();

        node.Raft.Step(new AppendEntriesResponse(Node(2), Node(1), 1, false, node.Raft.LastEntry.Index, 0, EntryId.Zero));
        node.Raft.Step(new Heartbeat(Node(3), Node(1), 2, 0, 0, -1, 0, 0));
        node.Take();

        Assert.Empty(node.SnapshotsWanted);
    }

    [Fact]
    public void Follower_ChunkOfANewerSnapshot_HandedOutAndTheLeaderCountsAsHeard()
    {
        Driver node = new Driver().Following(2, 1);
        node.Elapse(900);

        node.Step(Chunk(2, 1, Snapshot(10, 1), 0, 50));

        Assert.Equal(0, Assert.Single(node.Chunks).OffsetBytes);
        Assert.Empty(node.Sent);
        node.Elapse(900);
        Assert.Equal(RaftRole.Follower, node.Raft.Role);
    }

    // Catalogue 31.
    [Fact]
    public void Follower_ChunkOfAStaleSnapshot_AnsweredWithItsWholeLength()
    {
        Driver node = new Driver(logTerms: [1, 1, 1], commitIndex: 2).Following(2, 1);

        InstallSnapshotResponse response = node.StepFor<InstallSnapshotResponse>(Chunk(2, 1, Snapshot(2, 1), 0, 50));

        Assert.Equal((new EntryId(2, 1), 100L), (response.LastIncluded, response.NextOffsetBytes));
        Assert.Empty(node.Chunks);
    }

    // Catalogue 31 and 33, and the mutant «snapshot loaded without an index check».
    [Fact]
    public void InstallSnapshot_NotNewerThanWhatIsCommitted_NothingChanges()
    {
        Driver node = new Driver(logTerms: [1, 1, 1], commitIndex: 3).Following(2, 1);

        Assert.False(node.Raft.InstallSnapshot(Snapshot(3, 1)));
        Assert.False(node.Raft.InstallSnapshot(Snapshot(1, 1)));
        node.Take();

        Assert.Equal((3L, 3L, new EntryId(3, 1)), (node.Raft.CommitIndex, node.Raft.AppliedIndex, node.Raft.LastEntry));
        Assert.Empty(node.Writes);
    }

    [Fact]
    public void InstallSnapshot_LogEndsBefore_LogIsResetAndTheAnswerWaitsForTheDisk()
    {
        Driver node = new Driver(logTerms: [1, 1]).Following(2, 4);

        Assert.True(node.Raft.InstallSnapshot(Snapshot(10, 3)));
        node.Take();

        PersistRequest write = Assert.Single(node.Writes);
        Assert.Equal(new EntryId(10, 3), write.ResetTo);
        Assert.Null(write.TruncateFrom);
        Assert.Empty(write.Batches);
        Assert.Equal((10L, 10L, 10L, new EntryId(10, 3), 11L), (node.Raft.CommitIndex, node.Raft.AppliedIndex, node.Raft.DurableIndex, node.Raft.LastEntry, node.Raft.FirstIndex));
        Assert.Empty(node.Sent);
        node.Sync();
        Assert.Equal(100, node.Only<InstallSnapshotResponse>().NextOffsetBytes);
    }

    // Catalogue 32, and the mutant «conflicting tail kept under a snapshot».
    [Fact]
    public void InstallSnapshot_ConflictingEntryAtItsIndex_TheWholeLogGoes()
    {
        Driver node = new Driver(logTerms: [1, 1, 2, 2, 2, 2]).Following(2, 4);

        Assert.True(node.Raft.InstallSnapshot(Snapshot(4, 3)));
        node.Take();

        Assert.Equal(new EntryId(4, 3), node.Raft.LastEntry);
        Assert.Equal(new EntryId(4, 3), Assert.Single(node.Writes).ResetTo);
    }

    // Thesis Figure 5.3, step 6: entries that follow the snapshot's last one are kept.
    [Fact]
    public void InstallSnapshot_LogHoldsItsLastEntry_TheSuffixStays()
    {
        Driver node = new Driver(logTerms: [1, 1, 2, 2, 2, 2]).Following(2, 4);

        Assert.True(node.Raft.InstallSnapshot(Snapshot(4, 2)));
        node.Take();

        Assert.Equal((new EntryId(6, 2), 4L, 4L), (node.Raft.LastEntry, node.Raft.CommitIndex, node.Raft.AppliedIndex));
        Assert.Empty(node.Writes);
        Assert.Equal(100, node.Only<InstallSnapshotResponse>().NextOffsetBytes);
        Assert.Empty(node.Applied);

        // What follows is applied after it, without a gap.
        node.Step(Append(2, 1, 4, new EntryId(6, 2), 6));
        Assert.Equal([5L, 6L], node.Applied.Select(batch => batch.LastIndex));
    }

    // Catalogue 9 once more: a write that was under way belongs to the log that is gone.
    [Fact]
    public void InstallSnapshot_WriteUnderWay_ItsLateCompletionMakesNothingDurable()
    {
        Driver node = new Driver().Following(2, 4);
        node.Step(Append(2, 1, 4, EntryId.Zero, 0, [.. Batches(1, 1, 1, 1, 1, 1, 1)]));
        node.Raft.InstallSnapshot(Snapshot(4, 3));
        node.Take();

        node.SyncOne();

        Assert.Equal(4, node.Raft.DurableIndex);
        node.Step(Append(2, 1, 4, new EntryId(4, 3), 5, Batch(5, 4)));
        Assert.Equal((5L, 4L, 4L), (node.Raft.CommitIndex, node.Raft.AppliedIndex, node.Raft.DurableIndex));
        node.Sync();
        Assert.Equal(5, node.Raft.AppliedIndex);
    }

    [Fact]
    public void InstallSnapshot_EntriesGatheredButNotYetWritten_AreNotWrittenAnyMore()
    {
        Driver node = new Driver().Following(2, 4);
        node.Raft.Step(Append(2, 1, 4, EntryId.Zero, 0, Batch(1, 1)));

        node.Raft.InstallSnapshot(Snapshot(4, 3));
        node.Take();

        PersistRequest write = Assert.Single(node.Writes);
        Assert.Equal((new EntryId(4, 3), 0), (write.ResetTo, write.Batches.Count));
    }

    [Fact]
    public void InstallSnapshot_NoLeaderKnown_InstalledWithoutAnAnswer()
    {
        var node = new Driver(term: 4);

        Assert.True(node.Raft.InstallSnapshot(Snapshot(4, 3)));
        node.Take();
        node.Sync();

        Assert.Empty(node.Sent);
        Assert.Equal(4, node.Raft.AppliedIndex);
    }

    [Fact]
    public void InstallSnapshot_ClusterTime_GoesOnFromTheSnapshots()
    {
        var node = new Driver(size: 1);
        node.Raft.InstallSnapshot(new SnapshotMetadata(new EntryId(4, 0 + 1), 9_000, ConfigurationOf(1), 1));
        node.Take();
        node.Sync();
        node.Elected();

        Assert.Equal(9_000, node.Applied[0].ClusterTimeMs);
    }

    // Catalogue 37, and the mutant «purged prevLog taken as a conflict».
    [Fact]
    public void AppendEntries_PrevLogCoveredByTheSnapshot_IsAMatch()
    {
        Driver node = new Driver().Following(2, 4);
        node.Raft.InstallSnapshot(Snapshot(4, 3));
        node.Take();
        node.Sync();
        node.Forget();

        node.Step(Append(2, 1, 4, new EntryId(2, 1), 5, Batch(3, 1), Batch(4, 3), Batch(5, 4)));
        node.Sync();

        AppendEntriesResponse response = node.Only<AppendEntriesResponse>();
        Assert.Equal((true, 5L), (response.Success, response.MatchIndex));
        Assert.Equal(new EntryId(5, 4), node.Raft.LastEntry);
        Assert.Equal(5, Assert.Single(node.Applied).LastIndex);
    }

    [Fact]
    public void AppendEntries_WhollyCoveredByTheSnapshot_AcknowledgedUpToWhatWasSent()
    {
        Driver node = new Driver().Following(2, 4);
        node.Raft.InstallSnapshot(Snapshot(4, 3));
        node.Take();
        node.Sync();

        AppendEntriesResponse response = node.StepFor<AppendEntriesResponse>(Append(2, 1, 4, new EntryId(1, 1), 4, Batch(2, 1), Batch(3, 1)));

        Assert.Equal((true, 3L), (response.Success, response.MatchIndex));
        Assert.Equal(new EntryId(4, 3), node.Raft.LastEntry);
    }

    [Fact]
    public void Restart_LogAfterASnapshot_GoesOnThere()
    {
        var raft = new RaftNode(new RaftOptions { Id = Node(1), Seed = 1 }, new RaftInitialState
        {
            Configuration = ConfigurationOf(3),
            HardState = new HardState(5, NodeId.None),
            SnapshotLast = new EntryId(7, 3),
            Batches = [Batch(8, 4), Batch(9, 5)],
            CommitIndex = 8,
        });

        Assert.Equal((new EntryId(9, 5), 8L, 7L, 9L, 8L), (raft.LastEntry, raft.CommitIndex, raft.AppliedIndex, raft.DurableIndex, raft.FirstIndex));
        Assert.Equal(8, Assert.Single(raft.TakeReady().Committed).LastIndex);
    }

    [Fact]
    public void Restart_GapBetweenSnapshotAndLog_Refused()
    {
        var initial = new RaftInitialState
        {
            Configuration = ConfigurationOf(3),
            HardState = new HardState(5, NodeId.None),
            SnapshotLast = new EntryId(7, 3),
            Batches = [Batch(9, 5)],
        };

        Assert.Throws<RaftInvariantException>(() => new RaftNode(new RaftOptions { Id = Node(1), Seed = 1 }, initial));
    }

    private static SnapshotMetadata Snapshot(long index, long term) => new(new EntryId(index, term), 0, ConfigurationOf(3), 100);

    private static InstallSnapshot Chunk(uint from, long term, SnapshotMetadata snapshot, long offset, int length)
        => new(Node(from), Node(1), term, snapshot, offset, new byte[length]);

    private static Driver LeaderWithoutOldEntries()
    {
        Driver node = new Driver(options: new RaftOptions { Id = Node(1), Seed = 1, CatchUpBytes = 0 }).Elected(noOpCommitted: false);
        node.Sync();
        node.Acknowledge(3, 1);
        CommitSome(node);
        node.Raft.PeerUnreachable(Node(2));
        node.Take();
        node.Forget();
        Assert.Equal(node.Raft.AppliedIndex + 1, node.Raft.FirstIndex);
        return node;
    }

    private static ReadOnlySpan<byte> First(AppendEntries append)
    {
        foreach (Entry entry in append.Batches[0])
        {
            return entry.Payload;
        }

        return default;
    }

    private static void CommitSome(Driver node)
    {
        for (int i = 0; i < 5; i++)
        {
            node.Propose($"c{i}");
            node.Sync();
            node.Acknowledge(3, node.Raft.LastEntry.Index);
        }
    }
}
