using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using RaftStore.Kv;
using RaftStore.Server.Settings;
using RaftStore.Server.Startup;
using RaftStore.Storage;
using RaftNodeHandle = RaftStore.Node.Node;

namespace RaftStore.Server.Http;

/// <summary><c>/v1/snapshot</c>: the bytes of a snapshot file of the store as of one revision, written from an immutable view while they
/// are sent; nothing is kept on this node's disk. Any thread.</summary>
internal sealed class SnapshotEndpoint(NodeHost host, ServerSettings settings, CommonHeaders common) : IDisposable
{
    /// <summary>Snapshots sent at once: each keeps the versions alive that it began with, and takes a processor for its checksums.</summary>
    private const int StreamsMax = 2;

    /// <summary>A reader slower than this is cut off, since until its end the store cannot forget what its view holds: a gibibyte takes
    /// four and a half hours at this rate.</summary>
    private static readonly MinDataRate SlowestRate = new(bytesPerSecond: 64 << 10, gracePeriod: TimeSpan.FromSeconds(10));

    private readonly CancellationTokenSource _stopping = new();
    private int _streams;

    /// <summary>From now on snapshots under way are cut off: the process is about to end.</summary>
    public void BeginStopping() => _stopping.Cancel();

    /// <inheritdoc/>
    public void Dispose() => _stopping.Dispose();

    /// <summary>Answers <c>GET</c> and <c>HEAD</c>.</summary>
    public async ValueTask<Problem?> GetAsync(HttpContext context, RequestTarget target)
    {
        if (TryParse(target, out bool isStale) is { } malformed)
        {
            return malformed;
        }

        if (host.Node is not { } node)
        {
            return new Problem(ProblemType.Forming, host.PhaseDetail);
        }

        if (Interlocked.Increment(ref _streams) > StreamsMax)
        {
            Interlocked.Decrement(ref _streams);
            return new Problem(ProblemType.Overloaded, $"This node is sending {StreamsMax} snapshots already: ask another, or try again when one has ended.");
        }

        try
        {
            if (!isStale && Outcomes.OfRead(await node.ConfirmReadAsync(host.Clock.NowMs + settings.RequestTimeoutMs)) is { } refused)
            {
                return refused;
            }

            return await SendAsync(context, node);
        }
        finally
        {
            Interlocked.Decrement(ref _streams);
        }
    }

    private static Problem? TryParse(RequestTarget target, out bool isStale)
    {
        isStale = false;
        bool isGiven = false;
        QueryReader query = new(target.Query);
        while (query.Next())
        {
            if (query.Name is not "consistency")
            {
                return KvParameterNames.Unknown(query.Name);
            }

            isStale = query.Value is "stale";
            if (isGiven || query.Value is not ("stale" or "linearizable"))
            {
                return new Problem(ProblemType.InvalidParameter, "'consistency' must be linearizable or stale, once.");
            }

            isGiven = true;
        }

        return null;
    }

    private async ValueTask<Problem?> SendAsync(HttpContext context, RaftNodeHandle node)
    {
        if (await node.CaptureAsync() is not { } captured)
        {
            return node.Status.Divergence is null ? new Problem(ProblemType.ShuttingDown, "This node is shutting down: ask another.") : Outcomes.Diverged();
        }

        if (captured.View.AppliedIndex == 0)
        {
            return new Problem(ProblemType.NotCaughtUp, "This node has applied nothing yet: try again.");
        }

        HttpResponse response = context.Response;
        common.Apply(response, captured.View.Revision);
        response.ContentType = "application/octet-stream";
        response.Headers.ContentDisposition = string.Create(CultureInfo.InvariantCulture, $"attachment; filename=\"{host.Cluster}-{captured.View.Revision}.snap\"");
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return null;
        }

        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = SlowestRate;
        }

        PipeWriter writer = response.BodyWriter;
        using SnapshotEncoder encoder = new(host.Cluster, captured.Metadata, bytes => writer.Write(bytes));

        // Cut off either way, the answer lacks the end of its chunked coding, and nobody takes it for whole.
        using var cutOff = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stopping.Token);
        try
        {
            foreach (long _ in captured.View.WriteSnapshotInSteps(encoder))
            {
                if ((await writer.FlushAsync(cutOff.Token)).IsCompleted)
                {
                    return null;
                }
            }
        }
        catch (KvInvariantException broken)
        {
            // Whoever answers from this memory any longer answers wrongly.
            host.Fail(broken);
            throw;
        }

        encoder.Complete();
        return null;
    }
}
