using System.Globalization;

namespace RaftStore.Kvctl.CommandLine;

/// <summary>Durations as everywhere in RaftStore: digits and one of ms, s, m, h.</summary>
internal static class Durations
{
    /// <summary>Reads a duration of at least 1 ms and at most 24 h.</summary>
    /// <exception cref="UsageException">It is no such duration; the message names <paramref name="option"/>.</exception>
    public static TimeSpan Parse(string option, string text)
    {
        int digits = 0;
        while (digits < text.Length && char.IsAsciiDigit(text[digits]))
        {
            digits++;
        }

        double? unitMs = text[digits..] switch { "ms" => 1, "s" => 1000, "m" => 60_000, "h" => 3_600_000, _ => null };
        if (unitMs is { } unit && int.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number > 0 && number * unit <= 86_400_000)
        {
            return TimeSpan.FromMilliseconds(number * unit);
        }

        throw new UsageException($"{option} '{text}' is not a duration such as 500ms, 10s or 2m (at most 24h)");
    }
}
