using RaftStore.Node.Formation;
using RaftStore.Raft;

namespace RaftStore.Node.Handshakes;

/// <summary>Who this node is, as its handshakes say it.</summary>
/// <param name="Cluster">None while it is forming.</param>
/// <param name="Id">None while it is forming.</param>
/// <param name="Name">Its name.</param>
/// <param name="ClientAddress">The URL where clients reach it.</param>
/// <param name="PeerAddress">host:port where peers reach it.</param>
public sealed record PeerIdentity(ClusterId Cluster, NodeId Id, string Name, string ClientAddress, string PeerAddress);

/// <summary>Decides about handshakes. Pure: the bytes are read and written elsewhere.</summary>
public static class HandshakeRules
{
    /// <summary>Versions of the peer protocol that this program speaks. A release keeps the version before its own, so that a cluster
    /// can be upgraded node by node.</summary>
    public const uint VersionMin = 1;

    /// <inheritdoc cref="VersionMin"/>
    public const uint VersionMax = 1;

    /// <summary>The longest client address, in characters.</summary>
    public const int ClientAddressLengthMax = 1024;

    /// <summary>The longest reason of a refusal that is shown, in characters: a stranger may have written it.</summary>
    public const int ReasonLengthMax = 1024;

    /// <summary>What to say to a member on one of its channels.</summary>
    public static PeerHello MakeHello(PeerIdentity self, Member target, PeerChannel channel) => new()
    {
        VersionMin = VersionMin,
        VersionMax = VersionMax,
        ClusterId = self.Cluster.Value,
        SenderId = self.Id.Value,
        SenderName = self.Name,
        TargetId = target.Id.Value,
        TargetName = target.Name,
        Channel = ToHello(channel),
        ClientAddress = self.ClientAddress,
        PeerAddress = self.PeerAddress,
    };

    /// <summary>What a founder says to another.</summary>
    public static PeerHello MakeFormationHello(PeerIdentity self, string targetName) => new()
    {
        VersionMin = VersionMin,
        VersionMax = VersionMax,
        SenderName = self.Name,
        TargetName = targetName,
        Channel = HelloChannel.Formation,
        ClientAddress = self.ClientAddress,
    };

    /// <summary>The question who is there.</summary>
    public static PeerHello MakeInquiry(PeerIdentity asker) => new()
    {
        VersionMin = VersionMin,
        VersionMax = VersionMax,
        SenderName = asker.Name,
        Channel = HelloChannel.Inquiry,
        ClientAddress = asker.ClientAddress,
        PeerAddress = asker.PeerAddress,
    };

    /// <summary>The answer to a hello; for an inquiry whether it is answered, by <see cref="Introduction.Describe"/> then.</summary>
    /// <param name="hello">What the other side says.</param>
    /// <param name="self">This node.</param>
    /// <param name="members">The members as of the last applied entry; null while the cluster is forming.</param>
    /// <param name="canForm">Whether this node has a list of founders by which it could answer another.</param>
    public static PeerWelcome Judge(PeerHello hello, PeerIdentity self, Configuration? members, bool canForm = true)
    {
        bool isMalformed = hello.SenderName.Length is 0 or > FormationCodec.NameLengthMax || hello.TargetName.Length > FormationCodec.NameLengthMax || (hello.TargetName.Length == 0 && hello.Channel != HelloChannel.Inquiry)
            || hello.ClientAddress.Length > ClientAddressLengthMax || hello.PeerAddress.Length > ClientAddressLengthMax || hello.VersionMin > hello.VersionMax;
        if (isMalformed)
        {
            return Refuse(self, HelloRefusal.Malformed, "the hello lacks a name or has one that is too long");
        }

        if (hello.VersionMax < VersionMin || hello.VersionMin > VersionMax)
        {
            return Refuse(self, HelloRefusal.Version, $"{self.Name} speaks versions {VersionMin} to {VersionMax} of the peer protocol, {hello.SenderName} speaks {hello.VersionMin} to {hello.VersionMax}");
        }

        if (hello.Channel == HelloChannel.Inquiry)
        {
            return Accept(hello, self);
        }

        if (!string.Equals(hello.TargetName, self.Name, StringComparison.Ordinal))
        {
            return Refuse(self, HelloRefusal.Target, $"this is {self.Name}, not {hello.TargetName}");
        }

        if (hello.Channel == HelloChannel.Formation)
        {
            return canForm ? Accept(hello, self) : Refuse(self, HelloRefusal.Forming, $"{self.Name} has no founders yet");
        }

        if (members is null)
        {
            return Refuse(self, HelloRefusal.Forming, $"{self.Name} is still forming its cluster");
        }

        return JudgeMember(hello, self, members);
    }

    /// <summary>Checks the answer to one's own hello.</summary>
    /// <exception cref="HandshakeException">It is a refusal, or not the answer of whom the hello was meant for.</exception>
    public static void CheckWelcome(PeerWelcome welcome, PeerHello hello)
    {
        if (welcome.Refusal != HelloRefusal.None)
        {
            string reason = welcome.Reason.Length <= ReasonLengthMax ? welcome.Reason : "";
            throw new HandshakeException($"refused ({welcome.Refusal}): {reason}", welcome.Refusal);
        }

        bool isMeant = string.Equals(welcome.Name, hello.TargetName, StringComparison.Ordinal)
            && (hello.Channel == HelloChannel.Formation || (welcome.NodeId == hello.TargetId && welcome.ClusterId == hello.ClusterId));
        if (!isMeant)
        {
            throw new HandshakeException($"{welcome.Name} (id {welcome.NodeId} in cluster {new ClusterId(welcome.ClusterId)}) answers instead of {hello.TargetName}");
        }

        if (welcome.Version < hello.VersionMin || welcome.Version > hello.VersionMax || welcome.ClientAddress.Length > ClientAddressLengthMax)
        {
            throw new HandshakeException($"{welcome.Name} answers with version {welcome.Version} of the peer protocol, which was not offered");
        }
    }

    /// <summary>The channel that a hello of a member names.</summary>
    public static PeerChannel ToChannel(HelloChannel channel) => channel switch
    {
        HelloChannel.Control => PeerChannel.Control,
        HelloChannel.Bulk => PeerChannel.Bulk,
        HelloChannel.Snapshot => PeerChannel.Snapshot,
        _ => throw new ArgumentOutOfRangeException(nameof(channel), channel, "Not a channel of a member."),
    };

    private static PeerWelcome JudgeMember(PeerHello hello, PeerIdentity self, Configuration members)
    {
        if (hello.ClusterId != self.Cluster.Value)
        {
            return Refuse(self, HelloRefusal.Cluster, $"{self.Name} belongs to cluster {self.Cluster}, not to {new ClusterId(hello.ClusterId)}");
        }

        if (hello.TargetId != self.Id.Value)
        {
            return Refuse(self, HelloRefusal.Target, $"the id of {self.Name} is {self.Id}, not {hello.TargetId}");
        }

        NodeId senderId = new(hello.SenderId);
        if (members.WasRemoved(senderId))
        {
            return Refuse(self, HelloRefusal.Removed, $"{hello.SenderName} (id {senderId}) was removed from cluster {self.Cluster}");
        }

        // Who is not known here may have joined by entries that this node lacks still: it knows the cluster's id, and ours.
        Member? sender = members.Find(senderId);
        if (senderId.IsNone || senderId == self.Id || (sender is not null && !string.Equals(sender.Name, hello.SenderName, StringComparison.Ordinal)))
        {
            return Refuse(self, HelloRefusal.Sender, $"cluster {self.Cluster} has no other member {hello.SenderName} with the id {hello.SenderId}");
        }

        return hello.Channel is HelloChannel.Control or HelloChannel.Bulk or HelloChannel.Snapshot
            ? Accept(hello, self)
            : Refuse(self, HelloRefusal.Malformed, $"there is no channel {(int)hello.Channel}");
    }

    private static PeerWelcome Accept(PeerHello hello, PeerIdentity self) => new()
    {
        Version = Math.Min(hello.VersionMax, VersionMax),
        ClusterId = self.Cluster.Value,
        NodeId = self.Id.Value,
        Name = self.Name,
        ClientAddress = self.ClientAddress,
    };

    /// <summary>A refusal names nothing of this node but its name: who asks may be anybody.</summary>
    private static PeerWelcome Refuse(PeerIdentity self, HelloRefusal refusal, string reason) => new() { Refusal = refusal, Reason = reason, Name = self.Name };

    private static HelloChannel ToHello(PeerChannel channel) => channel switch
    {
        PeerChannel.Control => HelloChannel.Control,
        PeerChannel.Bulk => HelloChannel.Bulk,
        PeerChannel.Snapshot => HelloChannel.Snapshot,
        _ => throw new ArgumentOutOfRangeException(nameof(channel), channel, "An unknown channel."),
    };
}
