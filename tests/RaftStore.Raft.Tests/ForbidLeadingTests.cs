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
}
