using System.Buffers;
using System.Buffers.Text;

namespace RaftStore.Server.Http;

/// <summary>How bytes were written in a request target.</summary>
internal enum KeyDecoding
{
    /// <summary>Well.</summary>
    Done,

    /// <summary>A <c>%</c> is not followed by two hexadecimal digits.</summary>
    BadPercent,

    /// <summary>The bytes do not fit the target.</summary>
    TooLong,

    /// <summary>The text is not base64url.</summary>
    BadBase64,
}

/// <summary>Bytes out of the texts of a request target. Percent-encoding is undone exactly once.</summary>
internal static class KeyCodec
{
    private static readonly SearchValues<char> Base64Alphabet = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=");

    /// <summary>Undoes percent-encoding.</summary>
    /// <param name="text">ASCII, as the server guarantees of every request target.</param>
    /// <param name="plusIsSpace">True in a query, false in a path.</param>
    /// <param name="length">Bytes written.</param>
    public static KeyDecoding DecodePercent(ReadOnlySpan<char> text, bool plusIsSpace, Span<byte> target, out int length)
    {
        length = 0;
        int i = 0;
        while (i < text.Length)
        {
            if (length == target.Length)
            {
                return KeyDecoding.TooLong;
            }

            char symbol = text[i++];
            if (symbol == '%')
            {
                if (i + 2 > text.Length || !char.IsAsciiHexDigit(text[i]) || !char.IsAsciiHexDigit(text[i + 1]))
                {
                    return KeyDecoding.BadPercent;
                }

                target[length++] = (byte)((HexValue(text[i]) << 4) | HexValue(text[i + 1]));
                i += 2;
            }
            else
            {
                target[length++] = symbol == '+' && plusIsSpace ? (byte)' ' : (byte)symbol;
            }
        }

        return KeyDecoding.Done;
    }

    /// <summary>Undoes base64url (RFC 4648 §5), with or without its padding; the padding may itself be percent-encoded.</summary>
    public static KeyDecoding DecodeBase64(ReadOnlySpan<char> text, Span<byte> target, out int length)
    {
        length = 0;
        char[]? rented = null;
        if (text.Contains('%'))
        {
            rented = ArrayPool<char>.Shared.Rent(text.Length);
            int kept = UnescapePadding(text, rented);
            if (kept < 0)
            {
                ArrayPool<char>.Shared.Return(rented);
                return KeyDecoding.BadBase64;
            }

            text = rented.AsSpan(0, kept);
        }

        // The framework's decoder passes over white space, and so would turn a '+' of the other alphabet into nothing: look first.
        KeyDecoding decoding = text.ContainsAnyExcept(Base64Alphabet)
            ? KeyDecoding.BadBase64
            : Base64Url.DecodeFromChars(text, target, out _, out length) switch
            {
                OperationStatus.Done => KeyDecoding.Done,
                OperationStatus.DestinationTooSmall => KeyDecoding.TooLong,
                _ => KeyDecoding.BadBase64,
            };
        if (rented is not null)
        {
            ArrayPool<char>.Shared.Return(rented);
        }

        return decoding;
    }

    private static int UnescapePadding(ReadOnlySpan<char> text, Span<char> target)
    {
        int kept = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '%')
            {
                target[kept++] = text[i];
                continue;
            }

            if (i + 2 >= text.Length || text[i + 1] != '3' || (text[i + 2] is not ('d' or 'D')))
            {
                return -1;
            }

            target[kept++] = '=';
            i += 2;
        }

        return kept;
    }

    private static int HexValue(char digit) => char.IsAsciiDigit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
