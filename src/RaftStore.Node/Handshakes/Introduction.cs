using RaftStore.Node.Formation;
using RaftStore.Raft;

namespace RaftStore.Node.Handshakes;

/// <summary>What a node says of itself to whoever asks on its peer port, as the answer to an inquiry.</summary>
public static class Introduction
{
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
            throw new HandshakeException($"refused ({welcome.Refusal}): {(welcome.Reason.Length <= HandshakeRules.ReasonLengthMax ? welcome.Reason : "")}", welcome.Refusal);
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
