using RaftStore.Raft.Tests.Cluster;
using static RaftStore.Raft.Tests.Cluster.Driver;

namespace RaftStore.Raft.Tests;

/// <summary>A node whose state is wrong and whose log is right votes and replicates, and does not lead.</summary>
public sealed class ForbidLeadingTests
{
    [Fact]
    public void Leader_ThatMayNotLead_FollowsInTheSameTerm()
    {
        Driver node = new Driver(size: 3).Elected();

        node.Raft.ForbidLeading();

        Assert.Equal((RaftRole.Follower, 1L), (node.Raft.Role, node.Raft.Term));
        node.Elapse(60_000);
        Assert.Equal((RaftRole.Follower, 1L), (node.Raft.Role, node.Raft.Term));
    }

    [Fact]
    public void Follower_ThatMayNotLead_StillVotes()
    {
        Driver node = new(size: 3);
        node.Raft.ForbidLeading();
        node.Elapse(60_000);
        Assert.Equal(RaftRole.Follower, node.Raft.Role);

        node.Step(new VoteRequest(Node(2), Node(1), 5, new EntryId(9, 4)));

        node.Sync();
        Assert.Equal(5, node.Raft.Term);
        Assert.Contains(node.Sent, message => message is VoteResponse { VoteGranted: true });
    }

    [Fact]
    public void Follower_AllowedAgain_Campaigns()
    {
        Driver node = new(size: 3);
        node.Raft.ForbidLeading();
        node.Elapse(60_000);

        node.Raft.AllowLeading();

        node.ElapseUntil(() => node.Raft.Role == RaftRole.PreCandidate);
    }

    [Fact]
    public void Follower_ThatKeepsCommitted_AcknowledgesAndAppliesNothingUntilItsStateIsReplaced()
    {
        Driver node = new Driver(size: 3).Following(2, term: 1);
        node.Step(Append(2, 1, 1, EntryId.Zero, 1, Batch(1, 1)));
        node.Sync();
        Assert.Equal(1, node.Raft.AppliedIndex);
        node.Raft.KeepsCommitted = true;

        node.Step(Append(2, 1, 1, new EntryId(1, 1), 4, Batch(2, 1), Batch(3, 1), Batch(4, 1)));
        node.Sync();
        Assert.Contains(node.Sent, message => message is AppendEntriesResponse { Success: true, MatchIndex: 4 });
        Assert.Equal((4L, 1L, 1), (node.Raft.CommitIndex, node.Raft.AppliedIndex, node.Applied.Count));

        node.Raft.ReplaceState(Snapshot(3));
        node.Raft.KeepsCommitted = false;
        node.Take();
        Assert.Equal((4L, 4L), (node.Raft.CommitIndex, node.Raft.AppliedIndex));
        Assert.Equal([1L, 4L], node.Applied.Select(batch => batch.FirstIndex));
        Assert.Equal(new EntryId(4, 1), node.Raft.LastEntry);
    }

    [Fact]
    public void ReplaceState_ThatGoesBackOrAhead_IsABug()
    {
        Driver node = new Driver(size: 3).Following(2, term: 1);
        node.Step(Append(2, 1, 1, EntryId.Zero, 2, Batch(1, 1), Batch(2, 1), Batch(3, 1)));
        node.Sync();

        Assert.Throws<RaftInvariantException>(() => node.Raft.ReplaceState(Snapshot(1)));
        Assert.Throws<RaftInvariantException>(() => node.Raft.ReplaceState(Snapshot(3)));
        Assert.Throws<RaftInvariantException>(() => node.Raft.ReplaceState(new SnapshotMetadata(new EntryId(2, 2), 0, ConfigurationOf(3), 10)));
        node.Raft.ReplaceState(Snapshot(2));
        Assert.Equal((2L, 2L), (node.Raft.CommitIndex, node.Raft.AppliedIndex));
    }

    private static SnapshotMetadata Snapshot(long index) => new(new EntryId(index, 1), 0, ConfigurationOf(3), 10);
}
