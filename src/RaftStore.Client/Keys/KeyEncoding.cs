using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Unicode;

namespace RaftStore.Client.Keys;

/// <summary>
/// Writes keys into request targets. A key takes the plain form, <c>/v1/kv/a/b</c>, where that form reaches the server
/// unchanged through anything that handles URLs on the way; every other key takes the <c>key64</c> form, which is
/// base64url and so survives everything.
/// </summary>
/// <remarks>
/// What does not survive: <c>.</c> and <c>..</c> segments (folded), empty segments (merged by some proxies), control
/// characters and backslashes (refused or rewritten), and bytes that are not UTF-8 (re-encoded).
/// </remarks>
internal static class KeyEncoding
{
    private static readonly SearchValues<byte> Unreserved =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"u8);

    /// <summary>The request target of one key.</summary>
    /// <exception cref="ArgumentException">The key is empty: no request can name it.</exception>
    public static string Target(ReadOnlySpan<byte> key)
    {
        if (key.IsEmpty)
        {
            throw new ArgumentException("A key has at least one byte.", nameof(key));
        }

        return IsPlain(key) ? $"/v1/kv/{PercentEncode(key)}" : $"/v1/kv?key64={Base64Url.EncodeToString(key)}";
    }

    /// <summary>The form of bytes in a query: the value, and the suffix that its parameter's name takes for it.</summary>
    public static (string Suffix, string Value) QueryValue(ReadOnlySpan<byte> bytes) =>
        IsPlain(bytes) || IsPlainButForATrailingSlash(bytes)
            ? ("", PercentEncode(bytes))
            : ("64", Base64Url.EncodeToString(bytes));

    /// <summary>Whether the plain form of this key reaches the server as the same key.</summary>
    public static bool IsPlain(ReadOnlySpan<byte> key)
    {
        if (!Utf8.IsValid(key))
        {
            return false;
        }

        int segmentStart = 0;
        for (int i = 0; i <= key.Length; i++)
        {
            if (i == key.Length || key[i] == (byte)'/')
            {
                if (IsFoldedSegment(key[segmentStart..i]))
                {
                    return false;
                }

                segmentStart = i + 1;
            }
            else if (key[i] is < 0x20 or 0x7F or (byte)'\\')
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Prefixes usually end in a slash, and a query has no segments that anyone would fold.</summary>
    private static bool IsPlainButForATrailingSlash(ReadOnlySpan<byte> bytes) =>
        bytes.Length > 1 && bytes[^1] == (byte)'/' && IsPlain(bytes[..^1]);

    private static bool IsFoldedSegment(ReadOnlySpan<byte> segment) =>
        segment.IsEmpty || segment.SequenceEqual("."u8) || segment.SequenceEqual(".."u8);

    private static string PercentEncode(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.ContainsAnyExcept(Unreserved))
        {
            return Encoding.ASCII.GetString(bytes);
        }

        var text = new StringBuilder(checked(bytes.Length * 3));
        foreach (byte b in bytes)
        {
            if (Unreserved.Contains(b))
            {
                text.Append((char)b);
            }
            else
            {
                text.Append('%').Append("0123456789ABCDEF"[b >> 4]).Append("0123456789ABCDEF"[b & 15]);
            }
        }

        return text.ToString();
    }
}
