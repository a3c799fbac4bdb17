using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;

namespace RaftStore.Server.Http;

/// <summary>Reads the body of a request that takes a small JSON document. Any thread.</summary>
internal static class JsonBody
{
    /// <summary>Far more than any of these documents needs.</summary>
    private const int BytesMax = 64 << 10;

    /// <summary>Reads all of it.</summary>
    /// <returns>The bytes, which may be anything still; or what to answer instead.</returns>
    public static async ValueTask<(byte[] Body, Problem? Problem)> ReadAsync(HttpContext context)
    {
        if (!MediaTypes.IsJson(context.Request.ContentType))
        {
            return ([], new Problem(ProblemType.UnsupportedMediaType, "The body is a JSON object: send it with Content-Type: application/json."));
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
        {
            // Not what --value-limit allows: this is no value.
            feature.MaxRequestBodySize = null;
        }

        PipeReader reader = context.Request.BodyReader;
        while (true)
        {
            ReadResult result = await reader.ReadAsync();
            ReadOnlySequence<byte> bytes = result.Buffer;
            if (bytes.Length > BytesMax)
            {
                reader.AdvanceTo(bytes.End);
                return ([], new Problem(ProblemType.InvalidRequest, $"The body is longer than {BytesMax} bytes."));
            }

            if (result.IsCompleted)
            {
                byte[] body = bytes.ToArray();
                reader.AdvanceTo(bytes.End);
                return (body, null);
            }

            reader.AdvanceTo(bytes.Start, bytes.End);
        }
    }

    /// <summary>Reads a JSON object member by member.</summary>
    /// <param name="body">The bytes.</param>
    /// <param name="depthMax">How deep it may be.</param>
    /// <param name="take">Takes one member; says what is wrong with it, or null.</param>
    /// <param name="twice">What kind of problem a name is that stands there twice; null for a malformed request.</param>
    /// <returns>What is wrong with the body, or the first refusal; or null.</returns>
    public static Problem? ReadObject(ReadOnlyMemory<byte> body, int depthMax, Func<JsonProperty, Problem?> take, ProblemType? twice = null)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = depthMax });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return new Problem(ProblemType.InvalidRequest, "The body must be a JSON object.");
            }

            HashSet<string> names = new(StringComparer.Ordinal);
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (!names.Add(property.Name))
                {
                    return new Problem(twice ?? ProblemType.InvalidRequest, $"'{property.Name}' is given twice.");
                }

                if (take(property) is { } refused)
                {
                    return refused;
                }
            }

            return null;
        }
        catch (JsonException exception)
        {
            return new Problem(ProblemType.InvalidRequest, $"The body is not a JSON object: {exception.Message}");
        }
        catch (InvalidOperationException)
        {
            // A document may be well-formed and still have a name or a text that is no text, which shows only when it is read.
            return new Problem(ProblemType.InvalidRequest, "The body is not a JSON object: a name or a text in it is not valid UTF-8, or half of a surrogate pair.");
        }
    }
}
