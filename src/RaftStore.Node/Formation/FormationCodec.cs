using Google.Protobuf;
using RaftStore.Node.Codec;
using RaftStore.Node.Formation.Wire;
using RaftStore.Node.Handshakes;
using RaftStore.Raft;

namespace RaftStore.Node.Formation;

/// <summary>A <see cref="FormationStatus"/> as bytes (<c>Protos/formation.proto</c>).</summary>
public static class FormationCodec
{
    /// <summary>The longest message that is sent or taken, in bytes: room for <see cref="FoundersMax"/> of the longest names and
    /// addresses is less than half of it.</summary>
    public const int LengthBytesMax = 32 << 10;

    /// <summary>Founders at most; a cluster of more voters than this would only be slower.</summary>
    public const int FoundersMax = 31;

    /// <summary>The longest name of a node, in characters.</summary>
    public const int NameLengthMax = 64;

    /// <summary>The longest address, in characters: a DNS name (253) and a port.</summary>
    public const int AddressLengthMax = 260;

    /// <summary>The bytes of a status.</summary>
    public static byte[] Encode(FormationStatus status)
    {
        FormationMessage message = new()
        {
            From = status.From,
            To = status.To,
            Incarnation = status.Incarnation,
            Sequence = (ulong)status.Sequence,
            Challenge = status.Challenge,
            Echo = status.Echo,
            ClusterId = status.Cluster.Value,
            Formed = status.IsFormed,
        };
        message.Founders.AddRange(status.Founders.Voters.Select(member => new FounderEntry { Name = member.Name, PeerAddress = member.PeerAddress }));
        message.Met.AddRange(status.Met);
        return message.ToByteArray();
    }

    /// <summary>Reads a status and checks every length in it.</summary>
    /// <returns>Null, with what is wrong, where the bytes are not one.</returns>
    public static FormationStatus? TryDecode(ReadOnlySpan<byte> bytes, out string? error)
    {
        if (ProtobufMessages.TryParse(FormationMessage.Parser, bytes) is not { } message)
        {
            error = "it is not a formation message";
            return null;
        }

        error = Check(message);
        if (error is not null)
        {
            return null;
        }

        uint id = 0;
        return new FormationStatus
        {
            From = message.From,
            To = message.To,
            Incarnation = message.Incarnation,
            Sequence = (long)message.Sequence,
            Challenge = message.Challenge,
            Echo = message.Echo,
            Founders = new Configuration(message.Founders
                .OrderBy(founder => founder.Name, StringComparer.Ordinal)
                .Select(founder => new Member(new NodeId(++id), founder.Name, founder.PeerAddress, ClientAddress: ""))),
            Cluster = new ClusterId(message.ClusterId),
            IsFormed = message.Formed,
            Met = [.. message.Met],
        };
    }

    /// <summary>Reads a status that came on the connection of that founder: he may speak for himself alone.</summary>
    /// <exception cref="HandshakeException">The bytes are none, or one in the name of another.</exception>
    public static FormationStatus DecodeFrom(string sender, ReadOnlySpan<byte> bytes)
    {
        FormationStatus status = TryDecode(bytes, out string? error) ?? throw new HandshakeException($"{sender} sent a formation message that makes no sense: {error}");
        return string.Equals(status.From, sender, StringComparison.Ordinal)
            ? status
            : throw new HandshakeException($"{sender} sent a formation message in the name of {status.From}");
    }

    private static string? Check(FormationMessage message)
    {
        if (!IsName(message.From) || !IsName(message.To))
        {
            return "it names no sender or no receiver";
        }

        if (message.Sequence > long.MaxValue)
        {
            return $"its sequence number {message.Sequence} is too large";
        }

        if (message.Founders.Count is 0 or > FoundersMax || message.Met.Count > FoundersMax)
        {
            return $"it lists {message.Founders.Count} founders, and {message.Met.Count} as met; 1 to {FoundersMax} are allowed";
        }

        bool areFoundersSane = message.Founders.All(founder => IsName(founder.Name) && founder.PeerAddress.Length is > 0 and <= AddressLengthMax)
            && message.Founders.Select(founder => founder.Name).Distinct(StringComparer.Ordinal).Count() == message.Founders.Count;
        if (!areFoundersSane || !message.Met.All(IsName))
        {
            return "a name or an address in it is missing, too long or there twice";
        }

        return message.Formed && message.ClusterId == 0 ? "it claims to be formed without a cluster" : null;
    }

    private static bool IsName(string name) => name.Length is > 0 and <= NameLengthMax;
}
