using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using RaftStore.Client;

namespace RaftStore.Kvctl.Output;

/// <summary>Writes the JSON answers by hand: nothing is reflected, and nothing is loaded for a command that prints text.</summary>
internal static class Json
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One object on one line.</summary>
    public static string Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>A writer for answers too long to hold.</summary>
    public static Utf8JsonWriter To(Stream stream) => new(stream, Options);

    /// <summary>The members of an item, in the form of the API: plain strings where both are UTF-8, else base64.</summary>
    public static void WriteItem(Utf8JsonWriter json, KvItem item, bool withValue = true)
    {
        bool isText = Utf8.IsValid(item.Key.Span) && (!withValue || Utf8.IsValid(item.Value.Span));
        WriteBytes(json, "key", item.Key.Span, isText);
        if (withValue)
        {
            WriteBytes(json, "value", item.Value.Span, isText);
        }

        json.WriteString("encoding", isText ? "utf8" : "base64");
        json.WriteNumber("createRevision", item.CreateRevision);
        json.WriteNumber("modRevision", item.ModRevision);
        json.WriteNumber("version", item.Version);
    }

    public static void WriteOptional(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    public static void WriteOptional(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }

    private static void WriteBytes(Utf8JsonWriter json, string name, ReadOnlySpan<byte> bytes, bool isText)
    {
        if (isText)
        {
            json.WriteString(name, bytes);
        }
        else
        {
            json.WriteBase64String(name, bytes);
        }
    }
}
