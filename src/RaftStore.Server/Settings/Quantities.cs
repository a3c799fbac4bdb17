using System.Globalization;

namespace RaftStore.Server.Settings;

/// <summary>Durations and sizes as users write them.</summary>
internal static class Quantities
{
    /// <summary>Reads <c>^[0-9]+(ms|s|m|h)$</c>.</summary>
    /// <returns>False where the text is something else, or longer than a <see cref="long"/> of milliseconds.</returns>
    public static bool TryParseDuration(ReadOnlySpan<char> text, out long milliseconds)
    {
        int digits = text.IndexOfAnyExceptInRange('0', '9');
        long unit = digits <= 0
            ? 0
            : text[digits..] switch
            {
                "ms" => 1,
                "s" => 1000,
                "m" => 60_000,
                "h" => 3_600_000,
                _ => 0,
            };
        return TryMultiply(text, digits, unit, out milliseconds);
    }

    /// <summary>Writes a duration in the largest unit that holds it without a rest.</summary>
    public static string FormatDuration(long milliseconds)
    {
        (long unit, string name) = milliseconds switch
        {
            > 0 when milliseconds % 3_600_000 == 0 => (3_600_000L, "h"),
            > 0 when milliseconds % 60_000 == 0 => (60_000L, "m"),
            > 0 when milliseconds % 1000 == 0 => (1000L, "s"),
            _ => (1L, "ms"),
        };
        return (milliseconds / unit).ToString(CultureInfo.InvariantCulture) + name;
    }

    /// <summary>Reads a number of bytes: digits, and <c>B</c>, <c>KiB</c>, <c>MiB</c>, <c>GiB</c> or <c>TiB</c> or nothing after them.</summary>
    public static bool TryParseSize(ReadOnlySpan<char> text, out long bytes)
    {
        int digits = text.IndexOfAnyExceptInRange('0', '9');
        if (digits < 0)
        {
            digits = text.Length;
        }

        long unit = digits == 0
            ? 0
            : text[digits..] switch
            {
                "" or "B" => 1,
                "KiB" => 1L << 10,
                "MiB" => 1L << 20,
                "GiB" => 1L << 30,
                "TiB" => 1L << 40,
                _ => 0,
            };
        return TryMultiply(text, digits, unit, out bytes);
    }

    private static bool TryMultiply(ReadOnlySpan<char> text, int digits, long unit, out long product)
    {
        product = 0;
        if (unit == 0 || !long.TryParse(text[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out long number) || number > long.MaxValue / unit)
        {
            return false;
        }

        product = number * unit;
        return true;
    }
}
