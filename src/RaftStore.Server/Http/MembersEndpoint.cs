using System.Buffers;
using System.Globalization;
using System.Text.Json;
using RaftStore.Node;
using RaftStore.Raft;
using RaftStore.Server.Settings;
using RaftStore.Server.Startup;

namespace RaftStore.Server.Http;

/// <summary><c>/v1/cluster/members</c> and <c>/v1/cluster/transfer</c>: who belongs to the cluster, who leads it, and whose state is to be repaired. Any thread.</summary>
internal sealed class MembersEndpoint(NodeHost host, ServerSettings settings, CommonHeaders common)
{
    private const string MembersPath = "/v1/cluster/members";

    /// <summary>A repair is answered after this long at the latest, with how far it has come: well within a client's own patience.</summary>
    private const int RepairWaitMs = 2000;

    private readonly MemberReachability _reachability = new(host);

    /// <summary>Answers a request below <c>/v1/cluster/members</c>.</summary>
    public async ValueTask<Problem?> HandleAsync(HttpContext context, RequestTarget target)
    {
        string method = context.Request.Method;
        string[] parts = target.Path[MembersPath.Length..].ToString().Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (Fitting(method, parts) is { } unfit)
        {
            return unfit;
        }

        string? flag = parts switch
        {
            [_, "promote"] => null,
            [_, "repair"] => "trust",
            _ => "force",
        };
        if (ParseFlag(target, flag, out bool isFlagSet) is { } malformed)
        {
            return malformed;
        }

        if (host.Node is not { } node)
        {
            return new Problem(ProblemType.Forming, host.PhaseDetail);
        }

        MemberRequest request = MemberRequest.Empty;
        if (!HttpMethods.IsDelete(method) && parts is not ([_, "promote"] or [_, "repair"]))
        {
            (byte[] body, Problem? problem) = await JsonBody.ReadAsync(context);
            if ((problem ?? MemberRequest.Parse(body, out request)) is { } refused)
            {
                return refused;
            }
        }

        Configuration members = node.Status.Configuration;
        NodeId id = parts.Length == 0 ? NodeId.None : Resolve(members, Uri.UnescapeDataString(parts[0]), meansVoter: parts is [_, "replace"]);
        if (parts.Length > 0 && id.IsNone)
        {
            return NoSuchMember(Uri.UnescapeDataString(parts[0]));
        }

        return (method, parts) switch
        {
            ("DELETE", [_]) => await ChangeAsync(context, node, new RemoveMember(id, isFlagSet)),
            ("PATCH", [_]) => await PatchAsync(context, node, id, request, isFlagSet),
            ("POST", [_, "promote"]) => await ChangeAsync(context, node, new PromoteLearner(id)),
            ("POST", [_, "repair"]) => await RepairAsync(context, node, id, isFlagSet),
            ("POST", [_, "replace"]) => await AddAsync(context, node, members, request, id, isFlagSet),
            _ => await AddAsync(context, node, members, request, NodeId.None, isFlagSet),
        };
    }

    /// <summary>Answers <c>POST /v1/cluster/transfer</c>.</summary>
    public async ValueTask<Problem?> TransferAsync(HttpContext context, RequestTarget target)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            return new Problem(ProblemType.MethodNotAllowed, $"{context.Request.Method} is not a method of a transfer.") { Allow = "POST" };
        }

        if (ParseFlag(target, known: null, out _) is { } malformed)
        {
            return malformed;
        }

        if (host.Node is not { } node)
        {
            return new Problem(ProblemType.Forming, host.PhaseDetail);
        }

        (byte[] body, Problem? problem) = await JsonBody.ReadAsync(context);
        MemberRequest request = MemberRequest.Empty;
        if ((problem ?? MemberRequest.Parse(body, out request)) is { } refused)
        {
            return refused;
        }

        NodeId to = request.To is null ? NodeId.None : Resolve(node.Status.Configuration, request.To);
        if (request.To is not null && to.IsNone)
        {
            return NoSuchMember(request.To);
        }

        AdminOutcome outcome = await node.TransferLeadershipAsync(to, DeadlineMs());
        if (MemberProblems.Of(outcome, node.Status.Configuration) is { } failed)
        {
            return failed;
        }

        string? leader = node.Status.Configuration.Find(outcome.Result == AdminResult.AlreadySo ? to : outcome.Member)?.Name;
        Write(context.Response, json => json.WriteString("leader"u8, leader));
        return null;
    }

    private static Problem? Fitting(string method, string[] parts)
    {
        string? allow = parts switch
        {
            [] => "POST",
            [_] => "PATCH, DELETE",
            [_, "promote"] or [_, "replace"] or [_, "repair"] => "POST",
            _ => null,
        };
        return allow is null
            ? new Problem(ProblemType.NotFound, "There is nothing at this path; below a member there are promote, replace and repair.")
            : allow.Contains(method, StringComparison.Ordinal) ? null : new Problem(ProblemType.MethodNotAllowed, $"{method} is not a method of this resource.") { Allow = allow };
    }

    private static Problem? ParseFlag(RequestTarget target, string? known, out bool isSet)
    {
        isSet = false;
        QueryReader query = new(target.Query);
        while (query.Next())
        {
            if (known is null || !query.Name.SequenceEqual(known))
            {
                return KvParameterNames.Unknown(query.Name);
            }

            isSet = query.Value is "true";
            if (!isSet && query.Value is not "false")
            {
                return new Problem(ProblemType.InvalidParameter, $"'{known}' must be true or false.");
            }
        }

        return null;
    }

    /// <summary>A member by its id or its name. Of two with one name, the voter is meant where one is to be replaced, and else the learner that
    /// is to replace it; both are reached by their ids.</summary>
    private static NodeId Resolve(Configuration members, string text, bool meansVoter = false)
    {
        if (members.Members.LastOrDefault(member => string.Equals(member.Name, text, StringComparison.Ordinal) && !(meansVoter && members.IsLearner(member.Id))) is { } named)
        {
            return named.Id;
        }

        return uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint id) && members.IsMember(new NodeId(id)) ? new NodeId(id) : NodeId.None;
    }

    private static Problem NoSuchMember(string text) => new(ProblemType.MemberNotFound, $"The cluster has no member with the id or name {text}: GET /v1/cluster lists them.");

    private async ValueTask<Problem?> AddAsync(HttpContext context, Node.Node node, Configuration members, MemberRequest request, NodeId replaces, bool force)
    {
        if (request.CheckAddition() is { } incomplete)
        {
            return incomplete;
        }

        Problem? unfit = force ? null : await (replaces.IsNone ? _reachability.CheckNewAsync(request) : _reachability.CheckReplacementAsync(request, replaces));
        if (unfit is not null)
        {
            return unfit;
        }

        // A node that asks for itself again after a restart, or after an operator named it, gets what is there.
        Member? present = members.Members.LastOrDefault(member => string.Equals(member.Name, request.Name, StringComparison.Ordinal));
        if (present is not null && request.Instance != 0 && (members.IsLearner(present.Id) || present.Instance == request.Instance))
        {
            return await ChangeAsync(context, node, new UpdateMember(present.Id, request.Peer, request.Client, request.Instance));
        }

        // So does an operator who asks once more for a replacement that nobody has claimed yet.
        if (present is { Instance: 0 } && !replaces.IsNone && present.Replaces == replaces && request.Instance == 0 && members.IsLearner(present.Id))
        {
            return await ChangeAsync(context, node, new UpdateMember(present.Id, request.Peer, request.Client, Instance: null));
        }

        return await ChangeAsync(context, node, new AddLearner(
            request.Name!, request.Peer!, request.Client ?? "", request.Promote ?? true, replaces, request.Instance));
    }

    private async ValueTask<Problem?> PatchAsync(HttpContext context, Node.Node node, NodeId id, MemberRequest request, bool force)
    {
        if (request.CheckChange() is { } refused)
        {
            return refused;
        }

        bool mustLook = !force && request.Peer is not null;
        return mustLook && await _reachability.CheckMovedAsync(id, request.Peer!) is { } unfit
            ? unfit
            : await ChangeAsync(context, node, new UpdateMember(id, request.Peer, request.Client, Instance: null));
    }

    /// <summary>Answers 200 once the member serves again, or 202 with how far it has come: it goes on by itself.</summary>
    private async ValueTask<Problem?> RepairAsync(HttpContext context, Node.Node node, NodeId id, bool trusts)
    {
        AdminOutcome outcome = await node.RepairAsync(id, trusts, host.Clock.NowMs + Math.Min(settings.RequestTimeoutMs, RepairWaitMs));
        Configuration members = node.Status.Configuration;
        if (MemberProblems.OfRepair(outcome, members) is { } failed)
        {
            return failed;
        }

        RepairStatus repair = outcome.Repair;
        context.Response.StatusCode = outcome.Result == AdminResult.Done ? StatusCodes.Status200OK : StatusCodes.Status202Accepted;
        Write(context.Response, json =>
        {
            json.WriteString("id"u8, id.ToString());
            json.WriteString("name"u8, members.Find(id)?.Name);
            json.WriteString("stage"u8, outcome.Result == AdminResult.Done ? "done"u8 : ClusterEndpoints.StageName(repair.Stage));
            json.WriteNumber("snapshotIndex"u8, repair.Index);
            json.WriteNumber("receivedBytes"u8, repair.ReceivedBytes);
            json.WriteNumber("lengthBytes"u8, repair.LengthBytes);
        });
        return null;
    }

    private async ValueTask<Problem?> ChangeAsync(HttpContext context, Node.Node node, MembershipChange change)
    {
        AdminOutcome outcome = await node.ChangeMembershipAsync(change, DeadlineMs());
        if (MemberProblems.Of(outcome, node.Status.Configuration) is { } failed)
        {
            return failed;
        }

        // The change is over on the leader; this node shows it once it has followed, which a read of now waits for. A leader that
        // removed itself shows it already, and cannot read any more.
        bool isShown = change is RemoveMember && node.Status.AppliedConfiguration.WasRemoved(outcome.Member);
        if (!isShown && await node.ConfirmReadAsync(DeadlineMs()) != RefusalReason.None)
        {
            return new Problem(ProblemType.Timeout, "The change is done, but this node could not read the members back in time. Ask for them again.");
        }

        Configuration members = node.Status.AppliedConfiguration;
        Write(context.Response, json => WriteMembers(json, members, outcome.Member));
        return null;
    }

    /// <summary>What a node that joins has to know: its id, the cluster's, and the configuration's bytes.</summary>
    private void WriteMembers(Utf8JsonWriter json, Configuration members, NodeId member)
    {
        json.WriteString("id"u8, member.ToString());
        json.WriteString("name"u8, members.Find(member)?.Name);
        json.WriteString("clusterId"u8, host.Cluster.ToString());
        json.WriteStartArray("members"u8);
        foreach (Member one in members.Members)
        {
            json.WriteStartObject();
            json.WriteString("id"u8, one.Id.ToString());
            json.WriteString("name"u8, one.Name);
            json.WriteString("role"u8, members.IsVoter(one.Id) ? "voter"u8 : "learner"u8);
            json.WriteString("peer"u8, one.PeerAddress);
            json.WriteString("client"u8, one.ClientAddress);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteBase64String("configuration"u8, ConfigurationCodec.Encode(members));
    }

    private void Write(HttpResponse response, Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new(512);
        using Utf8JsonWriter json = new(buffer);
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
        json.Flush();
        common.Apply(response);
        response.ContentType = MediaTypes.Json;
        response.ContentLength = buffer.WrittenCount;
        response.BodyWriter.Write(buffer.WrittenSpan);
    }

    private long DeadlineMs() => host.Clock.NowMs + settings.RequestTimeoutMs;
}
