using System.Buffers;
using System.IO.Pipelines;
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
}
