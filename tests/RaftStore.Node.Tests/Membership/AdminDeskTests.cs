using RaftStore.Node.Codec;
using RaftStore.Node.Tests.Harness;
using RaftStore.Raft;

namespace RaftStore.Node.Tests.Membership;

/// <summary>Changes of the membership whose leader is lost on the way.</summary>
public sealed class AdminDeskTests
{
    private const int TimeoutMs = 30_000;

    private static readonly AddLearner Newcomer = new("n9", "127.0.0.1:9", "", PromotesItself: false, NodeId.None, Instance: 0);

    [Fact]
    public void Change_WhoseLeaderDiesBeforeItHears_IsDoneByTheNext()
    {
        TestCluster cluster = new(3);
        TestNode lost = cluster.RunUntilLeader();
        TestNode asked = cluster.Followers[0];
        lost.IsPaused = true;

        ValueTask<AdminOutcome> call = asked.Node.ChangeMembershipAsync(Newcomer, cluster.NowMs + TimeoutMs);
        cluster.Settle();
        lost.Kill();

        AdminOutcome outcome = cluster.Await(call);
        Assert.Equal(AdminResult.Done, outcome.Result);
        Assert.Equal("n9", asked.Status.Configuration.Find(outcome.Member)?.Name);
    }

    [Fact]
    public void Question_ThatArrivesAgainAfterItWasAnswered_GetsTheSameAnswer()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        TestNode asked = cluster.Followers[0];
        (PeerChannel Channel, byte[] Frame)? question = null;
        cluster.Filter = (_, _, channel, frame) =>
        {
            question = frame[12] == (byte)FrameKind.AdminRequest ? (channel, frame.ToArray()) : question;
            return frame[12] != (byte)FrameKind.AdminResponse;
        };
        ValueTask<AdminOutcome> call = asked.Node.ChangeMembershipAsync(Newcomer, cluster.NowMs + TimeoutMs);
        cluster.RunUntil(() => leader.Status.AppliedConfiguration.Members.Length == 4, "the change");
        cluster.Run(200);
        Assert.False(call.IsCompleted);

        cluster.Filter = null;
        Assert.Null(leader.Node.Receive(asked.Id, question!.Value.Channel, question.Value.Frame));

        AdminOutcome outcome = cluster.Await(call);
        Assert.Equal(AdminResult.Done, outcome.Result);
        Assert.Equal("n9", leader.Status.AppliedConfiguration.Find(outcome.Member)?.Name);
    }

    // The leader is killed when it has done it, and comes back in the same term, of which it knows nothing any more.
    [Fact]
    public void Question_ThatArrivesAgainInTheLeadersNextLife_IsNotSaidToHaveDoneNothing()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        TestNode asked = cluster.Followers[0];
        (PeerChannel Channel, byte[] Frame)? question = null;
        cluster.Filter = (_, _, channel, frame) =>
        {
            question = frame[12] == (byte)FrameKind.AdminRequest ? (channel, frame.ToArray()) : question;
            return frame[12] != (byte)FrameKind.AdminResponse;
        };
        ValueTask<AdminOutcome> call = asked.Node.ChangeMembershipAsync(Newcomer, cluster.NowMs + TimeoutMs);
        cluster.RunUntil(() => leader.Status.AppliedConfiguration.Members.Length == 4, "the change");
        long term = leader.Status.Term;
        leader.Kill();
        leader.Start();
        cluster.Filter = null;

        Assert.Null(leader.Node.Receive(asked.Id, question!.Value.Channel, question.Value.Frame));
        cluster.Settle();
        Assert.Equal((RaftRole.Follower, term), (leader.Status.Role, leader.Status.Term));

        AdminOutcome outcome = cluster.Await(call);
        Assert.Equal(AdminResult.Done, outcome.Result);
        Assert.Equal("n9", asked.Status.AppliedConfiguration.Find(outcome.Member)?.Name);
    }

    public static TheoryData<string> Kinds => ["add", "remove", "replace", "update"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Change_WhoseLeaderDiesAfterItWasDone_IsFoundDone(string kind)
    {
        TestCluster cluster = new(5);
        TestNode lost = cluster.RunUntilLeader();
        TestNode asked = cluster.Followers[0];
        TestNode other = cluster.Followers[1];
        cluster.Filter = (_, _, _, frame) => frame[12] != (byte)FrameKind.AdminResponse;
        MembershipChange change = kind switch
        {
            "add" => Newcomer,
            "remove" => new RemoveMember(other.Id, Force: false),
            "replace" => Newcomer with { Name = asked.Status.Configuration.Find(other.Id)!.Name, Replaces = other.Id },
            _ => new UpdateMember(other.Id, "127.0.0.1:9", ClientAddress: null, Instance: null),
        };
        Configuration before = lost.Status.AppliedConfiguration;

        ValueTask<AdminOutcome> call = asked.Node.ChangeMembershipAsync(change, cluster.NowMs + TimeoutMs);
        cluster.RunUntil(() => lost.Status.AppliedConfiguration != before && !lost.Status.AppliedConfiguration.IsJoint, "the change");
        cluster.Run(200);
        Assert.False(call.IsCompleted);
        Configuration done = lost.Status.AppliedConfiguration;
        lost.Kill();
        cluster.Filter = null;

        AdminOutcome outcome = cluster.Await(call);
        Assert.Contains(outcome.Result, new[] { AdminResult.Done, AdminResult.AlreadySo });
        cluster.Run(500);
        Assert.Equal(done.Members.ToArray(), asked.Status.AppliedConfiguration.Members.ToArray());
    }

    [Fact]
    public void Change_OfALeaderThatWasDeposedBeforeItCommitted_IsDoneByTheNext()
    {
        TestCluster cluster = new(3);
        TestNode deposed = cluster.RunUntilLeader();
        cluster.Isolate(deposed);
        Configuration before = deposed.Status.Configuration;
        ValueTask<AdminOutcome> call = deposed.Node.ChangeMembershipAsync(Newcomer, cluster.NowMs + TimeoutMs);
        cluster.Settle();
        Assert.NotSame(before, deposed.Status.Configuration);
        cluster.RunUntil(() => cluster.Nodes.Exists(node => node != deposed && node.Status.Role == RaftRole.Leader), "another leader");

        cluster.Heal();

        AdminOutcome outcome = cluster.Await(call);
        Assert.Equal(AdminResult.Done, outcome.Result);
        Assert.Equal("n9", deposed.Status.Configuration.Find(outcome.Member)?.Name);
        Assert.Single(deposed.Status.Configuration.Learners);
    }

    [Fact]
    public void Change_WhoseLeaderDiesAndHasNoSuccessor_IsUnknown()
    {
        TestCluster cluster = new(3);
        TestNode lost = cluster.RunUntilLeader();
        TestNode asked = cluster.Followers[0];
        lost.IsPaused = true;
        ValueTask<AdminOutcome> call = asked.Node.ChangeMembershipAsync(Newcomer, cluster.NowMs + 5000);
        cluster.Settle();
        lost.Kill();
        cluster.Nodes.Single(node => node.IsUp && node != asked).Kill();

        Assert.Equal(AdminResult.Unknown, cluster.Await(call).Result);
    }
}
