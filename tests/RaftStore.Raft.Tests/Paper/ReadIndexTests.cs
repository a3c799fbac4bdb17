using RaftStore.Raft.Tests.Cluster;
using static RaftStore.Raft.Tests.Cluster.Driver;

namespace RaftStore.Raft.Tests.Paper;

/// <summary>Thesis §6.4: linearizable reads without writing to the log.</summary>
public sealed class ReadIndexTests
{
    // Step 1, and the mutants «read before the first commit of the term» and «missing no-op».
    [Fact]
    public void Step1_NoEntryOfThisTermCommitted_TheReadWaitsForIt()
    {
        Driver node = new Driver(logTerms: [1, 1]).Elected(noOpCommitted: false);
        node.Sync();
        ReadId id = node.ReadIndex();
        node.Elapse(100);
        AnswerRounds(node, 2, 3);
        Assert.Empty(node.Confirmed);

        node.AcknowledgeAll();
        AnswerRounds(node, 2);

        Assert.Equal(new ConfirmedRead(id, 3), Assert.Single(node.Confirmed));
    }

    // Steps 2 and 3, and the mutant «read served without confirmation».
    [Fact]
    public void Step3_NoMajorityHasAnsweredTheRound_NotConfirmed()
    {
        Driver node = new Driver(size: 5).Elected();
        ReadId id = node.ReadIndex();
        Assert.Equal(4, node.Sent.OfType<Heartbeat>().Count());

        AnswerRounds(node, 2);
        Assert.Empty(node.Confirmed);
        AnswerRounds(node, 2);
        Assert.Empty(node.Confirmed);
        AnswerRounds(node, 4);

        Assert.Equal(id, Assert.Single(node.Confirmed).Id);
    }

    // Mutant «read joining a confirmation round already in flight»: that round's answers may be older than the read.
    [Fact]
    public void Step3_ReadArrivesWhileARoundIsUnderWay_ItWaitsForTheNext()
    {
        Driver node = new Driver().Elected();
        ReadId first = node.ReadIndex();
        long firstRound = node.Sent.OfType<Heartbeat>().Max(heartbeat => heartbeat.ReadRound);
        ReadId second = node.ReadIndex();

        Answer(node, 2, firstRound);
        Assert.Equal(first, Assert.Single(node.Confirmed).Id);

        Answer(node, 3, firstRound);
        Assert.Single(node.Confirmed);
        AnswerRounds(node, 2);
        Assert.Equal([first, second], node.Confirmed.Select(read => read.Id));
    }

    [Fact]
    public void Step3_ManyReadsAtOnce_OneRoundServesThemAll()
    {
        Driver node = new Driver().Elected();
        for (int i = 1; i <= 100; i++)
        {
            node.Raft.ReadIndex(new ReadId(i));
        }

        node.Take();
        Assert.Equal(2, node.Sent.OfType<Heartbeat>().Count());
        AnswerRounds(node, 3);

        Assert.Equal(100, node.Confirmed.Count);
    }

    // Mutant «read index checked is not the one returned»: commits after the round began do not move it.
    [Fact]
    public void Step2_CommitsWhileTheRoundIsUnderWay_TheIndexIsThatOfItsBeginning()
    {
        Driver node = new Driver().Elected();
        node.ReadIndex();
        node.Propose("a");
        node.Sync();
        node.Acknowledge(2, 2);
        Assert.Equal(2, node.Raft.CommitIndex);

        AnswerRounds(node, 2);

        Assert.Equal(1, Assert.Single(node.Confirmed).Index);
    }

    [Fact]
    public void Step2_ReadThatWaitedForANewRound_HasTheIndexOfThatRound()
    {
        Driver node = new Driver().Elected();
        node.ReadIndex();
        node.Propose("a");
        node.Sync();
        node.Acknowledge(2, 2);

        // Asked after entry 2 was committed, and perhaps answered: the second read must see it.
        node.ReadIndex();
        AnswerRounds(node, 2);
        AnswerRounds(node, 2);

        Assert.Equal([1L, 2L], node.Confirmed.Select(read => read.Index));
    }

    [Fact]
    public void Step3_RoundLost_TheNextHeartbeatConfirms()
    {
        Driver node = new Driver().Elected();
        ReadId id = node.ReadIndex();
        node.Forget();

        node.Elapse(100);
        AnswerRounds(node, 3);

        Assert.Equal(id, Assert.Single(node.Confirmed).Id);
    }

    // The leader itself is one of the majority, and no disk is involved.
    [Fact]
    public void Step3_OwnDiskBusy_ConfirmedAllTheSame()
    {
        Driver node = new Driver().Elected();
        node.Propose("a");
        node.ReadIndex();

        AnswerRounds(node, 2);

        Assert.Single(node.Confirmed);
        Assert.Single(node.Writes);
    }

    [Fact]
    public void ClusterOfOne_ConfirmedAtOnce()
    {
        Driver node = new Driver(size: 1).Elected();

        ReadId id = node.ReadIndex();

        Assert.Equal(new ConfirmedRead(id, 1), Assert.Single(node.Confirmed));
    }

    [Fact]
    public void StepDown_LocalReadsFailAndRemoteOnesAreRefused()
    {
        Driver node = new Driver().Elected();
        ReadId underWay = node.ReadIndex();
        ReadId gathering = node.ReadIndex();
        node.Step(new ReadIndexRequest(Node(2), Node(1), 1, new ReadId(77)));
        node.Forget();

        node.Elapse(1000);

        Assert.Equal(RaftRole.Follower, node.Raft.Role);
        Assert.Equal([underWay, gathering], node.Failed.OrderBy(id => id.Value));
        Assert.Equal((new ReadId(77), -1L), (node.Only<ReadIndexResponse>().Id, node.Only<ReadIndexResponse>().Index));
        Assert.Empty(node.Confirmed);
    }

    [Fact]
    public void AnswersOfAnEarlierTermOfThisLeader_ConfirmNothing()
    {
        Driver node = new Driver(term: 3).Elected();
        node.ReadIndex();

        node.Step(new HeartbeatResponse(Node(2), Node(1), 3, 1, 0, 0));

        Assert.Empty(node.Confirmed);
    }

    [Fact]
    public void AnswerToARoundThatNeverWas_Dropped()
    {
        Driver node = new Driver().Elected();
        node.ReadIndex();

        Answer(node, 2, 1000);

        Assert.Empty(node.Confirmed);
        Assert.Equal(1, node.Raft.DroppedMessages);
    }

    [Fact]
    public void MoreReadsThanTheBound_TheNextFailsAtOnce()
    {
        Driver node = new Driver(options: new RaftOptions { Id = Node(1), Seed = 1, PendingReadsMax = 2 }).Elected();
        node.ReadIndex();
        node.ReadIndex();

        ReadId third = node.ReadIndex();
        Assert.Equal(third, Assert.Single(node.Failed));

        ReadIndexResponse refused = node.StepFor<ReadIndexResponse>(new ReadIndexRequest(Node(2), Node(1), 1, new ReadId(9)));
        Assert.Equal(-1, refused.Index);
    }

    [Fact]
    public void Follower_LeaderKnown_AskedAndItsAnswerConfirms()
    {
        Driver node = new Driver().Following(2, 1);

        ReadId id = node.ReadIndex();
        Assert.Equal((Node(2), id), (node.Only<ReadIndexRequest>().To, node.Only<ReadIndexRequest>().Id));

        node.Step(new ReadIndexResponse(Node(2), Node(1), 1, id, 5));
        node.Step(new ReadIndexResponse(Node(2), Node(1), 1, id, 6));
        Assert.Equal(new ConfirmedRead(id, 5), Assert.Single(node.Confirmed));
    }

    [Fact]
    public void Follower_AnswerOfSomeoneElse_ConfirmsNothing()
    {
        Driver node = new Driver().Following(2, 1);
        ReadId id = node.ReadIndex();

        node.Step(new ReadIndexResponse(Node(3), Node(1), 1, id, 5));

        Assert.Empty(node.Confirmed);
    }

    [Fact]
    public void Follower_NoLeaderKnown_FailsAtOnce()
    {
        var node = new Driver();

        ReadId id = node.ReadIndex();

        Assert.Equal(id, Assert.Single(node.Failed));
    }

    [Fact]
    public void Follower_NewTerm_PendingReadsFail()
    {
        Driver node = new Driver().Following(2, 1);
        ReadId id = node.ReadIndex();

        node.Step(new Heartbeat(Node(3), Node(1), 2, 0, 0, -1, 0, 0));

        Assert.Equal(id, Assert.Single(node.Failed));
        node.Step(new ReadIndexResponse(Node(2), Node(1), 1, id, 5));
        Assert.Empty(node.Confirmed);
    }

    [Fact]
    public void Follower_AnswerLost_FailsAfterHalfAnElectionTimeout()
    {
        Driver node = new Driver().Following(2, 1);
        ReadId id = node.ReadIndex();

        node.Elapse(500);
        Assert.Empty(node.Failed);
        node.Elapse(1);

        Assert.Equal(id, Assert.Single(node.Failed));
    }

    // A follower that waits for the index must learn of its commit at once, not with the next heartbeat.
    [Fact]
    public void RemoteRead_CommitNotYetKnownThere_SpreadWithTheAnswer()
    {
        Driver node = new Driver().Elected();
        node.Propose("a");
        node.Sync();
        node.Acknowledge(2, 2);
        node.Acknowledge(3, 2);
        node.Forget();

        node.Step(new ReadIndexRequest(Node(2), Node(1), 1, new ReadId(5)));
        AnswerRounds(node, 3);

        Assert.Equal(2, node.Only<ReadIndexResponse>().Index);
        Assert.Contains(node.SentTo<Heartbeat>(2), heartbeat => heartbeat.LeaderCommit == 2);
    }

    [Fact]
    public void RemoteRead_EntryStillOnItsWayThere_CommitFollowsAsSoonAsItIsAcknowledged()
    {
        Driver node = new Driver().Elected();
        node.Propose("a");
        node.Sync();
        node.Acknowledge(3, 2);
        node.Step(new ReadIndexRequest(Node(2), Node(1), 1, new ReadId(5)));
        AnswerRounds(node, 3);
        Assert.Equal(2, node.Only<ReadIndexResponse>().Index);
        node.Forget();

        node.Acknowledge(2, 2);

        Assert.Equal((Node(2), 2L), (node.Only<Heartbeat>().To, node.Only<Heartbeat>().LeaderCommit));
    }

    [Fact]
    public void Heartbeat_LeaderCommit_NeverExceedsWhatThatFollowerAcknowledged()
    {
        Driver node = new Driver().Elected();
        node.Propose("a");
        node.Sync();
        node.Acknowledge(3, 2);
        node.Forget();

        node.Elapse(100);

        Assert.Equal(1, Assert.Single(node.SentTo<Heartbeat>(2)).LeaderCommit);
        Assert.Equal(2, Assert.Single(node.SentTo<Heartbeat>(3)).LeaderCommit);
        Assert.All(node.Sent.OfType<Heartbeat>(), heartbeat => Assert.Equal(2, heartbeat.CommitAtEcho));
    }

    [Fact]
    public void NodeThatDoesNotLead_RefusesForwardedReads()
    {
        Driver node = new Driver().Following(2, 1);

        Assert.Equal(-1, node.StepFor<ReadIndexResponse>(new ReadIndexRequest(Node(3), Node(1), 1, new ReadId(1))).Index);
    }

    // Catalogue 61 and 68: an old leader that was paused answers no read from what it knew.
    [Fact]
    public void LeaderPausedThroughAnElection_ConfirmsNothing()
    {
        Driver node = new Driver().Elected();
        ReadId id = node.ReadIndex();
        List<Heartbeat> asked = [.. node.Sent.OfType<Heartbeat>()];

        // Meanwhile node 2 has become the leader of term 2; the answers to the old round arrive with that term.
        node.Step(new HeartbeatResponse(Node(2), Node(1), 2, asked[0].ReadRound, 0, 0));
        node.Step(new HeartbeatResponse(Node(3), Node(1), 1, asked[0].ReadRound, 0, 0));

        Assert.Empty(node.Confirmed);
        Assert.Equal(id, Assert.Single(node.Failed));
    }

    private static void AnswerRounds(Driver node, params uint[] followers)
    {
        long round = node.Sent.OfType<Heartbeat>().Select(heartbeat => heartbeat.ReadRound).DefaultIfEmpty().Max();
        foreach (uint follower in followers)
        {
            Answer(node, follower, round);
        }
    }

    private static void Answer(Driver node, uint follower, long round)
        => node.Step(new HeartbeatResponse(Node(follower), Node(1), node.Raft.Term, round, 0, 0));
}
