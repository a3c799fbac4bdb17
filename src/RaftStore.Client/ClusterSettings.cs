using System.Buffers;
using System.Text.Json;
using RaftStore.Client.Http;

namespace RaftStore.Client;

/// <summary>The replicated settings of a cluster, in the server's order. A newer server may have more of them than this client knew of.</summary>
public sealed class ClusterSettings
{
    private readonly List<KeyValuePair<string, string>> _all;

    private ClusterSettings(List<KeyValuePair<string, string>> all) => _all = all;

    /// <summary>Every setting with its value: an integer, or a duration such as <c>10m</c>.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> All => _all;

    /// <summary>A setting's value; null where there is no setting of that name.</summary>
    public string? this[string name] => _all.Find(setting => setting.Key == name).Value;

    internal static ClusterSettings Read(Answer answer)
    {
        try
        {
            using var document = JsonDocument.Parse(answer.Body);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw answer.Malformed("its body is no object");
            }

            return new ClusterSettings([.. document.RootElement.EnumerateObject().Select(property => KeyValuePair.Create(property.Name, property.Value.ToString()))]);
        }
        catch (JsonException e)
        {
            throw answer.Malformed("its body cannot be read: " + e.Message, e);
        }
    }

    internal static byte[] Write(IReadOnlyDictionary<string, string> changes)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach ((string name, string value) in changes)
            {
                if (value.Length is > 0 and < 19 && value.All(char.IsAsciiDigit))
                {
                    json.WriteNumber(name, long.Parse(value, System.Globalization.CultureInfo.InvariantCulture));
                }
                else
                {
                    json.WriteString(name, value);
                }
            }

            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
