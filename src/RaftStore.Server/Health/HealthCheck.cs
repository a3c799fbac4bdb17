using System.Text.Json;

namespace RaftStore.Server.Health;

/// <summary>One thing that was looked at.</summary>
/// <param name="Detail">What is wrong, or a word on what was found.</param>
internal sealed record HealthCheck(string Name, bool IsOk, string Detail)
{
    /// <summary>Writes checks as the member <c>checks</c>.</summary>
    public static void Write(Utf8JsonWriter json, IReadOnlyList<HealthCheck> checks)
    {
        json.WriteStartArray("checks"u8);
        foreach (HealthCheck check in checks)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, check.Name);
            json.WriteBoolean("ok"u8, check.IsOk);
            json.WriteString("detail"u8, check.Detail);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
