using System.Buffers;
using System.Text.Json;
using RaftStore.Kv;
using RaftStore.Node;
using RaftStore.Server.Settings;
using RaftStore.Server.Startup;

namespace RaftStore.Server.Http;

/// <summary><c>POST /v1/compact</c>: makes a revision the oldest one that can be read. Any thread.</summary>
internal sealed class CompactEndpoint(NodeHost host, ServerSettings settings, CommonHeaders common)
{
    /// <summary>Answers a request.</summary>
    public async ValueTask<Problem?> HandleAsync(HttpContext context, RequestTarget target)
    {
        string method = context.Request.Method;
        if (!HttpMethods.IsPost(method))
        {
            return new Problem(ProblemType.MethodNotAllowed, $"{method} is not a method of compaction.") { Allow = "POST" };
        }

        QueryReader query = new(target.Query);
        if (query.Next())
        {
            return KvParameterNames.Unknown(query.Name);
        }

        if (host.Node is not { } node)
        {
            return new Problem(ProblemType.Forming, host.PhaseDetail);
        }

        (byte[] body, Problem? unread) = await JsonBody.ReadAsync(context);
        if (unread is not null)
        {
            return unread;
        }

        if (!TryParse(body, out long revision))
        {
            return new Problem(ProblemType.InvalidRequest, "The body must be {\"revision\":N} with a whole number and nothing else.");
        }

        WriteOutcome outcome = await node.WriteAsync(KvCommand.Compact(revision), host.Clock.NowMs + settings.RequestTimeoutMs);
        if (Outcomes.OfWrite(outcome) is { } refused)
        {
            return refused;
        }

        common.Apply(context.Response, outcome.Result.Revision);
        WriteAnswer(context.Response, outcome.Result.Revision, revision);
        return null;
    }

    private static bool TryParse(ReadOnlySpan<byte> body, out long revision)
    {
        revision = 0;
        Utf8JsonReader json = new(body);
        try
        {
            return json.Read() && json.TokenType == JsonTokenType.StartObject
                && json.Read() && json.TokenType == JsonTokenType.PropertyName && json.ValueTextEquals("revision"u8)
                && json.Read() && json.TokenType == JsonTokenType.Number && json.TryGetInt64(out revision) && revision >= 0
                && json.Read() && json.TokenType == JsonTokenType.EndObject
                && !json.Read();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static void WriteAnswer(HttpResponse response, long revision, long compactedRevision)
    {
        ShortJson body = default;
        body.Append("{\"revision\":"u8);
        body.Append(revision);
        body.Append(",\"compactedRevision\":"u8);
        body.Append(compactedRevision);
        body.Append("}"u8);
        response.ContentType = MediaTypes.Json;
        response.ContentLength = body.Written.Length;
        response.BodyWriter.Write(body.Written);
    }
}
