using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text.Encodings.Web;

namespace RaftStore.Server.Http;

/// <summary>JSON written by hand into a response: no object, no string and no copy between the store and the pipe.</summary>
internal static class JsonText
{
    /// <summary>Bytes handled at a time. A multiple of three, so that base64 never pads in the middle, and small enough that a slow
    /// client never makes more than this, encoded, wait in memory.</summary>
    private const int SliceBytes = 48 << 10;

    /// <summary>How much longer JSON's escapes can make a byte: <c>\u0000</c>.</summary>
    private const int EscapeFactor = 6;

    private const int EscapeSliceBytes = 1 << 10;

    /// <summary>Escapes what JSON demands and no more: the answer is never put into HTML.</summary>
    private static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    /// <summary>Writes a number.</summary>
    public static void WriteNumber(this IBufferWriter<byte> writer, long value)
    {
        const int DigitsMax = 20;
        if (!Utf8Formatter.TryFormat(value, writer.GetSpan(DigitsMax), out int written))
        {
            throw new InvalidOperationException("A pipe gave less memory than it was asked for.");
        }

        writer.Advance(written);
    }

    /// <summary>Writes bytes as a base64 string with its quotes; for short ones.</summary>
    public static void WriteBase64String(this IBufferWriter<byte> writer, ReadOnlySpan<byte> bytes)
    {
        writer.Write("\""u8);
        WriteBase64(writer, bytes);
        writer.Write("\""u8);
    }

    /// <summary>Writes UTF-8 as a string with its quotes; for short ones.</summary>
    public static void WriteUtf8String(this IBufferWriter<byte> writer, ReadOnlySpan<byte> utf8)
    {
        writer.Write("\""u8);
        WriteEscaped(writer, utf8);
        writer.Write("\""u8);
    }

    /// <summary>Writes bytes of any length as a string, base64 or as the UTF-8 they are, sending off what is written in between.</summary>
    /// <returns>False where the client is gone.</returns>
    public static async ValueTask<bool> WriteLongStringAsync(this PipeWriter writer, ReadOnlyMemory<byte> bytes, bool utf8)
    {
        writer.Write("\""u8);
        while (!bytes.IsEmpty)
        {
            int length = Math.Min(bytes.Length, SliceBytes);
            if (utf8)
            {
                length = WholeRunes(bytes.Span, length);
                WriteEscaped(writer, bytes.Span[..length]);
            }
            else
            {
                WriteBase64(writer, bytes.Span[..length]);
            }

            bytes = bytes[length..];
            if (!bytes.IsEmpty && (await writer.FlushAsync()).IsCompleted)
            {
                return false;
            }
        }

        writer.Write("\""u8);
        return true;
    }

    /// <summary>The longest prefix of at most <paramref name="length"/> bytes that does not cut a character of valid UTF-8.</summary>
    private static int WholeRunes(ReadOnlySpan<byte> utf8, int length)
    {
        if (length == utf8.Length)
        {
            return length;
        }

        while ((utf8[length] & 0xC0) == 0x80)
        {
            length--;
        }

        return length;
    }

    private static void WriteBase64(IBufferWriter<byte> writer, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            const int PieceBytes = 3 << 10;
            int length = Math.Min(bytes.Length, PieceBytes);
            Span<byte> target = writer.GetSpan(Base64.GetMaxEncodedToUtf8Length(length));
            Base64.EncodeToUtf8(bytes[..length], target, out _, out int written);
            writer.Advance(written);
            bytes = bytes[length..];
        }
    }

    private static void WriteEscaped(IBufferWriter<byte> writer, ReadOnlySpan<byte> utf8)
    {
        while (!utf8.IsEmpty)
        {
            int length = WholeRunes(utf8, Math.Min(utf8.Length, EscapeSliceBytes));
            Span<byte> target = writer.GetSpan(length * EscapeFactor);
            Encoder.EncodeUtf8(utf8[..length], target, out int consumed, out int written);
            writer.Advance(written);
            utf8 = utf8[consumed..];
        }
    }
}
