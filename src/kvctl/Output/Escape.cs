using System.Globalization;
using System.Text;

namespace RaftStore.Kvctl.Output;

/// <summary>
/// Makes stored bytes safe to show: a value must not be able to drive the terminal of whoever reads it.
/// </summary>
internal static class Escape
{
    /// <summary>For a person at a terminal: lines and tabs stay, everything that could act is shown as an escape.</summary>
    public static string Terminal(ReadOnlySpan<byte> bytes) => Write(bytes, keepsLines: true);

    /// <summary>The same for text that came from elsewhere, or holds some that did. Escaping it again changes nothing.</summary>
    public static string Terminal(string text) => Write(Encoding.UTF8.GetBytes(text), keepsLines: true);

    /// <summary>For one item a line: every control character and the backslash are escaped, so that no two values look alike.</summary>
    public static string Line(ReadOnlySpan<byte> bytes) => Write(bytes, keepsLines: false);

    /// <summary>One line of text that came from elsewhere, such as a server's message.</summary>
    public static string Line(string text) => Write(Encoding.UTF8.GetBytes(text), keepsLines: false);

    private static string Write(ReadOnlySpan<byte> bytes, bool keepsLines)
    {
        var text = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out Rune rune, out int length) != System.Buffers.OperationStatus.Done)
            {
                foreach (byte b in bytes[..length])
                {
                    text.Append(CultureInfo.InvariantCulture, $"\\x{b:x2}");
                }
            }
            else
            {
                Append(text, rune, keepsLines);
            }

            bytes = bytes[length..];
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, Rune rune, bool keepsLines)
    {
        switch (rune.Value)
        {
            case '\n' or '\t' when keepsLines:
                text.Append((char)rune.Value);
                break;
            case '\n':
                text.Append("\\n");
                break;
            case '\r':
                text.Append("\\r");
                break;
            case '\t':
                text.Append("\\t");
                break;
            case '\\' when !keepsLines:
                text.Append("\\\\");
                break;
            default:
                if (Acts(rune))
                {
                    text.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}");
                }
                else
                {
                    text.Append(rune.ToString());
                }

                break;
        }
    }

    /// <summary>Control characters (C0, DEL, C1), and the marks that reorder the text around them.</summary>
    private static bool Acts(Rune rune) =>
        rune.Value < 0x20 || rune.Value is (>= 0x7F and <= 0x9F) or (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069)
            or 0x200E or 0x200F or 0x2028 or 0x2029;
}
