using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.ObjectPool;
using RaftStore.Raft;
using RaftStore.Server.Settings;
using RaftStore.Server.Startup;
using RaftNodeHandle = RaftStore.Node.Node;

namespace RaftStore.Server.Http;

/// <summary><c>/v1/kv</c>: parses a request, sends it to the leader where that was asked for, and hands it to the read, list or write
/// that it is. Any thread.</summary>
internal sealed class KvEndpoints
{
    private const string AllowedMethods = "GET, HEAD, PUT, DELETE";

    /// <summary>Values that are still arriving hold at most this together: sixteen of the largest.</summary>
    private const long ArrivingBytesMax = 16L * Kv.KvCommand.ValueBytesMax;

    /// <summary>Parsed requests kept for reuse: as many as are likely to be under way at once.</summary>
    private const int PooledRequestsMax = 1024;

    private readonly NodeHost _host;
    private readonly CommonHeaders _common;
    private readonly KvReads _reads;
    private readonly KvLists _lists;
    private readonly KvWrites _writes;
    private readonly DefaultObjectPool<KvRequest> _pool;

    /// <summary>Serves what <paramref name="host"/> runs.</summary>
    public KvEndpoints(NodeHost host, ServerSettings settings, CommonHeaders common)
    {
        _host = host;
        _common = common;
        _reads = new KvReads(host.Clock, settings, common);
        _lists = new KvLists(_reads, common);
        _writes = new KvWrites(host.Clock, settings, common);
        _pool = new DefaultObjectPool<KvRequest>(new PoolPolicy(new ValueBudget(ArrivingBytesMax)), PooledRequestsMax);
    }

    /// <summary>Answers a request.</summary>
    /// <returns>What to answer instead, or null where the answer is written.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Problem?> HandleAsync(HttpContext context, RequestTarget target)
    {
        KvRequest request = _pool.Get();
        try
        {
            return await DispatchAsync(context, target, request);
        }
        finally
        {
            request.Reset();
            _pool.Return(request);
        }
    }

    private ValueTask<Problem?> DispatchAsync(HttpContext context, RequestTarget target, KvRequest request)
    {
        string method = context.Request.Method;
        bool isRead = HttpMethods.IsGet(method) || HttpMethods.IsHead(method);
        bool isPut = HttpMethods.IsPut(method);
        if (!isRead && !isPut && !HttpMethods.IsDelete(method))
        {
            return Refuse(new Problem(ProblemType.MethodNotAllowed, $"{method} is not a method of a key or a range.") { Allow = AllowedMethods });
        }

        if ((KvRequestParser.Parse(target, context.Request.Headers, request) ?? CheckForm(request, isRead, isPut)) is { } malformed)
        {
            return Refuse(malformed);
        }

        if (!isPut && context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true })
        {
            return Refuse(new Problem(ProblemType.InvalidRequest, $"{method} takes no body here."));
        }

        if (_host.Node is not { } node)
        {
            return Refuse(new Problem(ProblemType.Forming, _host.PhaseDetail));
        }

        if (request.Redirect && LeaderElsewhere(node) is { } leaderUrl)
        {
            _common.Apply(context.Response);
            Redirects.Write(context, leaderUrl + target.PathAndQuery, isWrite: !isRead);
            return ValueTask.FromResult<Problem?>(null);
        }

        if (isPut)
        {
            return _writes.PutAsync(context, request, node);
        }

        if (request.HasKey)
        {
            return isRead ? _reads.GetAsync(context, request, node) : _writes.DeleteAsync(context, request, node);
        }

        return isRead ? _lists.ListAsync(context, request, node) : _writes.DeleteRangeAsync(context, request, node);
    }

    private static Problem? CheckForm(KvRequest request, bool isRead, bool isPut)
    {
        if (request.HasKey)
        {
            return KvRequestParser.CheckAllowed(request, isRead ? KvParameterNames.ForGet : KvParameterNames.ForWrite, isRead ? "a read of one key" : "a write of one key");
        }

        if (isPut)
        {
            return new Problem(ProblemType.InvalidKey, "A PUT needs a key: /v1/kv/KEY, or /v1/kv?key64=BASE64URL.");
        }

        if (isRead)
        {
            return KvRequestParser.CheckAllowed(request, KvParameterNames.ForList, "a list");
        }

        bool isBounded = request.Prefix is { Length: > 0 } || request.Start is { Length: > 0 } || request.End is not null;
        return isBounded
            ? KvRequestParser.CheckAllowed(request, KvParameterNames.ForDeleteRange, "the deletion of a range")
            : new Problem(ProblemType.InvalidParameter, "A DELETE of a range needs a bound that is not empty: 'prefix', 'start' or 'end'. start=%00 stands for every key.");
    }

    /// <summary>Where clients reach the leader, or null where this node leads, no leader is known, or nobody said where it serves
    /// clients: then the request is served from here like any other.</summary>
    private string? LeaderElsewhere(RaftNodeHandle node)
    {
        NodeId leader = node.Status.Leader;
        if (leader.IsNone || leader == _host.Id)
        {
            return null;
        }

        return _host.Members?.Find(leader)?.ClientAddress is { Length: > 0 } address ? address : null;
    }

    private static ValueTask<Problem?> Refuse(Problem problem) => ValueTask.FromResult<Problem?>(problem);

    private sealed class PoolPolicy(ValueBudget budget) : PooledObjectPolicy<KvRequest>
    {
        public override KvRequest Create() => new(budget);

        public override bool Return(KvRequest obj) => true;
    }
}
