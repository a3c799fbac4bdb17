using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using RaftStore.Kv;
using RaftStore.Node;
using RaftStore.Server.Settings;
using RaftNodeHandle = RaftStore.Node.Node;

namespace RaftStore.Server.Http;

/// <summary>Reads of one key. A linearizable read waits for one confirmation, and then runs on the caller's thread against an immutable
/// view. Any thread.</summary>
internal sealed class KvReads(NodeClock clock, ServerSettings settings, CommonHeaders common)
{
    /// <summary>How much of a value is written before what was written is sent off.</summary>
    private const int SliceBytes = 64 << 10;

    private const string StalenessHeader = "RaftStore-Staleness-Ms";

    /// <summary>Answers <c>GET</c> and <c>HEAD</c> of a key.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Problem?> GetAsync(HttpContext context, KvRequest request, RaftNodeHandle node)
    {
        IHeaderDictionary headers = context.Request.Headers;
        if (EntityTags.TryParse("If-Match", headers.IfMatch, out EntityTag match) is { } badMatch)
        {
            return badMatch;
        }

        if (EntityTags.TryParse("If-None-Match", headers.IfNoneMatch, out EntityTag noneMatch) is { } badNoneMatch)
        {
            return badNoneMatch;
        }

        long deadlineMs = DeadlineMs();
        if (!request.Stale && Outcomes.OfRead(await node.ConfirmReadAsync(deadlineMs)) is { } refused)
        {
            return refused;
        }

        if (request.MinRevision > node.View.Revision && await WaitForRevisionAsync(request, node, deadlineMs) is { } late)
        {
            return late;
        }

        if (TryTakeView(context.Response, request, node, out KvView view) is { } tooStale)
        {
            return tooStale;
        }

        if (request.Revision >= 0 && CheckPast(view, request) is { } unreadable)
        {
            return unreadable;
        }

        long revision = request.Revision >= 0 ? request.Revision : view.Revision;
        bool exists = view.TryGet(request.Key, revision, out KvItem item);
        if (match.IsGiven && !match.Matches(item.ModRevision))
        {
            return new Problem(ProblemType.ConditionFailed, exists ? $"The key is at mod revision {item.ModRevision}." : "The key does not exist.")
            {
                CurrentRevision = item.ModRevision,
                StoreRevision = view.Revision,
            };
        }

        if (!exists)
        {
            return new Problem(ProblemType.KeyNotFound, $"The key does not exist at revision {revision}.")
            {
                StoreRevision = view.Revision,
                DeletedRevision = view.DeletedRevision(request.Key, revision),
            };
        }

        HttpResponse response = context.Response;
        common.Apply(response, view.Revision);
        response.Headers.ETag = EntityTags.Format(item.ModRevision);
        if (noneMatch.IsGiven && noneMatch.Matches(item.ModRevision))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return null;
        }

        await WriteAsync(context, request, item);
        return null;
    }

    /// <summary>When a request that begins to wait now is given up, on the pump's clock.</summary>
    public long DeadlineMs() => clock.NowMs + settings.RequestTimeoutMs;

    /// <summary>Waits until this node has the revision that the read must not be older than.</summary>
    /// <returns>Null once it has; otherwise what to answer.</returns>
    public static async ValueTask<Problem?> WaitForRevisionAsync(KvRequest request, RaftNodeHandle node, long deadlineMs)
    {
        RefusalReason reason = await node.WaitForRevisionAsync(request.MinRevision, deadlineMs);
        return reason == RefusalReason.TimedOut
            ? new Problem(ProblemType.Timeout, $"This node did not come to revision {request.MinRevision} in time; it is at {node.View.Revision}. Ask another node, or try again.")
            : Outcomes.OfRead(reason);
    }

    /// <summary>The view that a read, already confirmed where that was asked for, runs against; a stale one says how old it may be.</summary>
    /// <returns>Null, or the refusal of a view that may be older than was asked for.</returns>
    public Problem? TryTakeView(HttpResponse response, KvRequest request, RaftNodeHandle node, out KvView view)
    {
        Problem? problem = null;
        if (request.Stale)
        {
            // The bound is taken before the view, so that the view is at least as fresh as it says.
            long freshAsOfMs = node.Status.FreshAsOfMs;
            long stalenessMs = freshAsOfMs < 0 ? long.MaxValue : Math.Max(0, clock.NowMs - freshAsOfMs);
            string text = freshAsOfMs < 0 ? "unknown" : stalenessMs.ToString(CultureInfo.InvariantCulture);
            response.Headers[StalenessHeader] = text;
            if (request.MaxStalenessMs >= 0 && stalenessMs > request.MaxStalenessMs)
            {
                string age = freshAsOfMs < 0 ? "has not heard from a leader yet" : $"may be {text} ms behind";
                problem = new Problem(ProblemType.TooStale, $"This node {age}, and max_staleness allows {request.MaxStalenessMs} ms: ask another node, or try again.");
            }
        }

        view = node.View;
        return problem;
    }

    /// <summary>Whether the revision that a request names can be read.</summary>
    /// <returns>Null where it can.</returns>
    public static Problem? CheckPast(KvView view, KvRequest request) => view.ReadabilityOf(request.Revision) switch
    {
        RevisionReadability.Readable => null,
        RevisionReadability.Compacted => new Problem(ProblemType.Compacted, $"Revision {request.Revision} is compacted: the oldest one that can be read is {view.CompactedRevision}.")
        {
            StoreRevision = view.Revision,
        },
        RevisionReadability.Future => new Problem(
            ProblemType.FutureRevision,
            request.Stale ? $"This node is only at revision {view.Revision}; min_revision waits for a later one." : $"The store is only at revision {view.Revision}.")
        {
            StoreRevision = view.Revision,
        },
        _ => throw new ArgumentOutOfRangeException(nameof(request), request.Revision, "Not a known readability."),
    };

    private static async ValueTask WriteAsync(HttpContext context, KvRequest request, KvItem item)
    {
        HttpResponse response = context.Response;
        IHeaderDictionary headers = response.Headers;
        headers["RaftStore-Create-Revision"] = item.CreateRevision.ToString(CultureInfo.InvariantCulture);
        headers["RaftStore-Mod-Revision"] = item.ModRevision.ToString(CultureInfo.InvariantCulture);
        headers["RaftStore-Version"] = item.Version.ToString(CultureInfo.InvariantCulture);
        if (item.Lease != 0)
        {
            headers["RaftStore-Lease"] = item.Lease.ToString(CultureInfo.InvariantCulture);
        }

        if (MediaTypes.Accepts(context.Request.Headers.Accept, MediaTypes.Json))
        {
            response.ContentType = MediaTypes.Json;
            await response.BodyWriter.WriteItemAsync(item, keysOnly: false, request.Utf8);
            return;
        }

        response.ContentType = "application/octet-stream";
        response.ContentLength = item.Value.Length;
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return;
        }

        PipeWriter writer = response.BodyWriter;
        if (item.Value.Length <= SliceBytes)
        {
            writer.Write(item.Value.Span);
            return;
        }

        // Once an answer has begun, the server sends what is written after the last flush only where the answer is chunked: flush to the end.
        for (ReadOnlyMemory<byte> rest = item.Value; !rest.IsEmpty;)
        {
            int length = Math.Min(rest.Length, SliceBytes);
            writer.Write(rest.Span[..length]);
            rest = rest[length..];
            if ((await writer.FlushAsync()).IsCompleted)
            {
                return;
            }
        }
    }
}
