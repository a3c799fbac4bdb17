using System.Globalization;

namespace RaftStore.Server.Settings;

/// <summary>Reads single settings by name and type; each refusal names the setting, where it came from, and what would be right.</summary>
internal sealed class SettingsReader(IReadOnlyDictionary<string, SettingValue> values)
{
    /// <summary>True where the setting was given.</summary>
    public bool Has(string name) => values.ContainsKey(name);

    /// <summary>The text given, or null.</summary>
    /// <exception cref="SettingsException">It was given, but empty.</exception>
    public string? Text(string name)
    {
        if (!values.TryGetValue(name, out SettingValue value))
        {
            return null;
        }

        return value.Text.Trim() is { Length: > 0 } text ? text : throw Refuse(name, "is empty: give it a value, or leave it out for the default.");
    }

    /// <summary>The texts of a list with commas between, none of them empty; empty where the setting was not given.</summary>
    public string[] List(string name)
    {
        if (Text(name) is not { } text)
        {
            return [];
        }

        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        return parts.Contains("") ? throw Refuse(name, "has an empty place in its list: remove the comma that is too many.") : parts;
    }

    /// <summary>True where a switch is on.</summary>
    public bool Switch(string name) => Text(name) switch
    {
        // JSON's own true and false come out of the file with a capital.
        null or "false" or "False" => false,
        "true" or "True" => true,
        _ => throw Refuse(name, "must be true or false."),
    };

    /// <summary>A duration in milliseconds, within its bounds.</summary>
    public int DurationMs(string name, int fallbackMs, int leastMs, int mostMs)
    {
        if (Text(name) is not { } text)
        {
            return fallbackMs;
        }

        if (!Quantities.TryParseDuration(text, out long milliseconds))
        {
            throw Refuse(name, "is not a duration: write a whole number with ms, s, m or h, such as 100ms.");
        }

        return milliseconds >= leastMs && milliseconds <= mostMs
            ? (int)milliseconds
            : throw Refuse(name, $"must be from {leastMs}ms to {mostMs}ms.");
    }

    /// <summary>A size in bytes, within its bounds.</summary>
    public long SizeBytes(string name, long fallbackBytes, long leastBytes, long mostBytes)
    {
        if (Text(name) is not { } text)
        {
            return fallbackBytes;
        }

        if (!Quantities.TryParseSize(text, out long bytes))
        {
            throw Refuse(name, "is not a size: write a whole number of bytes, or one with KiB, MiB or GiB, such as 1MiB.");
        }

        return bytes >= leastBytes && bytes <= mostBytes
            ? bytes
            : throw Refuse(name, $"must be from {leastBytes} to {mostBytes} bytes.");
    }

    /// <summary>A whole number, within its bounds.</summary>
    public int Number(string name, int fallback, int least, int most)
    {
        if (Text(name) is not { } text)
        {
            return fallback;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most
            ? number
            : throw Refuse(name, $"must be a whole number from {least} to {most}.");
    }

    /// <summary>The refusal of a setting that was given: its source, its text, and what is wrong with it.</summary>
    public SettingsException Refuse(string name, string reason)
    {
        SettingValue value = values[name];
        return new SettingsException(value.Text.Length == 0 ? $"{value.Source} {reason}" : $"{value.Source} '{value.Text}' {reason}");
    }
}
