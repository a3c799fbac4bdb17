using System.Buffers;
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
        (byte[] body, Problem? unread) = await JsonBody.ReadAsync(context);
        if (unread is not null)
        {
            return unread;
        }

        Problem? malformed = SettingsJson.Parse(body, out List<KvSettingChange> changes);
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

    private long DeadlineMs() => host.Clock.NowMs + settings.RequestTimeoutMs;

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
