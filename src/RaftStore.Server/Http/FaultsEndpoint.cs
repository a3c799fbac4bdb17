using System.Buffers;
using RaftStore.Raft;
using RaftStore.Server.Faults;
using RaftStore.Server.Startup;

namespace RaftStore.Server.Http;

/// <summary><c>/v1/faults</c>: shows what goes wrong on purpose on this node, changes it, and heals. Any thread.</summary>
internal sealed class FaultsEndpoint(NodeHost host, CommonHeaders common)
{
    private const string AllowedMethods = "GET, HEAD, POST, DELETE";

    /// <summary>Answers a request.</summary>
    public async ValueTask<Problem?> HandleAsync(HttpContext context, RequestTarget target)
    {
        if (host.Faults is not { } faults)
        {
            return new Problem(ProblemType.NotFound, "Fault injection is off on this node: start it with --enable-fault-injection.");
        }

        QueryReader query = new(target.Query);
        if (query.Next())
        {
            return KvParameterNames.Unknown(query.Name);
        }

        string method = context.Request.Method;
        FaultPlan plan = faults.Plan;
        if (HttpMethods.IsPost(method))
        {
            (byte[] body, Problem? unread) = await JsonBody.ReadAsync(context);
            if (unread is not null)
            {
                return unread;
            }

            if ((FaultsJson.Parse(body, out FaultChange change) ?? CheckPeers(change)) is { } refused)
            {
                return refused;
            }

            plan = faults.Change(before => before.With(change));
        }
        else if (HttpMethods.IsDelete(method))
        {
            plan = faults.Change(_ => FaultPlan.None);
        }
        else if (!HttpMethods.IsGet(method) && !HttpMethods.IsHead(method))
        {
            return new Problem(ProblemType.MethodNotAllowed, $"{method} is not a method of the faults.") { Allow = AllowedMethods };
        }

        byte[] answer = FaultsJson.Format(plan, faults.FramesDropped, faults.FramesDelayed);
        common.Apply(context.Response);
        context.Response.ContentType = MediaTypes.Json;
        context.Response.ContentLength = answer.Length;
        if (!HttpMethods.IsHead(method))
        {
            context.Response.BodyWriter.Write(answer);
        }

        return null;
    }

    private Problem? CheckPeers(FaultChange change)
    {
        if (change.To.Count + change.From.Count == 0)
        {
            return null;
        }

        if (host.Members is not { } members)
        {
            return new Problem(ProblemType.Forming, host.PhaseDetail);
        }

        foreach (string peer in change.To.Concat(change.From))
        {
            Member? member = members.Members.FirstOrDefault(known => string.Equals(known.Name, peer, StringComparison.Ordinal));
            if (member is null || member.Id == host.Id)
            {
                string names = string.Join(", ", members.Members.Where(known => known.Id != host.Id).Select(known => known.Name));
                return new Problem(ProblemType.InvalidRequest, member is null ? $"There is no member '{peer}'. The others are {names}." : $"'{peer}' is this node itself. The others are {names}.");
            }
        }

        return null;
    }
}
