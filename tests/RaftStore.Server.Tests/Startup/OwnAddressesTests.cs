using RaftStore.Node.Handshakes;
using RaftStore.Raft;
using RaftStore.Server.Startup;

namespace RaftStore.Server.Tests.Startup;

public sealed class OwnAddressesTests
{
    [Theory]
    [InlineData("a:1", "http://a:2", "a:1", "http://a:2", null, null)]
    [InlineData("a:1", "http://a:2", "A:1", "http://A:2", null, null)]
    [InlineData("a:1", "", "a:1", "http://a:2", null, null)]
    [InlineData("a:1", "", "b:1", "http://b:2", "b:1", "http://b:2")]
    [InlineData("a:1", "http://a:2", "b:1", "http://a:2", "b:1", null)]
    [InlineData("a:1", "http://a:2", "a:1", "http://b:2", null, "http://b:2")]
    [InlineData("a:1", "http://a:2", "a:0", "http://a:0", null, null)]
    public void Change_ByWhatTheMembersHave_IsWhatTheyLack(string hasPeer, string hasClient, string peer, string client, string? newPeer, string? newClient)
    {
        Configuration members = new([new Member(new NodeId(1), "n1", hasPeer, hasClient), new Member(new NodeId(2), "n2", "c:1", "")]);

        UpdateMember? change = OwnAddresses.FindChange(new PeerIdentity(new ClusterId(7), new NodeId(1), "n1", client, peer), members);

        Assert.Equal((newPeer, newClient), (change?.PeerAddress, change?.ClientAddress));
        Assert.Equal(newPeer is null && newClient is null, change is null);
    }

    [Fact]
    public void Change_OfANodeThatIsNoMember_IsNone() =>
        Assert.Null(OwnAddresses.FindChange(new PeerIdentity(new ClusterId(7), new NodeId(3), "n3", "http://c:2", "c:1"), new Configuration([new Member(new NodeId(1), "n1", "a:1", "")])));
}
