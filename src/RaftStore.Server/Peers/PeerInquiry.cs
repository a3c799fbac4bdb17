using System.Net;
using System.Net.Sockets;
using RaftStore.Node.Formation;
using RaftStore.Node.Handshakes;

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
        return Introduction.Read(HandshakeFrames.ReadWelcome(socket, timeoutMs, AnswerBytesMax));
    }
}
