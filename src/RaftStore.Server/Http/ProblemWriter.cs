using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace RaftStore.Server.Http;

/// <summary>Writes error answers: RFC 9457's <c>application/problem+json</c>, with <c>outcome</c> where a write was asked for.</summary>
internal static class ProblemWriter
{
    /// <summary>What a client that was turned away for now should wait, in seconds.</summary>
    private const string RetryAfterSeconds = "1";

    private static readonly JsonWriterOptions Options = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the whole answer.</summary>
    /// <param name="leader">The leader's name, where one is known.</param>
    public static void Write(HttpContext context, Problem problem, string? leader)
    {
        HttpResponse response = context.Response;
        byte[] body = Format(problem, leader, IsWrite(context.Request.Method));
        response.StatusCode = problem.Type.Status;
        response.ContentType = "application/problem+json";
        response.ContentLength = body.Length;
        if (problem.Allow is not null)
        {
            response.Headers.Allow = problem.Allow;
        }

        if (problem.Type.Status is 429 or 503)
        {
            response.Headers.RetryAfter = RetryAfterSeconds;
        }

        if (problem.CurrentRevision >= 0)
        {
            response.Headers.ETag = EntityTags.Format(problem.CurrentRevision);
        }

        if (problem.DeletedRevision > 0)
        {
            response.Headers["RaftStore-Deleted-Revision"] = problem.DeletedRevision.ToString(CultureInfo.InvariantCulture);
        }

        response.BodyWriter.Write(body);
    }

    /// <summary>The body alone.</summary>
    /// <param name="isWrite">True to say what became of the write.</param>
    public static byte[] Format(Problem problem, string? leader, bool isWrite)
    {
        ArrayBufferWriter<byte> buffer = new(256);
        using Utf8JsonWriter json = new(buffer, Options);
        json.WriteStartObject();
        json.WriteString("type"u8, ProblemType.UrnPrefix + problem.Type.Name);
        json.WriteString("title"u8, problem.Type.Title);
        json.WriteNumber("status"u8, problem.Type.Status);
        json.WriteString("detail"u8, problem.Detail);
        if (leader is not null)
        {
            json.WriteString("leader"u8, leader);
        }

        if (isWrite)
        {
            json.WriteString("outcome"u8, problem.Type.LeavesOutcomeUnknown ? "unknown"u8 : "not-applied"u8);
        }

        if (problem.Checks is not null)
        {
            Health.HealthCheck.Write(json, problem.Checks);
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>True for every method but those that HTTP calls safe.</summary>
    public static bool IsWrite(string method) => !HttpMethods.IsGet(method) && !HttpMethods.IsHead(method) && !HttpMethods.IsOptions(method) && !HttpMethods.IsTrace(method);
}
