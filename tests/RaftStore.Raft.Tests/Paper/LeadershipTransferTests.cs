using RaftStore.Raft.Tests.Cluster;

namespace RaftStore.Raft.Tests.Paper;

/// <summary>Thesis §3.10, a test per statement.</summary>
public sealed class LeadershipTransferTests
{
    [Fact]
    public void Section3_10_TargetHoldsTheWholeLog_AskedAtOnce()
    {
        Driver leader = Steady();

        Assert.Equal(TransferStatus.Started, leader.Transfer(3));

        Assert.Equal(Driver.Node(3), leader.Only<TimeoutNow>().To);
        Assert.Equal(Driver.Node(3), leader.Raft.TransferTarget);
    }

    [Fact]
    public void Section3_10_TargetLacksEntriesUnderWay_AskedOnceItHasThem()
    {
        Driver leader = Steady();
        leader.Propose("x");

        Assert.Equal(TransferStatus.Started, leader.Transfer(3));
        Assert.Empty(leader.Sent.OfType<TimeoutNow>());
        leader.Acknowledge(3, leader.Raft.LastEntry.Index);

        Assert.Single(leader.Sent.OfType<TimeoutNow>());
    }

    [Fact]
    public void Section3_10_UnderWay_NothingIsProposed()
    {
        Driver leader = Steady();
        leader.Transfer(3);

        Assert.Equal(ProposeStatus.NotLeader, leader.Propose("x").Status);
        Assert.Equal(MembershipStatus.NotLeader, leader.Change(new RemoveMember(Driver.Node(2), Force: false)).Status);
        Assert.Equal(TransferStatus.Pending, leader.Transfer(2));
    }

    [Fact]
    public void Section3_10_NoOtherLeaderWithinAnElectionTimeout_GoesOnLeading()
    {
        Driver leader = Steady();
        leader.Transfer(3);

        leader.KeepUp(1100, 2, 3);

        Assert.Equal(RaftRole.Leader, leader.Raft.Role);
        Assert.True(leader.Raft.TransferTarget.IsNone);
        Assert.Equal(ProposeStatus.Appended, leader.Propose("x").Status);
    }

    [Fact]
    public void Section3_10_ReadsDuringATransfer_StillNeedAMajority()
    {
        Driver leader = Steady();
        leader.Transfer(3);
        leader.Forget();
        leader.ReadIndex();

        Assert.Empty(leader.Confirmed);
        Heartbeat round = leader.SentTo<Heartbeat>(2).Last();
        leader.Step(new HeartbeatResponse(Driver.Node(2), leader.Id, leader.Raft.Term, round.ReadRound, 1, 0));
        Assert.Single(leader.Confirmed);
    }

    [Fact]
    public void Section3_10_TimeoutNow_StartsAnElectionWithoutPreVoteOrWaiting()
    {
        Driver follower = new Driver(id: 2).Following(1, 1);

        follower.Step(new TimeoutNow(Driver.Node(1), follower.Id, 1));
        Assert.Equal(RaftRole.Candidate, follower.Raft.Role);
        follower.Sync();

        Assert.All(follower.Sent.OfType<VoteRequest>(), request => Assert.Equal((2L, true), (request.Term, request.IsTransfer)));
        Assert.Empty(follower.Sent.OfType<PreVoteRequest>());
    }

    [Fact]
    public void Section3_10_TimeoutNowOfAnEarlierTerm_Ignored()
    {
        Driver follower = new Driver(id: 2).Following(1, 5);

        follower.Step(new TimeoutNow(Driver.Node(3), follower.Id, 4));

        Assert.Equal((RaftRole.Follower, 5L), (follower.Raft.Role, follower.Raft.Term));
    }

    [Fact]
    public void Section3_10_TimeoutNowForALearner_Ignored()
    {
        var configuration = new Configuration([.. Driver.ConfigurationOf(2).Voters], [], [new Member(Driver.Node(3), "n3", "", "")], NodeId.None);
        Driver learner = new Driver(id: 3, configuration: configuration).Following(1, 1);

        learner.Step(new TimeoutNow(Driver.Node(1), learner.Id, 1));

        Assert.Equal(RaftRole.Follower, learner.Raft.Role);
    }

    [Fact]
    public void Section4_2_3_VoteRequestOfATransfer_IsNotIgnoredThoughTheLeaderIsAlive()
    {
        Driver follower = new Driver(id: 2).Following(1, 1);

        follower.Step(new VoteRequest(Driver.Node(3), follower.Id, 2, EntryId.Zero, IsTransfer: true));
        follower.Sync();

        Assert.True(follower.Only<VoteResponse>().VoteGranted);
    }

    [Fact]
    public void Request_TargetIsSilentOrLags_Refused()
    {
        Driver leader = Steady();
        leader.KeepUp(1100, 2);
        Assert.Equal(TransferStatus.Lagging, leader.Transfer(3));

        leader.Step(new HeartbeatResponse(Driver.Node(3), leader.Id, leader.Raft.Term, 0, 1, 0));
        leader.Raft.PeerUnreachable(Driver.Node(3));
        leader.Take();
        Assert.Equal(TransferStatus.Lagging, leader.Transfer(3));
    }

    [Fact]
    public void Request_NoVoterOrNobodyElse_Refused()
    {
        Driver leader = Steady();

        Assert.Equal(TransferStatus.NoSuchVoter, leader.Transfer(9));
        Assert.Equal(TransferStatus.AlreadyLeads, leader.Transfer(1));
        Assert.Equal(TransferStatus.NotLeader, new Driver().Transfer(2));
    }

    [Fact]
    public void Request_NobodyInParticular_GoesToTheVoterWithTheMostOfTheLog()
    {
        Driver leader = Steady();
        leader.Propose("x");
        leader.Acknowledge(3, leader.Raft.LastEntry.Index);

        Assert.Equal(TransferStatus.Started, leader.Transfer(0));

        Assert.Equal(Driver.Node(3), leader.Raft.TransferTarget);
    }

    [Fact]
    public void LeaderWhoseDiskHangs_AsksAnotherBeforeItStepsDown()
    {
        Driver leader = Steady();
        leader.Propose("x");
        for (int i = 0; i < 45 && leader.Raft.Role == RaftRole.Leader; i++)
        {
            leader.Acknowledge(2, leader.Raft.LastEntry.Index);
            leader.Acknowledge(3, leader.Raft.LastEntry.Index);
            leader.Elapse(50);
        }

        Assert.Equal(RaftRole.Follower, leader.Raft.Role);
        Assert.Single(leader.Sent.OfType<TimeoutNow>());
    }

    private static Driver Steady()
    {
        Driver leader = new Driver().Elected();
        leader.KeepUp(100, 2, 3);
        leader.Forget();
        return leader;
    }
}
