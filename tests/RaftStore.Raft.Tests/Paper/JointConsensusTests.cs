using RaftStore.Raft.Tests.Cluster;

namespace RaftStore.Raft.Tests.Paper;

/// <summary>Thesis §4.3, a test per statement.</summary>
public sealed class JointConsensusTests
{
    [Fact]
    public void Section4_3_JointConfiguration_CommitsOnlyWithBothMajorities()
    {
        // Voters 1,2,3 become 1,4,5 in one change.
        Configuration joint = Joint([1, 2, 3], [1, 4, 5]);
        Driver leader = LeaderOf(joint);
        leader.Sync();
        long index = leader.Raft.LastEntry.Index;

        leader.Acknowledge(4, index);
        leader.Acknowledge(5, index);
        Assert.True(leader.Raft.CommitIndex < index);
        leader.Acknowledge(2, index);

        Assert.Equal(index, leader.Raft.CommitIndex);
    }

    [Fact]
    public void Section4_3_JointConfiguration_ElectionNeedsBothMajorities()
    {
        var candidate = new Driver(configuration: Joint([1, 2, 3], [1, 4, 5]));
        candidate.ElapseUntil(() => candidate.Raft.Role == RaftRole.PreCandidate);
        foreach (uint voter in (uint[])[2, 3, 4])
        {
            candidate.Step(new PreVoteResponse(Driver.Node(voter), candidate.Id, 1, true));
        }

        candidate.Sync();
        candidate.Step(new VoteResponse(Driver.Node(2), candidate.Id, 1, true));
        candidate.Step(new VoteResponse(Driver.Node(3), candidate.Id, 1, true));
        Assert.Equal(RaftRole.Candidate, candidate.Raft.Role);

        candidate.Step(new VoteResponse(Driver.Node(5), candidate.Id, 1, true));

        Assert.Equal(RaftRole.Leader, candidate.Raft.Role);
    }

    [Fact]
    public void Section4_3_JointConfiguration_ReadNeedsBothMajorities()
    {
        // Voters 1,2,3 become 1,2,3,4: two of the three are no majority of the four.
        Driver leader = MembershipTests.WithLearner();
        leader.KeepUp(500, 2, 3, 4);
        Assert.Equal(MembershipStatus.Appended, leader.Change(new PromoteLearner(Driver.Node(4))).Status);
        leader.ReadIndex();
        Heartbeat round = leader.Sent.OfType<Heartbeat>().Last();

        leader.Step(new HeartbeatResponse(Driver.Node(2), leader.Id, leader.Raft.Term, round.ReadRound, 1, 0));
        Assert.Empty(leader.Confirmed);
        leader.Step(new HeartbeatResponse(Driver.Node(4), leader.Id, leader.Raft.Term, round.ReadRound, 1, 0));

        Assert.Single(leader.Confirmed);
    }

    [Fact]
    public void Section4_3_JointConfiguration_LeaderStaysOnlyWithBothMajorities()
    {
        Driver leader = LeaderOf(Joint([1, 2, 3], [1, 4, 5]));

        leader.KeepUp(1500, 4, 5);

        Assert.Equal(RaftRole.Follower, leader.Raft.Role);
    }

    [Fact]
    public void Section4_3_BeginningCommitted_TheLeaderAppendsTheEndByItself()
    {
        Driver leader = new Driver(5).Elected();
        leader.KeepUp(200, 2, 3, 4, 5);

        MembershipResult result = leader.Change(new RemoveMember(Driver.Node(5), Force: false));
        Assert.True(leader.Raft.Configuration.IsJoint);
        leader.Sync();
        leader.Acknowledge(2, result.Index);
        Assert.True(leader.Raft.Configuration.IsJoint);
        leader.Acknowledge(3, result.Index);

        Assert.False(leader.Raft.Configuration.IsJoint);
        Assert.Equal(result.Index + 1, leader.Raft.ConfigurationIndex);
        Assert.Equal([1, 2, 3, 4], leader.Raft.Configuration.VoterIds.Select(id => (int)id.Value));
    }

    [Fact]
    public void Section4_3_NewLeaderFindsAJointConfiguration_EndsItOnceAnEntryOfItsTermIsCommitted()
    {
        Configuration joint = Joint([1, 2, 3], [1, 4, 5]);
        Driver leader = LeaderOf(joint);
        Assert.True(leader.Raft.Configuration.IsJoint);
        leader.Sync();

        foreach (uint voter in (uint[])[2, 4])
        {
            leader.Acknowledge(voter, leader.Raft.LastEntry.Index);
        }

        Assert.False(leader.Raft.Configuration.IsJoint);
        Assert.Equal([1, 4, 5], leader.Raft.Configuration.VoterIds.Select(id => (int)id.Value));
    }

    [Fact]
    public void Section4_3_EveryChangeOfVoters_IsJoint()
    {
        Driver promoting = MembershipTests.WithLearner();
        promoting.KeepUp(500, 2, 3, 4);
        Assert.Equal(MembershipStatus.Appended, promoting.Change(new PromoteLearner(Driver.Node(4))).Status);
        Assert.True(promoting.Raft.Configuration.IsJoint);

        Driver removing = new Driver().Elected();
        removing.KeepUp(200, 2, 3);
        Assert.Equal(MembershipStatus.Appended, removing.Change(new RemoveMember(Driver.Node(3), Force: false)).Status);
        Assert.True(removing.Raft.Configuration.IsJoint);
    }

    private static Configuration Joint(uint[] old, uint[] voters)
    {
        Member Of(uint id) => new(Driver.Node(id), $"n{id}", $"127.0.0.1:{7500 + id}", "");
        return new Configuration([.. voters.Select(Of)], [.. old.Select(Of)], [], Driver.Node(9));
    }

    /// <summary>Node 1 leads a joint configuration that its log brought; everything before its no-op is as if a former leader had written it.</summary>
    private static Driver LeaderOf(Configuration joint)
    {
        var leader = new Driver(term: 1, configuration: joint);
        leader.ElapseUntil(() => leader.Raft.Role == RaftRole.PreCandidate);
        NodeId[] others = [.. joint.AllVoterIds.Where(id => id != leader.Id)];
        foreach (NodeId voter in others)
        {
            leader.Step(new PreVoteResponse(voter, leader.Id, leader.Raft.Term + 1, true));
        }

        leader.Sync();
        foreach (NodeId voter in others)
        {
            leader.Step(new VoteResponse(voter, leader.Id, leader.Raft.Term, true));
        }

        Assert.Equal(RaftRole.Leader, leader.Raft.Role);
        leader.Forget();
        return leader;
    }
}
