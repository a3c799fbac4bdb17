using System.Buffers.Binary;
using Google.Protobuf;
using RaftStore.Node.Codec;
using RaftStore.Node.Handshakes;
using RaftStore.Raft;

namespace RaftStore.Server.Peers;

/// <summary>The messages before the first frame, cut out of the byte stream. Nobody is trusted yet, so lengths are small and checked
/// before anything is allocated.</summary>
/// <remarks>
/// Little-endian:
/// <code>
///  0  u32  "RSP1" (0x31505352): what is not a peer, an HTTP request say, is found out by it
///  4  u32  length of the message in bytes
///  8  u32  CRC-32C of the message
/// 12  the message: PeerHello, PeerWelcome or FormationMessage (Protos/ of RaftStore.Node)
/// </code>
/// </remarks>
internal static class HandshakeFrames
{
    /// <summary>Bytes before the message.</summary>
    public const int HeaderBytes = 12;

    /// <summary>The longest hello or welcome, in bytes; the longest that makes sense has less than a thousand.</summary>
    public const int HelloBytesMax = 4 << 10;

    private const uint Magic = 0x31505352;

    /// <summary>The bytes of a hello or welcome with its header.</summary>
    public static byte[] Encode(IMessage message) => Encode(message.ToByteArray());

    /// <summary>Puts the header before a message.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> message)
    {
        byte[] frame = new byte[HeaderBytes + message.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(frame, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(4), (uint)message.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(8), Crc32C.Compute(message));
        message.CopyTo(frame.AsSpan(HeaderBytes));
        return frame;
    }

    /// <summary>Reads one message.</summary>
    /// <param name="socket">Where from.</param>
    /// <param name="lengthMax">The longest that is taken, in bytes.</param>
    /// <param name="timeoutMs">Time for all of it: bytes that trickle in do not extend it.</param>
    /// <returns>Null where the other side closed before the first byte.</returns>
    /// <exception cref="HandshakeException">The bytes are no message, or did not come in time.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The connection broke.</exception>
    public static byte[]? Read(PeerSocket socket, int lengthMax, int timeoutMs)
    {
        long deadlineMs = Environment.TickCount64 + timeoutMs;
        byte[] header = new byte[HeaderBytes];
        if (!Fill(socket, header, deadlineMs, mayEnd: true))
        {
            return null;
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != Magic)
        {
            throw new HandshakeException("the bytes are not those of a RaftStore peer");
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4));
        if (length > lengthMax)
        {
            throw new HandshakeException($"a message of {length} bytes, above {lengthMax}");
        }

        byte[] message = new byte[length];
        Fill(socket, message, deadlineMs, mayEnd: false);
        return BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(8)) == Crc32C.Compute(message)
            ? message
            : throw new HandshakeException("the checksum of a message does not match");
    }

    /// <summary>Reads a hello.</summary>
    /// <exception cref="HandshakeException">The bytes are none.</exception>
    public static PeerHello? ReadHello(PeerSocket socket, int timeoutMs) =>
        Read(socket, HelloBytesMax, timeoutMs) is { } bytes ? Parse(PeerHello.Parser, bytes) : null;

    /// <summary>Reads the answer to a hello.</summary>
    /// <exception cref="HandshakeException">The bytes are none, or the other side closed without an answer.</exception>
    public static PeerWelcome ReadWelcome(PeerSocket socket, int timeoutMs, int lengthMax = HelloBytesMax) =>
        Read(socket, lengthMax, timeoutMs) is { } bytes
            ? Parse(PeerWelcome.Parser, bytes)
            : throw new HandshakeException("the connection was closed without an answer");

    private static T Parse<T>(MessageParser<T> parser, byte[] bytes)
        where T : class, IMessage<T> => ProtobufMessages.TryParse(parser, bytes) ?? throw new HandshakeException("a handshake that cannot be read");

    private static bool Fill(PeerSocket socket, Span<byte> target, long deadlineMs, bool mayEnd)
    {
        bool isFirst = true;
        while (!target.IsEmpty)
        {
            long leftMs = deadlineMs - Environment.TickCount64;
            int count = leftMs > 0 ? socket.Receive(target, (int)leftMs) : -1;
            switch (count)
            {
                case 0 when mayEnd && isFirst:
                    return false;
                case 0:
                    throw new HandshakeException("the connection ended within a message");
                case < 0:
                    throw new HandshakeException("a message did not come in time");
                default:
                    target = target[count..];
                    isFirst = false;
                    break;
            }
        }

        return true;
    }
}
