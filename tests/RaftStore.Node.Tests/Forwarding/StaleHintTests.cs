using RaftStore.Node.Codec;
using RaftStore.Node.Tests.Harness;
using RaftStore.Node.Waiters;
using RaftStore.Raft;

namespace RaftStore.Node.Tests.Forwarding;

/// <summary>Nodes that take another for the leader which it is not, or not any more.</summary>
public sealed class StaleHintTests
{
    private const byte ForwardRequest = (byte)FrameKind.ForwardRequest;
    private const byte ForwardResponse = (byte)FrameKind.ForwardResponse;
    private const int KindOffset = 12;

    [Fact]
    public void ForwardedWrite_ToOneThatDoesNotLead_IsForwardedNoFurther()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        TestNode mistaken = cluster.Followers[0];
        TestNode asked = cluster.Followers[1];
        long commitIndex = leader.Status.CommitIndex;
        List<(NodeId From, NodeId To, byte Kind)> sent = [];
        cluster.Filter = (from, to, _, frame) =>
        {
            if (frame[KindOffset] is ForwardRequest or ForwardResponse)
            {
                sent.Add((from, to, frame[KindOffset]));
            }

            return true;
        };
        WriteWaiter write = new WaiterPool<WriteWaiter>(own => new WriteWaiter(own)).Rent();
        write.Command = TestCluster.Put("a", "1");
        write.DeadlineMs = cluster.NowMs + 10_000;
        Envelope envelope = new(TestCluster.ClusterId, mistaken.Id, asked.Id, asked.Status.Term);

        Assert.Null(asked.Node.Receive(mistaken.Id, PeerChannel.Bulk, Codec.FrameSamples.Bytes(ForwardCodec.Encode(envelope, [write], firstId: 1, cluster.NowMs))));
        cluster.Run(2000);

        // Nor is anything claimed about it: this node never led that term, and cannot know what became of other copies.
        Assert.Empty(sent);
        Assert.Equal((0, commitIndex), (asked.Node.Counters.Waiters, leader.Status.CommitIndex));
        Assert.Null(TestCluster.Get(leader, "a"));
    }

    // It refuses and goes on leading; whoever asks it again at once, and is refused again at once, would keep both busy until the deadline.
    [Fact]
    public void Write_WhoseLeaderGivesItBackAgainAndAgain_IsTriedAFewTimesASecondAndThenRefused()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        TestNode follower = cluster.Followers[0];
        int asked = 0;
        cluster.Filter = (_, _, _, frame) =>
        {
            asked += frame[KindOffset] == ForwardRequest ? 1 : 0;
            return true;
        };
        leader.Node.BeginShutdown();

        WriteOutcome outcome = cluster.Await(cluster.Write(follower, "a", "1", timeoutMs: 2000));

        Assert.Equal(WriteCertainty.NotApplied, outcome.Certainty);
        Assert.InRange(asked, 2, 2000 / 40);
        Assert.Null(TestCluster.Get(leader, "a"));
    }
}
