using Google.Protobuf;

namespace RaftStore.Node.Codec;

/// <summary>Reads protobuf messages whose bytes may be anything. Any thread.</summary>
public static class ProtobufMessages
{
    /// <summary>Reads a message; null where the bytes are none.</summary>
    /// <remarks>Of a message cut short within another one the library runs over the end of its span, and says so by another exception than its
    /// own: <c>22 FF FF FF FF 07 18 64 20 80 20</c> does it as an AdminResponse.</remarks>
    public static T? TryParse<T>(MessageParser<T> parser, ReadOnlySpan<byte> bytes)
        where T : class, IMessage<T>
    {
        ArgumentNullException.ThrowIfNull(parser);
        try
        {
            return parser.ParseFrom(bytes);
        }
        catch (Exception malformed) when (malformed is InvalidProtocolBufferException or IndexOutOfRangeException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }
}
