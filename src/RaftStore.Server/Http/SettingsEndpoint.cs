using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;
using RaftStore.Kv;
using RaftStore.Node;
using RaftStore.Server.Settings;
using RaftStore.Server.Startup;
using RaftNodeHandle = RaftStore.Node.Node;

namespace RaftStore.Server.Http;

/// <summary><c>/v1/cluster/settings</c>: shows the replicated settings, and changes some of them in one entry. Any thread.</summary>
internal sealed class SettingsEndpoint(NodeHost host, ServerSettings settings, CommonHeaders common)
{
    private const string AllowedMethods = "GET, HEAD, PATCH";

    /// <summary>Far more than an object of every setting takes.</summary>
    private const int BodyBytesMax = 64 << 10;

    /// <summary>Answers a request.</summary>
    public ValueTask<Problem?> HandleAsync(HttpContext context, RequestTarget target)
    {
        string method = context.Request.Method;
        bool isRead = HttpMethods.IsGet(method) || HttpMethods.IsHead(method);
        if (!isRead && !HttpMethods.IsPatch(method))
        {
            return ValueTask.FromResult<Problem?>(new Problem(ProblemType.MethodNotAllowed, $"{method} is not a method of the settings.") { Allow = AllowedMethods });
        }

        if (ParseStale(target, isRead, out bool stale) is { } malformed)
        {
            return ValueTask.FromResult<Problem?>(malformed);
        }

        if (host.Node is not { } node)
        {
            return ValueTask.FromResult<Problem?>(new Problem(ProblemType.Forming, host.PhaseDetail));
        }

        return isRead ? ReadAsync(context, node, stale) : ChangeAsync(context, node);
    }

    private static Problem? ParseStale(RequestTarget target, bool isRead, out bool stale)
    {
        stale = false;
        QueryReader query = new(target.Query);
        while (query.Next())
        {
            if (!isRead || query.Name is not "consistency")
            {
                return KvParameterNames.Unknown(query.Name);
            }

            stale = query.Value is "stale";
            if (!stale && query.Value is not "linearizable")
            {
                return new Problem(ProblemType.InvalidParameter, "'consistency' must be linearizable or stale.");
            }
        }

        return null;
    }

    private async ValueTask<Problem?> ReadAsync(HttpContext context, RaftNodeHandle node, bool stale)
    {
        if (!stale && Outcomes.OfRead(await node.ConfirmReadAsync(DeadlineMs())) is { } refused)
        {
            return refused;
        }

        Write(context.Response, node.View);
        return null;
    }

    private async ValueTask<Problem?> ChangeAsync(HttpContext context, RaftNodeHandle node)
    {
        if (!MediaTypes.IsJson(context.Request.ContentType))
        {
            return new Problem(ProblemType.UnsupportedMediaType, "The settings to change are a JSON object: send it with Content-Type: application/json.");
        }

        ReadOnlySequence<byte>? body = await ReadBodyAsync(context);
        if (body is null)
        {
            return new Problem(ProblemType.InvalidRequest, $"The body is longer than {BodyBytesMax} bytes.");
        }

        Problem? malformed = SettingsJson.Parse(body.Value, out List<KvSettingChange> changes);
        context.Request.BodyReader.AdvanceTo(body.Value.End);
        if (malformed is not null)
        {
            return malformed;
        }

        WriteOutcome outcome = await node.WriteAsync(KvCommand.ChangeSettings(changes), DeadlineMs());
        if (Outcomes.OfWrite(outcome) is { } refused)
        {
            return refused;
        }

        // The entry may have been applied on the leader only so far; the answer is what holds after it.
        if (await node.ConfirmReadAsync(DeadlineMs()) != RefusalReason.None)
        {
            return new Problem(ProblemType.Timeout, "The settings were changed, but this node could not read them back in time. Ask for them again.");
        }

        Write(context.Response, node.View);
        return null;
    }

    /// <summary>The whole body, not yet released; null where it is too long.</summary>
    private static async ValueTask<ReadOnlySequence<byte>?> ReadBodyAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
        {
            // Not what --value-limit allows: this is no value.
            feature.MaxRequestBodySize = null;
        }

        PipeReader reader = context.Request.BodyReader;
        while (true)
        {
            ReadResult result = await reader.ReadAsync();
            if (result.Buffer.Length > BodyBytesMax)
            {
                reader.AdvanceTo(result.Buffer.End);
                return null;
            }

            if (result.IsCompleted)
            {
                return result.Buffer;
            }

            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    private long DeadlineMs() => NodeRuntime.NowMs + settings.RequestTimeoutMs;

    private void Write(HttpResponse response, KvView view)
    {
        byte[] body = SettingsJson.Format(view.Limits);
        common.Apply(response, view.Revision);
        response.ContentType = MediaTypes.Json;
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(response.HttpContext.Request.Method))
        {
            response.BodyWriter.Write(body);
        }
    }
}
