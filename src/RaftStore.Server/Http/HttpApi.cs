using System.Diagnostics;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using RaftStore.Server.Health;
using RaftStore.Server.Hosting;
using RaftStore.Server.Metrics;
using RaftStore.Server.Settings;
using RaftStore.Server.Startup;

namespace RaftStore.Server.Http;

/// <summary>The whole API behind one delegate: admits a request, finds its endpoint by the raw target, turns refusals into answers, and
/// counts. There is no other middleware. Any thread.</summary>
internal sealed class HttpApi : IDisposable
{
    private const string ReadOnlyMethods = "GET, HEAD";

    private readonly CommonHeaders _common;
    private readonly HostFilter _hosts;
    private readonly ClientRateLimit? _rateLimit;
    private readonly KvEndpoints _kv;
    private readonly ClusterEndpoints _cluster;
    private readonly SnapshotEndpoint _snapshots;
    private readonly CompactEndpoint _compaction;
    private readonly SettingsEndpoint _settings;
    private readonly MembersEndpoint _members;
    private readonly FaultsEndpoint _faults;
    private readonly HealthEndpoints _health;
    private readonly MetricsEndpoint _metricsEndpoint;
    private readonly HttpMetrics _metrics = new();
    private readonly NodeHost _host;
    private readonly ILogger _logger;
    private volatile bool _isStopping;

    /// <summary>Serves what <paramref name="host"/> runs.</summary>
    public HttpApi(NodeHost host, ServerSettings settings, ILoggerFactory loggers)
    {
        _host = host;
        _logger = loggers.CreateLogger("RaftStore.Http");
        _common = new CommonHeaders(host, settings.Name);
        _hosts = new HostFilter(settings);
        _rateLimit = settings.RequestsPerSecond > 0 ? new ClientRateLimit(settings.RequestsPerSecond) : null;
        _kv = new KvEndpoints(host, settings, _common);
        _cluster = new ClusterEndpoints(host, settings, _common);
        _snapshots = new SnapshotEndpoint(host, settings, _common);
        _compaction = new CompactEndpoint(host, settings, _common);
        _settings = new SettingsEndpoint(host, settings, _common);
        _members = new MembersEndpoint(host, settings, _common);
        _faults = new FaultsEndpoint(host, _common);
        _health = new HealthEndpoints(host, _common);
        _metricsEndpoint = new MetricsEndpoint(host, _metrics, _common);
    }

    /// <summary>From now on requests for data are answered 503: the process is about to end.</summary>
    public void BeginStopping()
    {
        _isStopping = true;
        _snapshots.BeginStopping();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _rateLimit?.Dispose();
        _snapshots.Dispose();
    }

    /// <summary>Answers one request.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        long startedTicks = Stopwatch.GetTimestamp();
        RequestTarget target = RequestTarget.Parse(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        _metrics.Enter();
        try
        {
            Problem? problem = Admit(context, target) ?? await RouteAsync(context, target);
            if (problem is not null)
            {
                Refuse(context, problem);
            }
            else if (context.Response.HasStarted)
            {
                // What was written after the last flush of an answer in several parts is not sent off by itself.
                await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
            }
        }
        catch (BadHttpRequestException exception)
        {
            RefuseBody(context, exception);
        }
        catch (Exception exception) when (exception is ConnectionResetException or ConnectionAbortedException or OperationCanceledException)
        {
            // The client is gone, and with it whoever could be told.
            context.Abort();
        }
        catch (Exception exception)
        {
            Fail(context, exception);
        }
        finally
        {
            _metrics.Leave(target.Route, context.Request.Method, context.Response.StatusCode, Stopwatch.GetTimestamp() - startedTicks);
        }
    }

    private Problem? Admit(HttpContext context, RequestTarget target)
    {
        IHeaderDictionary headers = context.Request.Headers;
        if (!_hosts.Allows(headers.Host))
        {
            return new Problem(ProblemType.HostNotAllowed, "The Host header is neither a loopback name, nor a host of --listen or --advertise, nor in --allowed-hosts.");
        }

        // The server lets Transfer-Encoding win and renames the other header; two readers of such a request may disagree where it ends.
        if (headers.TransferEncoding.Count > 0 && (headers.ContentLength is not null || headers.ContainsKey("X-Content-Length")))
        {
            return new Problem(ProblemType.InvalidRequest, "A request with both Content-Length and Transfer-Encoding is refused: send one.");
        }

        if (RequestTarget.HasDotSegment(target.Path))
        {
            return new Problem(ProblemType.InvalidKey, "The path has a segment '.' or '..', plain or encoded, which clients and proxies fold away: give such a key by ?key64=, base64url.");
        }

        bool isProbe = target.Route is ApiRoute.Live or ApiRoute.Ready or ApiRoute.Metrics;
        if (!isProbe && _rateLimit is not null && !_rateLimit.TryAcquire(context.Connection.RemoteIpAddress))
        {
            return new Problem(ProblemType.RateLimited, "This client sends more requests a second than --rate-limit allows: slow down.");
        }

        bool isData = target.Route is not (ApiRoute.Cluster or ApiRoute.ClusterMembers or ApiRoute.ClusterTransfer or ApiRoute.Status or ApiRoute.Unknown or ApiRoute.NotThereYet);
        if (isData && !isProbe && _host.Node?.Status.Divergence is not null)
        {
            return Outcomes.Diverged();
        }

        return _isStopping && target.Route is (ApiRoute.Key or ApiRoute.Range or ApiRoute.Compact or ApiRoute.Snapshot or ApiRoute.ClusterSettings or ApiRoute.ClusterMembers or ApiRoute.ClusterTransfer)
            ? new Problem(ProblemType.ShuttingDown, "This node is shutting down: ask another.")
            : null;
    }

    private ValueTask<Problem?> RouteAsync(HttpContext context, RequestTarget target)
    {
        if (target.Route is ApiRoute.Key or ApiRoute.Range)
        {
            return _kv.HandleAsync(context, target);
        }

        string method = context.Request.Method;
        switch (target.Route)
        {
            case ApiRoute.Compact:
                return _compaction.HandleAsync(context, target);
            case ApiRoute.ClusterSettings:
                return _settings.HandleAsync(context, target);
            case ApiRoute.ClusterMembers:
                return _members.HandleAsync(context, target);
            case ApiRoute.ClusterTransfer:
                return _members.TransferAsync(context, target);
            case ApiRoute.Faults:
                return _faults.HandleAsync(context, target);
            case ApiRoute.Unknown:
                return Answer(new Problem(ProblemType.NotFound, "There is nothing at this path; the API begins with /v1/."));
            case ApiRoute.NotThereYet:
                return Answer(new Problem(ProblemType.NotFound, "This part of the API is not there yet in this version."));
        }

        if (!HttpMethods.IsGet(method) && !HttpMethods.IsHead(method))
        {
            return Answer(new Problem(ProblemType.MethodNotAllowed, $"{method} is not a method of this resource.") { Allow = ReadOnlyMethods });
        }

        switch (target.Route)
        {
            case ApiRoute.Cluster:
                return _cluster.ClusterAsync(context, target);
            case ApiRoute.Status:
                return Answer(_cluster.Status(context, target));
            case ApiRoute.Snapshot:
                return _snapshots.GetAsync(context, target);
            case ApiRoute.Live:
                return Answer(_health.Live(context, target));
            case ApiRoute.Ready:
                return _health.ReadyAsync(context, target, _isStopping);
            case ApiRoute.Metrics:
                _metricsEndpoint.Write(context);
                return Answer(null);
            default:
                throw new UnreachableException($"No endpoint for the route {target.Route}.");
        }
    }

    private void Refuse(HttpContext context, Problem problem)
    {
        if (problem.StoreRevision is { } revision)
        {
            _common.Apply(context.Response, revision);
        }
        else
        {
            _common.Apply(context.Response);
        }

        ProblemWriter.Write(context, problem, _common.LeaderName);
    }

    /// <summary>The server found the body malformed, cut short or too slow while an endpoint read it; nothing was proposed.</summary>
    private void RefuseBody(HttpContext context, BadHttpRequestException exception)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        ProblemType type = exception.StatusCode switch
        {
            StatusCodes.Status408RequestTimeout => ProblemType.RequestTimeout,
            StatusCodes.Status413PayloadTooLarge => ProblemType.ValueTooLarge,
            _ => ProblemType.InvalidRequest,
        };
        Refuse(context, new Problem(type, exception.Message));
    }

    private void Fail(HttpContext context, Exception exception)
    {
        ServerLog.RequestFailed(_logger, context.Request.Method, _host.Node?.Status.Term ?? 0, _host.Node?.Status.AppliedIndex ?? 0, exception);
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        Refuse(context, new Problem(ProblemType.Internal, "An error that this node did not expect; its log has the details."));
    }

    private static ValueTask<Problem?> Answer(Problem? problem) => ValueTask.FromResult(problem);
}
