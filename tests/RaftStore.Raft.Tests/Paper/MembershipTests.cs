using RaftStore.Raft.Tests.Cluster;

namespace RaftStore.Raft.Tests.Paper;

/// <summary>Thesis chapter 4 but for its section 4.3, a test per statement.</summary>
public sealed class MembershipTests
{
    internal static readonly AddLearner Newcomer = new("n4", "127.0.0.1:7504", "", PromotesItself: false, NodeId.None, Instance: 44);

    [Fact]
    public void Section4_1_Configuration_TakesEffectWhenAppendedNotWhenCommitted()
    {
        Driver leader = new Driver().Elected();

        MembershipResult result = leader.Change(Newcomer);

        Assert.Equal((MembershipStatus.Appended, Driver.Node(4)), (result.Status, result.Member));
        Assert.True(leader.Raft.CommitIndex < result.Index);
        Assert.True(leader.Raft.Configuration.IsLearner(Driver.Node(4)));
        Assert.NotEmpty(leader.SentTo<AppendEntries>(4));
    }

    [Fact]
    public void Section4_1_FollowerWhoseConfigurationEntryIsTruncated_GoesBackToTheOneBefore()
    {
        Configuration four = Driver.ConfigurationOf(4);
        var follower = new Driver(term: 1, id: 2);
        follower.Step(Driver.Append(1, 2, 1, EntryId.Zero, 0, ConfigurationBatch(1, 1, four)));
        follower.Sync();
        Assert.True(follower.Raft.Configuration.IsVoter(Driver.Node(4)));

        follower.Step(Driver.Append(3, 2, 2, EntryId.Zero, 0, Driver.Batch(1, 2)));

        Assert.False(follower.Raft.Configuration.IsMember(Driver.Node(4)));
    }

    [Fact]
    public void Section4_1_UncommittedConfigurationOnTheDisk_IsInForceAfterARestartAndRevertsWhenTruncated()
    {
        Configuration four = Driver.ConfigurationOf(4);
        var raft = new RaftNode(new RaftOptions { Id = Driver.Node(2), Seed = 2 }, new RaftInitialState
        {
            Configuration = Driver.ConfigurationOf(3),
            HardState = new HardState(1, NodeId.None),
            Batches = [Driver.Batch(1, 1), ConfigurationBatch(2, 1, four)],
        });
        Assert.Equal(4, raft.Configuration.Voters.Length);

        raft.Step(Driver.Append(3, 2, 2, new EntryId(1, 1), 0, Driver.Batch(2, 2)));

        Assert.Equal(3, raft.Configuration.Voters.Length);
    }

    [Fact]
    public void Section4_1_NoEntryOfTheTermCommitted_ChangeIsRefused()
    {
        Driver leader = new Driver().Elected(noOpCommitted: false);

        Assert.Equal(MembershipStatus.TermNotCommitted, leader.Change(Newcomer).Status);
        Assert.Equal(3, leader.Raft.Configuration.Members.Length);
    }

    [Fact]
    public void Section4_1_AnotherChangeUncommitted_ChangeIsRefusedUntilItIs()
    {
        Driver leader = new Driver().Elected();
        leader.Change(Newcomer);

        Assert.Equal(MembershipStatus.ChangePending, leader.Change(new UpdateMember(Driver.Node(2), null, "http://x", null)).Status);

        leader.Sync();
        leader.Acknowledge(2, leader.Raft.LastEntry.Index);
        Assert.Equal(MembershipStatus.Appended, leader.Change(new UpdateMember(Driver.Node(2), null, "http://x", null)).Status);
    }

    [Fact]
    public void Section4_1_NotTheLeader_ChangeIsRefused() => Assert.Equal(MembershipStatus.NotLeader, new Driver().Following(2, 1).Change(Newcomer).Status);

    [Fact]
    public void Section4_2_1_Learner_ReceivesTheLogAndCountsForNothing()
    {
        Driver leader = WithLearner();
        leader.Propose("x");
        leader.Sync();

        leader.Acknowledge(4, leader.Raft.LastEntry.Index);
        Assert.True(leader.Raft.CommitIndex < leader.Raft.LastEntry.Index);

        leader.Acknowledge(2, leader.Raft.LastEntry.Index);
        Assert.Equal(leader.Raft.LastEntry.Index, leader.Raft.CommitIndex);
    }

    [Fact]
    public void Section4_2_1_Learner_NeverCampaigns()
    {
        var learner = new Driver(id: 4, configuration: WithLearner().Raft.Configuration);

        for (int i = 0; i < 1000; i++)
        {
            learner.Elapse(10);
        }

        Assert.Equal((RaftRole.Follower, 0L), (learner.Raft.Role, learner.Raft.Term));
        Assert.Empty(learner.Sent);
    }

    [Fact]
    public void Section4_2_1_LearnersDoNotKeepALeaderInOffice()
    {
        Driver leader = WithLearner();

        leader.KeepUp(1500, 4);

        Assert.Equal(RaftRole.Follower, leader.Raft.Role);
    }

    [Fact]
    public void Section4_2_1_LearnerThatWasNeverHeardOf_CannotBePromoted()
    {
        Driver leader = WithLearner();

        leader.KeepUp(500, 2, 3);

        Assert.Equal(MembershipStatus.NotCaughtUp, leader.Change(new PromoteLearner(Driver.Node(4))).Status);
    }

    [Fact]
    public void Section4_2_1_LearnerThatLags_IsNotPromotedAndOneThatKeepsUpIs()
    {
        Driver leader = WithLearner(promotesItself: true);
        for (int i = 0; i < 30; i++)
        {
            leader.Propose("x");
            leader.KeepUp(50, 2, 3);
            leader.Step(new HeartbeatResponse(Driver.Node(4), leader.Id, leader.Raft.Term, 0, leader.NowMs, 0));
        }

        Assert.True(leader.Raft.Configuration.IsLearner(Driver.Node(4)));
        Assert.False(leader.ProgressOf(4).IsCaughtUp);

        leader.KeepUp(1000, 2, 3, 4);

        Assert.True(leader.Raft.Configuration.KeepsVote(Driver.Node(4)));
        Assert.False(leader.Raft.Configuration.IsJoint);
    }

    [Fact]
    public void Section4_2_1_LearnerThatKeptUpAndFellSilent_CannotBePromoted()
    {
        Driver leader = WithLearner();
        leader.KeepUp(500, 2, 3, 4);
        Assert.True(leader.ProgressOf(4).IsCaughtUp);

        leader.KeepUp(1000, 2, 3);

        Assert.Equal(MembershipStatus.NotCaughtUp, leader.Change(new PromoteLearner(Driver.Node(4))).Status);
    }

    [Fact]
    public void Section4_2_2_LeaderThatRemovesItself_DoesNotCountItselfAndStepsDownOnceCommitted()
    {
        Driver leader = new Driver().Elected();
        leader.KeepUp(200, 2, 3);
        MembershipResult result = leader.Change(new RemoveMember(leader.Id, Force: false));
        Assert.Equal(MembershipStatus.Appended, result.Status);
        leader.Sync();
        leader.Acknowledge(2, result.Index);
        Assert.True(leader.Raft.Configuration.IsJoint);
        leader.Acknowledge(3, result.Index);
        Assert.False(leader.Raft.Configuration.IsJoint);
        long left = leader.Raft.ConfigurationIndex;
        leader.Sync();

        // Durable here and on one of the two that remain is no majority of them.
        leader.Acknowledge(2, left);
        Assert.Equal(RaftRole.Leader, leader.Raft.Role);
        leader.Forget();
        leader.Acknowledge(3, left);

        Assert.Equal(RaftRole.Follower, leader.Raft.Role);
        Assert.Equal(left, leader.Raft.CommitIndex);
        Assert.Single(leader.Sent.OfType<TimeoutNow>());
        Assert.True(leader.Raft.AppliedConfiguration.WasRemoved(leader.Id));
    }

    // It may hold the only log that can be elected. The scenario membership-last-log.txt tells the whole story.
    [Fact]
    public void Section4_2_2_ServerThatIsNotInItsLatestConfiguration_CampaignsUntilThatIsCommitted()
    {
        Configuration two = Driver.ConfigurationOf(2);
        Configuration joint = two.Enter([Driver.Node(2)]);
        RaftNode Restarted(long commitIndex)
        {
            EntryBatch[] batches = [ConfigurationBatch(1, 1, joint), ConfigurationBatch(2, 1, joint.Leave())];
            var initial = new RaftInitialState { Configuration = two, HardState = new HardState(1, NodeId.None), Batches = batches, CommitIndex = commitIndex };
            var raft = new RaftNode(new RaftOptions { Id = Driver.Node(1), Seed = 1 }, initial);
            raft.Tick(5000);
            return raft;
        }

        Assert.Equal(Driver.Node(2), Assert.IsType<PreVoteRequest>(Assert.Single(Restarted(commitIndex: 1).TakeReady().Messages)).To);
        Assert.Equal(RaftRole.Follower, Restarted(commitIndex: 2).Role);
    }

    [Fact]
    public void Section4_2_3_RemovedServer_IsToldAndThenNotSentToAnyMore()
    {
        Driver leader = new Driver(5).Elected();
        leader.KeepUp(200, 2, 3, 4, 5);
        leader.Change(new RemoveMember(Driver.Node(5), Force: false));
        leader.KeepUp(100, 2, 3, 4);
        Assert.False(leader.Raft.Configuration.IsMember(Driver.Node(5)));
        long left = leader.Raft.ConfigurationIndex;
        leader.Acknowledge(5, left);

        leader.Forget();
        leader.KeepUp(150, 2, 3, 4);
        Assert.Contains(leader.SentTo<Heartbeat>(5), heartbeat => heartbeat.LeaderCommit >= left);

        leader.Step(new HeartbeatResponse(Driver.Node(5), leader.Id, leader.Raft.Term, 0, leader.NowMs, left));
        leader.KeepUp(100, 2, 3, 4);
        leader.Forget();
        leader.KeepUp(300, 2, 3, 4);
        Assert.Empty(leader.SentTo<Message>(5));
    }

    [Fact]
    public void Section4_2_3_RemovedServerThatIsSilent_IsGivenUpAfterTwoElectionTimeouts()
    {
        Driver leader = new Driver(5).Elected();
        leader.KeepUp(200, 2, 3, 4, 5);
        leader.Change(new RemoveMember(Driver.Node(5), Force: false));

        leader.KeepUp(4500, 2, 3, 4);
        leader.Forget();
        leader.KeepUp(300, 2, 3, 4);

        Assert.Empty(leader.SentTo<Message>(5));
    }

    [Fact]
    public void Section4_2_3_RemovedServerCampaigns_Ignored()
    {
        Driver follower = new Driver(id: 2, configuration: new Configuration([.. Driver.ConfigurationOf(3).Voters], [], [], Driver.Node(6))).Following(1, 1);
        for (int i = 0; i < 99; i++)
        {
            follower.Elapse(10);
        }

        follower.Elapse(5000 - 990);
        follower.Forget();
        long term = follower.Raft.Term;
        follower.Step(new VoteRequest(Driver.Node(5), follower.Id, term + 9, new EntryId(100, term + 8)));
        follower.Step(new PreVoteRequest(Driver.Node(5), follower.Id, term + 9, new EntryId(100, term + 8)));

        Assert.Equal(term, follower.Raft.Term);
        Assert.Empty(follower.Sent);
    }

    [Fact]
    public void Section4_1_LeaderThatIsNoMemberHere_IsHeard()
    {
        var follower = new Driver(id: 2);

        follower.Step(Driver.Append(7, 2, 3, EntryId.Zero, 0, Driver.Batch(1, 3)));
        follower.Sync();

        Assert.Equal(Driver.Node(7), follower.Raft.Leader);
        Assert.Equal(1, follower.Only<AppendEntriesResponse>().MatchIndex);
    }

    [Fact]
    public void Section4_1_CandidateThatIsNoMemberHereYet_GetsTheVote()
    {
        var follower = new Driver(id: 2);

        follower.Step(new VoteRequest(Driver.Node(4), follower.Id, 1, new EntryId(5, 1)));
        follower.Sync();

        Assert.True(follower.Only<VoteResponse>().VoteGranted);
    }

    [Fact]
    public void Replacement_OneJointChange_TheNewOneInAndTheOldOneOut()
    {
        Driver leader = new Driver().Elected();
        leader.KeepUp(200, 2);

        // Member 3 is dead; its successor bears its name and uses its address.
        MembershipResult added = leader.Change(new AddLearner("n3", "127.0.0.1:7503", "", PromotesItself: true, Driver.Node(3), Instance: 7));
        Assert.Equal((MembershipStatus.Appended, Driver.Node(4)), (added.Status, added.Member));
        leader.KeepUp(1500, 2, 4);

        Assert.Equal([1, 2, 4], leader.Raft.Configuration.VoterIds.Select(id => (int)id.Value));
        Assert.False(leader.Raft.Configuration.IsJoint);
        Assert.True(leader.Raft.Configuration.WasRemoved(Driver.Node(3)));
    }

    [Fact]
    public void Removal_TooFewWouldAnswer_RefusedUnlessForced()
    {
        Driver leader = new Driver().Elected();
        leader.KeepUp(1200, 2);

        Assert.Equal(MembershipStatus.WouldLoseQuorum, leader.Change(new RemoveMember(Driver.Node(2), Force: false)).Status);
        Assert.Equal(MembershipStatus.Appended, leader.Change(new RemoveMember(Driver.Node(3), Force: false)).Status);
    }

    [Fact]
    public void Removal_OneOfTwo_RefusedUnlessForced()
    {
        Driver leader = new Driver(2).Elected();
        leader.KeepUp(200, 2);

        Assert.Equal(MembershipStatus.WouldLoseQuorum, leader.Change(new RemoveMember(Driver.Node(2), Force: false)).Status);
        Assert.Equal(MembershipStatus.Appended, leader.Change(new RemoveMember(Driver.Node(2), Force: true)).Status);
    }

    [Fact]
    public void Removal_TheLastVoter_RefusedEvenWhenForced()
    {
        var leader = new Driver(1);
        leader.ElapseUntil(() => leader.Raft.Role == RaftRole.Candidate);
        leader.Sync();
        leader.Sync();

        Assert.Equal(MembershipStatus.NoVoterLeft, leader.Change(new RemoveMember(leader.Id, Force: true)).Status);
    }

    [Fact]
    public void Ids_OfRemovedMembers_AreNeverGivenAgain()
    {
        Driver leader = WithLearner();
        leader.KeepUp(200, 2, 3);
        leader.Change(new RemoveMember(Driver.Node(4), Force: false));
        leader.KeepUp(100, 2, 3);

        Assert.Equal(Driver.Node(5), leader.Change(Newcomer).Member);
    }

    [Fact]
    public void Addition_NameOrAddressOfAMember_Refused()
    {
        Driver leader = new Driver().Elected();

        Assert.Equal(MembershipStatus.NameOrAddressTaken, leader.Change(Newcomer with { Name = "n2" }).Status);
        Assert.Equal(MembershipStatus.NameOrAddressTaken, leader.Change(Newcomer with { PeerAddress = "127.0.0.1:7502" }).Status);
        Assert.Equal(MembershipStatus.NoSuchMember, leader.Change(Newcomer with { Replaces = Driver.Node(9) }).Status);
    }

    [Fact]
    public void Claim_ByASecondDirectory_Refused()
    {
        Driver leader = WithLearner();

        Assert.Equal(MembershipStatus.ClaimedByAnother, leader.Change(new UpdateMember(Driver.Node(4), null, null, Instance: 45)).Status);
        Assert.Equal(MembershipStatus.AlreadySo, leader.Change(new UpdateMember(Driver.Node(4), null, null, Instance: 44)).Status);
        Assert.Equal(MembershipStatus.Appended, leader.Change(new UpdateMember(Driver.Node(3), null, null, Instance: 33)).Status);
    }

    // A snapshot is taken of the applied configuration: what it is made of must be what came with the one before.
    [Fact]
    public void Snapshot_Installed_ItsConfigurationIsThatOfTheNextSnapshot()
    {
        Configuration configuration = WithLearner().Raft.Configuration, handedOn = configuration;
        foreach (uint id in (uint[])[2, 3])
        {
            var node = new Driver(id: id);
            Assert.True(node.Raft.InstallSnapshot(new SnapshotMetadata(new EntryId(10, 2), 0, handedOn, 100)));
            node.Take();
            node.Sync();
            handedOn = node.Raft.AppliedConfiguration;
            Assert.Equal(ConfigurationCodec.Encode(configuration), ConfigurationCodec.Encode(handedOn));
        }
    }

    [Fact]
    public void Snapshot_OfTheAppliedState_HoldsTheConfigurationOfThatEntryAndNotALaterOne()
    {
        Driver leader = new Driver().Elected();

        leader.Change(Newcomer);

        Assert.True(leader.Raft.Configuration.IsMember(Driver.Node(4)));
        Assert.False(leader.Raft.AppliedConfiguration.IsMember(Driver.Node(4)));
    }

    internal static Driver WithLearner(bool promotesItself = false)
    {
        Driver leader = new Driver().Elected();
        leader.Change(Newcomer with { PromotesItself = promotesItself });
        leader.Sync();
        leader.Acknowledge(2, leader.Raft.LastEntry.Index);
        leader.Forget();
        return leader;
    }

    private static EntryBatch ConfigurationBatch(long index, long term, Configuration configuration)
        => EntryBatch.Seal(new EntryId(index, term), 0, EntryKind.Configuration, [ConfigurationCodec.Encode(configuration)]);
}
