using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using RaftStore.Kv;
using RaftNodeHandle = RaftStore.Node.Node;

namespace RaftStore.Server.Http;

/// <summary>Lists of a range: a page at a time with a cursor, or all of it as a stream. All pages of one list show one revision. Any
/// thread.</summary>
internal sealed class KvLists(KvReads reads, CommonHeaders common)
{
    /// <summary>Bytes of keys and values on one page, from the contract.</summary>
    private const long PageBytesMax = 4L << 20;

    /// <summary>What a stream takes from the store at a time, or one item that is larger: enough to keep a connection busy, little enough
    /// to be held by many slow clients.</summary>
    private const long StreamPageBytes = 64L << 10;

    /// <summary>Bytes of keys and values after which what was written is sent off.</summary>
    private const int FlushBytes = 64 << 10;

    private static readonly byte[] PageSeparator = [(byte)','];
    private static readonly byte[] StreamSeparator = [(byte)'\n'];

    /// <summary>Answers <c>GET</c> and <c>HEAD</c> of a range.</summary>
    public async ValueTask<Problem?> ListAsync(HttpContext context, KvRequest request, RaftNodeHandle node)
    {
        IHeaderDictionary headers = context.Request.Headers;
        if (headers.IfMatch.Count > 0 || headers.IfNoneMatch.Count > 0)
        {
            return new Problem(ProblemType.InvalidCondition, "If-Match and If-None-Match are for one key, not for a range.");
        }

        KeyRange range = request.Range;
        ulong digest = 0;
        ListCursor cursor = default;
        if (!request.CountOnly)
        {
            digest = ListCursor.Digest(range, request.Reverse, request.KeysOnly);
            if (request.Cursor is not null && ListCursor.TryDecode(request.Cursor, digest, out cursor) is { } badCursor)
            {
                return badCursor;
            }
        }

        long deadlineMs = reads.DeadlineMs();
        if (!request.Stale && Outcomes.OfRead(await node.ConfirmReadAsync(deadlineMs)) is { } refused)
        {
            return refused;
        }

        if (request.MinRevision > node.View.Revision && await KvReads.WaitForRevisionAsync(request, node, deadlineMs) is { } late)
        {
            return late;
        }

        if (reads.TryTakeView(context.Response, request, node, out KvView view) is { } tooStale)
        {
            return tooStale;
        }

        long revision = request.Revision >= 0 ? request.Revision : view.Revision;
        if (request.Cursor is not null)
        {
            revision = cursor.Revision;
            range = cursor.Rest(range, request.Reverse);
        }

        if (CheckRevision(view, request, revision) is { } unreadable)
        {
            return unreadable;
        }

        common.Apply(context.Response, view.Revision);
        if (request.CountOnly)
        {
            WriteCount(context.Response, revision, view.Count(range, revision));
        }
        else if (MediaTypes.Accepts(headers.Accept, MediaTypes.Ndjson))
        {
            await StreamAsync(context, request, node, range, revision);
        }
        else
        {
            await WritePageAsync(context.Response, request, view, range, revision, digest);
        }

        return null;
    }

    private static Problem? CheckRevision(KvView view, KvRequest request, long revision)
    {
        if (request.Cursor is null)
        {
            return request.Revision >= 0 ? KvReads.CheckPast(view, request) : null;
        }

        return request.Revision >= 0 && request.Revision != revision
            ? new Problem(ProblemType.InvalidCursor, $"The cursor is of revision {revision} and the request of revision {request.Revision}: leave 'revision' out, or keep it as it was.")
            : CheckReadable(view, revision, request.Stale);
    }

    /// <summary>Whether a list can go on at the revision of its first page.</summary>
    /// <returns>Null where it can.</returns>
    public static Problem? CheckReadable(KvView view, long revision, bool isStale)
    {
        if (revision < view.CompactedRevision)
        {
            return new Problem(ProblemType.Compacted, $"The list stood at revision {revision}; history now begins at {view.CompactedRevision}. Begin anew without the cursor.");
        }

        if (revision <= view.Revision)
        {
            return null;
        }

        return isStale
            ? new Problem(ProblemType.NotCaughtUp, $"The list stands at revision {revision}, and this node is only at {view.Revision}: try again, or ask for a linearizable read.")
            : new Problem(ProblemType.InvalidCursor, $"The cursor is of revision {revision}, and the store is only at {view.Revision}: it comes from another cluster.");
    }

    private static void WriteCount(HttpResponse response, long revision, long count)
    {
        ShortJson body = default;
        body.Append("{\"revision\":"u8);
        body.Append(revision);
        body.Append(",\"count\":"u8);
        body.Append(count);
        body.Append("}"u8);
        response.ContentType = MediaTypes.Json;
        response.ContentLength = body.Written.Length;
        response.BodyWriter.Write(body.Written);
    }

    private static async ValueTask WritePageAsync(HttpResponse response, KvRequest request, KvView view, KeyRange range, long revision, ulong digest)
    {
        KvPage page = view.List(range, revision, request.Limit == 0 ? KvRequest.LimitMax : request.Limit, PageBytesMax, request.Reverse);
        response.ContentType = MediaTypes.Json;
        PipeWriter writer = response.BodyWriter;
        WritePageHead(writer, page, revision, digest);
        await WriteItemsAsync(writer, page.Items, request, PageSeparator, trailing: false);
        writer.Write("]}"u8);
    }

    private static void WritePageHead(PipeWriter writer, in KvPage page, long revision, ulong digest)
    {
        writer.Write("{\"revision\":"u8);
        writer.WriteNumber(revision);
        writer.Write(",\"count\":"u8);
        writer.WriteNumber(page.Items.Count);
        writer.Write(page.More ? ",\"more\":true"u8 : ",\"more\":false"u8);
        if (page.More)
        {
            writer.Write(",\"cursor\":"u8);
            writer.WriteUtf8String(System.Text.Encoding.ASCII.GetBytes(new ListCursor(revision, digest, page.Items[^1].Key).Encode()));
        }

        writer.Write(",\"items\":["u8);
    }

    /// <summary>Writes the whole range, page by page from whatever view is then current, at one revision: a slow client holds no old
    /// version of the tree, and where history was compacted under it, the last line says so.</summary>
    private static async ValueTask StreamAsync(HttpContext context, KvRequest request, RaftNodeHandle node, KeyRange range, long revision)
    {
        context.Response.ContentType = MediaTypes.Ndjson;
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return;
        }

        PipeWriter writer = context.Response.BodyWriter;
        int left = request.Limit == 0 ? int.MaxValue : request.Limit;
        while (true)
        {
            KvView view = node.View;
            if (CheckReadable(view, revision, isStale: true) is { } unreadable)
            {
                writer.Write("{\"error\":"u8);
                writer.Write(ProblemWriter.Format(unreadable, leader: null, isWrite: false));
                writer.Write("}\n"u8);
                return;
            }

            KvPage page = view.List(range, revision, Math.Min(left, KvRequest.LimitMax), StreamPageBytes, request.Reverse);
            left -= page.Items.Count;
            bool connected = await WriteItemsAsync(writer, page.Items, request, StreamSeparator, trailing: true);
            if (!connected || !page.More || left == 0)
            {
                return;
            }

            range = ListCursor.RestAfter(range, page.Items[^1].Key, request.Reverse);
            if ((await writer.FlushAsync(context.RequestAborted)).IsCompleted)
            {
                return;
            }
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<bool> WriteItemsAsync(PipeWriter writer, IReadOnlyList<KvItem> items, KvRequest request, byte[] separator, bool trailing)
    {
        int unsent = 0;
        for (int i = 0; i < items.Count; i++)
        {
            KvItem item = items[i];
            if (!await writer.WriteItemAsync(item, request.KeysOnly, request.Utf8))
            {
                return false;
            }

            if (trailing || i + 1 < items.Count)
            {
                writer.Write(separator);
            }

            unsent += item.Key.Length + (request.KeysOnly ? 0 : item.Value.Length);
            if (unsent >= FlushBytes)
            {
                unsent = 0;
                if ((await writer.FlushAsync()).IsCompleted)
                {
                    return false;
                }
            }
        }

        return true;
    }
}
