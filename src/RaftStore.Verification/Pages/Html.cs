using System.Globalization;
using System.Text;

namespace RaftStore.Verification.Pages;

/// <summary>Text for HTML and SVG. Whatever comes from outside goes through <see cref="Escape"/>.</summary>
public static class Html
{
    /// <summary>The text so that it is shown as it is, in an element and in a quoted attribute. Control characters, which may not stand in a
    /// page, become U+FFFD.</summary>
    public static string Escape(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        StringBuilder escaped = new(text.Length + 16);
        foreach (Rune rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '&' => escaped.Append("&amp;"),
                '<' => escaped.Append("&lt;"),
                '>' => escaped.Append("&gt;"),
                '"' => escaped.Append("&quot;"),
                '\'' => escaped.Append("&#39;"),
                < 0x20 and not '\n' and not '\t' => escaped.Append('\uFFFD'),
                _ => escaped.Append(rune.ToString()),
            };
        }

        return escaped.ToString();
    }

    /// <summary>A coordinate: at most two digits behind the point, whatever the culture.</summary>
    public static string Number(double value) => Math.Round(value, 2).ToString(CultureInfo.InvariantCulture);
}
