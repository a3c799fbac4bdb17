using System.Buffers;
using System.Globalization;
using System.Text.Json;
using RaftStore.Kv;
using RaftStore.Server.Settings;

namespace RaftStore.Server.Http;

/// <summary>The cluster's settings as JSON: bytes, counts and percents are integers, times are durations.</summary>
internal static class SettingsJson
{
    /// <summary>Objects in objects are no settings, and nobody's time.</summary>
    private const int DepthMax = 4;

    /// <summary>Every setting with its value.</summary>
    public static byte[] Format(KvLimits limits)
    {
        ArrayBufferWriter<byte> buffer = new(256);
        using Utf8JsonWriter json = new(buffer);
        json.WriteStartObject();
        foreach (KvSetting setting in KvSetting.All)
        {
            long value = setting.ValueIn(limits);
            if (setting.Unit == KvSettingUnit.Milliseconds)
            {
                json.WriteString(setting.Name, Quantities.FormatDuration(value));
            }
            else
            {
                json.WriteNumber(setting.Name, value);
            }
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads an object of the settings to change.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    public static Problem? Parse(ReadOnlyMemory<byte> body, out List<KvSettingChange> changes)
    {
        List<KvSettingChange> read = [];
        changes = read;
        if (JsonBody.ReadObject(body, DepthMax, property => Add(property, read), ProblemType.InvalidSetting) is { } problem)
        {
            return problem;
        }

        return changes.Count > 0 ? null : new Problem(ProblemType.InvalidSetting, $"The body names no setting. There are {Names()}.");
    }

    private static Problem? Add(JsonProperty property, List<KvSettingChange> changes)
    {
        if (KvSetting.Find(property.Name) is not { } setting)
        {
            return new Problem(ProblemType.InvalidSetting, $"'{Shown(property.Name)}' is no setting. There are {Names()}.");
        }

        if (!TryRead(setting, property.Value, out long value) || !setting.Allows(value))
        {
            return new Problem(ProblemType.InvalidSetting, $"'{setting.Name}' must be {RangeOf(setting)}.");
        }

        changes.Add(new KvSettingChange(setting, value));
        return null;
    }

    private static bool TryRead(KvSetting setting, JsonElement element, out long value)
    {
        value = 0;
        return setting.Unit == KvSettingUnit.Milliseconds
            ? element.ValueKind == JsonValueKind.String && Quantities.TryParseDuration(element.GetString(), out value)
            : element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out value);
    }

    private static string RangeOf(KvSetting setting) => setting.Unit switch
    {
        KvSettingUnit.Bytes => string.Create(CultureInfo.InvariantCulture, $"a number of bytes from {setting.Least} to {setting.Most}"),
        KvSettingUnit.Percent => string.Create(CultureInfo.InvariantCulture, $"a whole number from {setting.Least} to {setting.Most}, in percent"),
        KvSettingUnit.Count => string.Create(CultureInfo.InvariantCulture, $"a whole number from {setting.Least} to {setting.Most}"),
        KvSettingUnit.Milliseconds => $"a duration from \"{Quantities.FormatDuration(setting.Least)}\" to \"{Quantities.FormatDuration(setting.Most)}\", a string of digits and one of ms, s, m, h",
        _ => throw new ArgumentOutOfRangeException(nameof(setting), setting.Unit, "Not a unit."),
    };

    private static string Names() => string.Join(", ", KvSetting.All.Select(setting => setting.Name));

    private static string Shown(string name) => name.Length <= 64 ? name : string.Concat(name.AsSpan(0, 64), "…");
}
