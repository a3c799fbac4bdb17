using System.Buffers;
using System.Text.Json;
using RaftStore.Node;
using RaftStore.Server.Http;
using RaftStore.Server.Startup;

namespace RaftStore.Server.Health;

/// <summary><c>/livez</c> and <c>/readyz</c>. Any thread.</summary>
internal sealed class HealthEndpoints(NodeHost host, CommonHeaders common)
{
    /// <summary>A probe asks often and gives up soon: a node that needs longer to confirm a read is not ready.</summary>
    private const int ConfirmTimeoutMs = 1000;

    /// <summary>Answers <c>/livez</c>: the process runs and answers. A node that cannot go on ends its process, so there is nothing
    /// else to look at; restarting one that merely waits for others would help nobody.</summary>
    public Problem? Live(HttpContext context, RequestTarget target)
    {
        if (ParseVerbose(target, out bool verbose) is { } problem)
        {
            return problem;
        }

        WriteOk(context, verbose, [new HealthCheck("process", IsOk: true, "answers")]);
        return null;
    }

    /// <summary>Answers <c>/readyz</c>: a linearizable read would be served now.</summary>
    public async ValueTask<Problem?> ReadyAsync(HttpContext context, RequestTarget target, bool isStopping)
    {
        if (ParseVerbose(target, out bool verbose) is { } problem)
        {
            return problem;
        }

        List<HealthCheck> checks = [new HealthCheck("running", !isStopping, isStopping ? "shutting down" : "not shutting down")];
        if (host.Node is not { } node)
        {
            checks.Add(new HealthCheck("formed", IsOk: false, host.PhaseDetail));
        }
        else
        {
            checks.Add(new HealthCheck("formed", IsOk: true, "the cluster is formed"));
            bool isSound = node.Status.Divergence is null;
            checks.Add(new HealthCheck("state", isSound, isSound ? "not known to differ from the others'" : "quarantined: it differs from the others'; kvctl member repair"));
            string? leader = common.LeaderName;
            checks.Add(new HealthCheck("leader", leader is not null, leader ?? "no leader is known"));
            RefusalReason refusal = await node.ConfirmReadAsync(host.Clock.NowMs + ConfirmTimeoutMs);
            checks.Add(new HealthCheck("linearizable-read", refusal == RefusalReason.None, Outcomes.OfRead(refusal)?.Detail ?? "confirmed"));
        }

        if (checks.Find(check => !check.IsOk) is { } failed)
        {
            return new Problem(ProblemType.NotReady, $"{failed.Name}: {failed.Detail}") { Checks = verbose ? checks : null };
        }

        WriteOk(context, verbose, checks);
        return null;
    }

    private static Problem? ParseVerbose(RequestTarget target, out bool verbose)
    {
        verbose = false;
        QueryReader query = new(target.Query);
        while (query.Next())
        {
            if (query.Name is not "verbose")
            {
                return KvParameterNames.Unknown(query.Name);
            }

            verbose = query.Value is not "false";
        }

        return null;
    }

    private void WriteOk(HttpContext context, bool verbose, IReadOnlyList<HealthCheck> checks)
    {
        HttpResponse response = context.Response;
        common.Apply(response);
        ArrayBufferWriter<byte> body = new();
        if (verbose)
        {
            using Utf8JsonWriter json = new(body);
            json.WriteStartObject();
            HealthCheck.Write(json, checks);
            json.WriteEndObject();
        }
        else
        {
            body.Write("ok\n"u8);
        }

        response.ContentType = verbose ? MediaTypes.Json : "text/plain";
        response.ContentLength = body.WrittenCount;
        response.BodyWriter.Write(body.WrittenSpan);
    }
}
