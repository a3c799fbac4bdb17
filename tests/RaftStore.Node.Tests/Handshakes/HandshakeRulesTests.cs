using RaftStore.Node.Handshakes;
using RaftStore.Raft;

namespace RaftStore.Node.Tests.Handshakes;

public sealed class HandshakeRulesTests
{
    private static readonly Configuration Members = new(
    [
        new Member(new NodeId(1), "n1", "a:1", ""), new Member(new NodeId(2), "n2", "b:1", ""), new Member(new NodeId(3), "n3", "c:1", ""),
    ]);

    private static readonly PeerIdentity One = new(new ClusterId(77), new NodeId(1), "n1", "http://one", "a:1");
    private static readonly PeerIdentity Two = new(new ClusterId(77), new NodeId(2), "n2", "http://two", "b:1");

    [Theory]
    [InlineData(PeerChannel.Control)]
    [InlineData(PeerChannel.Bulk)]
    [InlineData(PeerChannel.Snapshot)]
    public void Hello_OfAMember_IsAcceptedByTheOneItMeans(PeerChannel channel)
    {
        PeerHello hello = HandshakeRules.MakeHello(One, Members.Find(new NodeId(2))!, channel);

        PeerWelcome welcome = HandshakeRules.Judge(hello, Two, Members);

        Assert.Equal(HelloRefusal.None, welcome.Refusal);
        Assert.Equal(1u, welcome.Version);
        Assert.Equal("http://two", welcome.ClientAddress);
        Assert.Equal(channel, HandshakeRules.ToChannel(hello.Channel));
        HandshakeRules.CheckWelcome(welcome, hello);
    }

    public static TheoryData<string, string> Misfits => new()
    {
        { nameof(HelloRefusal.Cluster), "cluster" },
        { nameof(HelloRefusal.Target), "target id" },
        { nameof(HelloRefusal.Target), "target name" },
        { nameof(HelloRefusal.Sender), "sender id" },
        { nameof(HelloRefusal.Sender), "sender name" },
        { nameof(HelloRefusal.Sender), "sender is receiver" },
        { nameof(HelloRefusal.Version), "newer version" },
        { nameof(HelloRefusal.Version), "older version" },
        { nameof(HelloRefusal.Malformed), "no name" },
        { nameof(HelloRefusal.Malformed), "long name" },
        { nameof(HelloRefusal.Malformed), "versions crossed" },
        { nameof(HelloRefusal.Malformed), "channel" },
    };

    [Theory]
    [MemberData(nameof(Misfits))]
    public void Hello_ThatDoesNotFit_IsRefusedWithTheReason(string refusal, string misfit)
    {
        PeerHello hello = HandshakeRules.MakeHello(One, Members.Find(new NodeId(2))!, PeerChannel.Bulk);
        Spoil(hello, misfit);

        PeerWelcome welcome = HandshakeRules.Judge(hello, Two, Members);

        Assert.Equal(refusal, welcome.Refusal.ToString());
        Assert.NotEmpty(welcome.Reason);
        Assert.Equal(0ul, welcome.ClusterId);
        HandshakeException e = Assert.Throws<HandshakeException>(() => HandshakeRules.CheckWelcome(welcome, hello));
        Assert.Contains(welcome.Reason, e.Message, StringComparison.Ordinal);
    }

    // It may have joined by entries that are still missing here; who knows the cluster's id and this node's is no stranger.
    [Fact]
    public void Hello_OfAMemberThatIsNotKnownHereYet_IsAccepted()
    {
        PeerHello hello = HandshakeRules.MakeHello(new PeerIdentity(new ClusterId(77), new NodeId(4), "n4", "", "d:1"), Members.Find(new NodeId(2))!, PeerChannel.Control);

        HandshakeRules.CheckWelcome(HandshakeRules.Judge(hello, Two, Members), hello);
        Assert.Equal("d:1", hello.PeerAddress);
    }

    [Fact]
    public void Hello_OfAMemberThatWasRemoved_IsToldSo()
    {
        Configuration without = new([.. Members.Voters.Take(2)], [], [], new NodeId(4));
        PeerHello hello = HandshakeRules.MakeHello(new PeerIdentity(new ClusterId(77), new NodeId(3), "n3", "", "c:1"), Members.Find(new NodeId(2))!, PeerChannel.Control);

        Assert.Equal(HelloRefusal.Removed, HandshakeRules.Judge(hello, Two, without).Refusal);
    }

    [Fact]
    public void Hello_OfAMemberWhileForming_IsToldToComeAgain()
    {
        PeerHello hello = HandshakeRules.MakeHello(One, Members.Find(new NodeId(2))!, PeerChannel.Bulk);

        Assert.Equal(HelloRefusal.Forming, HandshakeRules.Judge(hello, Two with { Cluster = ClusterId.None, Id = NodeId.None }, members: null).Refusal);
    }

    [Fact]
    public void Hello_OfAFounder_IsAcceptedBeforeAndAfterFormation()
    {
        PeerIdentity founder = One with { Cluster = ClusterId.None, Id = NodeId.None };
        PeerHello hello = HandshakeRules.MakeFormationHello(founder, "n2");

        HandshakeRules.CheckWelcome(HandshakeRules.Judge(hello, Two, members: null), hello);
        HandshakeRules.CheckWelcome(HandshakeRules.Judge(hello, Two, Members), hello);
    }

    [Fact]
    public void Versions_OfNeighbouringReleases_MeetInTheLowerOne()
    {
        PeerHello newer = HandshakeRules.MakeHello(One, Members.Find(new NodeId(2))!, PeerChannel.Control);
        newer.VersionMax = HandshakeRules.VersionMax + 1;
        newer.VersionMin = HandshakeRules.VersionMax;

        PeerWelcome welcome = HandshakeRules.Judge(newer, Two, Members);

        Assert.Equal(HandshakeRules.VersionMax, welcome.Version);
        HandshakeRules.CheckWelcome(welcome, newer);
    }

    [Theory]
    [InlineData("name")]
    [InlineData("id")]
    [InlineData("cluster")]
    [InlineData("version")]
    public void Welcome_OfSomebodyElse_IsRefused(string misfit)
    {
        PeerHello hello = HandshakeRules.MakeHello(One, Members.Find(new NodeId(2))!, PeerChannel.Control);
        PeerWelcome welcome = HandshakeRules.Judge(hello, Two, Members);
        switch (misfit)
        {
            case "name":
                welcome.Name = "n3";
                break;
            case "id":
                welcome.NodeId = 3;
                break;
            case "cluster":
                welcome.ClusterId = 78;
                break;
            default:
                welcome.Version = HandshakeRules.VersionMax + 1;
                break;
        }

        Assert.Throws<HandshakeException>(() => HandshakeRules.CheckWelcome(welcome, hello));
    }

    private static void Spoil(PeerHello hello, string misfit)
    {
        switch (misfit)
        {
            case "cluster":
                hello.ClusterId++;
                break;
            case "target id":
                hello.TargetId = 3;
                break;
            case "target name":
                hello.TargetName = "n3";
                break;
            case "sender id":
                hello.SenderId = 0;
                break;
            case "sender name":
                hello.SenderName = "n9";
                break;
            case "sender is receiver":
                hello.SenderId = 2;
                hello.SenderName = "n2";
                break;
            case "newer version":
                hello.VersionMin = hello.VersionMax = HandshakeRules.VersionMax + 1;
                break;
            case "older version":
                hello.VersionMin = hello.VersionMax = HandshakeRules.VersionMin - 1;
                break;
            case "no name":
                hello.SenderName = "";
                break;
            case "long name":
                hello.SenderName = new string('n', 65);
                break;
            case "versions crossed":
                hello.VersionMin = hello.VersionMax + 1;
                break;
            case "channel":
                hello.Channel = (HelloChannel)42;
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(misfit), misfit, "An unknown misfit.");
        }
    }
}
