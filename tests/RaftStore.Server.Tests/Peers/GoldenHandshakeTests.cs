using RaftStore.Node.Handshakes;
using RaftStore.Server.Peers;

namespace RaftStore.Server.Tests.Peers;

/// <summary>The bytes of the messages before the first frame: every version must read those of every other, to find out which they both speak.</summary>
public sealed class GoldenHandshakeTests
{
    private const string Hello =
        "525350312D00000011CA2986"
        + "0801100219887766554433221120012A026E3130AC023A026E3240034A0A687474703A2F2F613A315203613A32";

    private const string Refusal =
        "525350310C0000001E668F2D"
        + "08081204676F6E6532026E32";

    private const string Answer =
        "52535031510000004AE8DBDA"
        + "180121887766554433221128AC0232026E323A0A687474703A2F2F623A31400249050000000000000051060000000000"
        + "00005A03623A3260036A090A026E311203613A326A090A026E321203623A327001";

    private static readonly PeerHello HelloSent = new()
    {
        VersionMin = 1,
        VersionMax = 2,
        ClusterId = 0x1122334455667788,
        SenderId = 1,
        SenderName = "n1",
        TargetId = 300,
        TargetName = "n2",
        Channel = HelloChannel.Snapshot,
        ClientAddress = "http://a:1",
        PeerAddress = "a:2",
    };

    private static readonly PeerWelcome RefusalSent = new() { Refusal = HelloRefusal.Removed, Reason = "gone", Name = "n2" };

    private static readonly PeerWelcome AnswerSent = new()
    {
        Version = 1,
        ClusterId = 0x1122334455667788,
        NodeId = 300,
        Name = "n2",
        ClientAddress = "http://b:1",
        Stage = HelloStage.Searching,
        Life = 5,
        Instance = 6,
        PeerAddress = "b:2",
        Expect = 3,
        Founders = { new ListedFounder { Name = "n1", PeerAddress = "a:2" }, new ListedFounder { Name = "n2", PeerAddress = "b:2" } },
        Firm = true,
    };

    [Fact]
    public void Handshakes_OfThisVersion_StandOnTheWireAsTheyAlwaysDid()
    {
        Assert.Equal(Hello, Convert.ToHexString(HandshakeFrames.Encode(HelloSent)));
        Assert.Equal(Refusal, Convert.ToHexString(HandshakeFrames.Encode(RefusalSent)));
        Assert.Equal(Answer, Convert.ToHexString(HandshakeFrames.Encode(AnswerSent)));
    }

    [Fact]
    public void Handshakes_OfVersion1_AreUnderstood()
    {
        Assert.Equal(HelloSent, PeerHello.Parser.ParseFrom(MessageOf(Hello)));
        Assert.Equal(RefusalSent, PeerWelcome.Parser.ParseFrom(MessageOf(Refusal)));
        Assert.Equal(AnswerSent, PeerWelcome.Parser.ParseFrom(MessageOf(Answer)));
    }

    // A newer version may say more.
    [Fact]
    public void Hello_WithAFieldOfALaterVersion_IsUnderstood()
    {
        byte[] longer = [.. MessageOf(Hello), 0xFA, 0x01, 0x03, (byte)'n', (byte)'e', (byte)'w'];

        PeerHello read = PeerHello.Parser.ParseFrom(longer);

        Assert.Equal((HelloSent.SenderName, HelloSent.VersionMax), (read.SenderName, read.VersionMax));
    }

    private static byte[] MessageOf(string frame) => Convert.FromHexString(frame)[HandshakeFrames.HeaderBytes..];
}
