using System.Net;
using System.Net.Sockets;
using RaftStore.Node.Formation;
using RaftStore.Node.Handshakes;
using RaftStore.Raft;

namespace RaftStore.Server.Peers;

/// <summary>Asks whoever listens at an address who it is: one connection, one question, one answer. Any thread; it blocks.</summary>
internal static class PeerInquiry
{
    /// <summary>The longest answer, in bytes: <see cref="FormationCodec.FoundersMax"/> founders with the longest names and addresses, and the rest.</summary>
    public const int AnswerBytesMax = 16 << 10;

    /// <summary>Asks.</summary>
    /// <param name="asker">Who asks.</param>
    /// <param name="address">host:port.</param>
    /// <param name="timeoutMs">Time for connecting, and once more for the answer, in milliseconds; asking the resolver comes before it.</param>
    /// <param name="meter">Where to count.</param>
    /// <exception cref="SocketException">Nobody answers there, or the name is not known.</exception>
    /// <exception cref="HandshakeException">What answers is no node that this version understands.</exception>
    /// <exception cref="FormatException">The address is none.</exception>
    public static NodeSighting Ask(PeerIdentity asker, string address, int timeoutMs, PeerMeter meter)
        => Ask(asker, PeerAddress.Parse(address).Resolve(), timeoutMs, meter);

    /// <inheritdoc cref="Ask(PeerIdentity, string, int, PeerMeter)"/>
    public static NodeSighting Ask(PeerIdentity asker, IPEndPoint address, int timeoutMs, PeerMeter meter)
    {
        using PeerSocket socket = PeerSocket.Connect(address, timeoutMs, meter);
        socket.SendAll(HandshakeFrames.Encode(HandshakeRules.MakeInquiry(asker)), timeoutMs);
        return Read(HandshakeFrames.ReadWelcome(socket, timeoutMs, AnswerBytesMax));
    }

    /// <summary>The answer to an inquiry.</summary>
    public static PeerWelcome Describe(NodeSighting self, uint version)
    {
        PeerWelcome welcome = new()
        {
            Version = version,
            ClusterId = self.Cluster.Value,
            NodeId = self.Id.Value,
            Name = self.Name,
            ClientAddress = self.ClientAddress,
            Stage = ToWire(self.Stage),
            Life = self.Life,
            Instance = self.Instance,
            PeerAddress = self.PeerAddress,
            Expect = (uint)self.Expect,
            Firm = self.IsFirm,
        };
        welcome.Founders.AddRange((self.Founders?.Voters ?? []).Select(member => new ListedFounder { Name = member.Name, PeerAddress = member.PeerAddress }));
        return welcome;
    }

    /// <summary>What an answer says.</summary>
    /// <exception cref="HandshakeException">It is a refusal, or makes no sense.</exception>
    public static NodeSighting Read(PeerWelcome welcome)
    {
        if (welcome.Refusal != HelloRefusal.None)
        {
            throw new HandshakeException($"refused ({welcome.Refusal}): {Shortened(welcome.Reason)}", welcome.Refusal);
        }

        bool isSane = NodeName.IsValid(welcome.Name)
            && welcome.ClientAddress.Length <= HandshakeRules.ClientAddressLengthMax
            && welcome.PeerAddress.Length <= FormationCodec.AddressLengthMax
            && welcome.Expect <= FormationCodec.FoundersMax
            && welcome.Founders.Count <= FormationCodec.FoundersMax
            && welcome.Founders.All(founder => NodeName.IsValid(founder.Name) && founder.PeerAddress.Length is > 0 and <= FormationCodec.AddressLengthMax)
            && welcome.Founders.Select(founder => founder.Name).Distinct(StringComparer.Ordinal).Count() == welcome.Founders.Count;
        if (!isSane)
        {
            throw new HandshakeException("what it says of itself lacks a name, or holds something that is too long or there twice");
        }

        return new NodeSighting
        {
            Name = welcome.Name,
            Stage = FromWire(welcome.Stage),
            Life = welcome.Life,
            Cluster = new ClusterId(welcome.ClusterId),
            Id = new NodeId(welcome.NodeId),
            PeerAddress = welcome.PeerAddress,
            ClientAddress = welcome.ClientAddress,
            Instance = welcome.Instance,
            Expect = (int)welcome.Expect,
            Founders = welcome.Founders.Count == 0 ? null : FoundingList.Create(welcome.Founders.Select(founder => (founder.Name, founder.PeerAddress))),
            IsFirm = welcome.Firm,
        };
    }

    private static string Shortened(string text) => text.Length <= HandshakeFrames.HelloBytesMax / 4 ? text : "";

    private static HelloStage ToWire(NodeStage stage) => stage switch
    {
        NodeStage.Joining => HelloStage.Joining,
        NodeStage.Searching => HelloStage.Searching,
        NodeStage.Forming => HelloStage.Forming,
        NodeStage.Formed => HelloStage.Formed,
        _ => HelloStage.Unspecified,
    };

    private static NodeStage FromWire(HelloStage stage) => stage switch
    {
        HelloStage.Joining => NodeStage.Joining,
        HelloStage.Searching => NodeStage.Searching,
        HelloStage.Forming => NodeStage.Forming,
        HelloStage.Formed => NodeStage.Formed,
        _ => NodeStage.Unknown,
    };
}
