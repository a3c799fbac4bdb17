using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.Features;
using RaftStore.Kv;
using RaftStore.Node;
using RaftStore.Server.Settings;
using RaftNodeHandle = RaftStore.Node.Node;

namespace RaftStore.Server.Http;

/// <summary>Writes. The body is copied once, from the socket's buffer to where the node reads its command. Any thread.</summary>
internal sealed class KvWrites(NodeClock clock, ServerSettings settings, CommonHeaders common)
{
    /// <summary>Answers <c>PUT</c> of a key.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Problem?> PutAsync(HttpContext context, KvRequest request, RaftNodeHandle node)
    {
        if (EntityTags.TryParseForWrite(context.Request.Headers, out KvCondition condition) is { } badCondition)
        {
            return badCondition;
        }

        if (await ReadValueAsync(context, request, node) is { } badBody)
        {
            return badBody;
        }

        WriteOutcome outcome = await node.WriteAsync(request.Value.Complete(request.Key, condition, request.WantsPrevious), DeadlineMs());
        if (Outcomes.OfWrite(outcome) is { } refused)
        {
            return refused;
        }

        common.Apply(context.Response, outcome.Result.Revision);
        await WriteAnswerAsync(context.Response, outcome.Result, request, isPut: true);
        return null;
    }

    /// <summary>Answers <c>DELETE</c> of a key.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Problem?> DeleteAsync(HttpContext context, KvRequest request, RaftNodeHandle node)
    {
        if (EntityTags.TryParseForWrite(context.Request.Headers, out KvCondition condition) is { } badCondition)
        {
            return badCondition;
        }

        WriteOutcome outcome = await node.WriteAsync(KvCommand.Delete(request.Key, condition, request.WantsPrevious), DeadlineMs());
        if (Outcomes.OfWrite(outcome) is { } refused)
        {
            return refused;
        }

        common.Apply(context.Response, outcome.Result.Revision);
        await WriteAnswerAsync(context.Response, outcome.Result, request, isPut: false);
        return null;
    }

    /// <summary>Answers <c>DELETE</c> of a range.</summary>
    public async ValueTask<Problem?> DeleteRangeAsync(HttpContext context, KvRequest request, RaftNodeHandle node)
    {
        IHeaderDictionary headers = context.Request.Headers;
        if (headers.IfMatch.Count > 0 || headers.IfNoneMatch.Count > 0)
        {
            return new Problem(ProblemType.InvalidCondition, "If-Match and If-None-Match are for one key, not for a range.");
        }

        WriteOutcome outcome = await node.WriteAsync(KvCommand.DeleteRange(request.Range), DeadlineMs());
        if (Outcomes.OfWrite(outcome) is { } refused)
        {
            return refused;
        }

        common.Apply(context.Response, outcome.Result.Revision);
        await WriteAnswerAsync(context.Response, outcome.Result, request, isPut: false);
        return null;
    }

    private long DeadlineMs() => clock.NowMs + settings.RequestTimeoutMs;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Problem?> ReadValueAsync(HttpContext context, KvRequest request, RaftNodeHandle node)
    {
        HttpRequest http = context.Request;
        if (http.Headers.ContentEncoding is { Count: > 0 } coding && !string.Equals(coding.ToString(), "identity", StringComparison.OrdinalIgnoreCase))
        {
            return new Problem(ProblemType.UnsupportedMediaType, $"Content-Encoding {coding} would be stored without its name: send the value as it is to be read.");
        }

        if (http.ContentLength > settings.ValueBytesMax)
        {
            // A client that asked before sending (Expect) sends nothing after a refusal: nothing is waited for.
            if (http.Headers.Expect.Count == 0)
            {
                LetTheRestDrain(context);
            }

            return TooLarge(settings.ValueBytesMax);
        }

        int limitBytes = LimitBytes(node);
        if (http.ContentLength > limitBytes)
        {
            if (Outcomes.BeforeWrite(await node.ConfirmReadAsync(DeadlineMs())) is { } unsure)
            {
                return unsure;
            }

            limitBytes = LimitBytes(node);
            if (http.ContentLength > limitBytes)
            {
                return TooLarge(limitBytes);
            }
        }

        return await ReadBodyAsync(context, request, node, limitBytes);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Problem?> ReadBodyAsync(HttpContext context, KvRequest request, RaftNodeHandle node, int limitBytes)
    {
        HttpRequest http = context.Request;
        if (http.ContentLength is null)
        {
            // The server would count chunks against its limit with their framing, and so refuse values that are just within ours.
            LetTheRestDrain(context);
        }

        request.Value.Begin(request.Key.Length, http.ContentLength);
        PipeReader reader = http.BodyReader;
        while (true)
        {
            ReadResult result = await reader.ReadAsync();
            ReadOnlySequence<byte> bytes = result.Buffer;
            long valueBytes = request.Value.ValueBytes + bytes.Length;
            if (valueBytes > limitBytes && limitBytes < settings.ValueBytesMax && Outcomes.BeforeWrite(await node.ConfirmReadAsync(DeadlineMs())) is null)
            {
                limitBytes = LimitBytes(node);
            }

            bool fits = valueBytes <= limitBytes;
            bool taken = fits && request.Value.TryAppend(bytes);
            reader.AdvanceTo(bytes.End);
            if (!fits)
            {
                return TooLarge(limitBytes);
            }

            if (!taken)
            {
                return new Problem(ProblemType.Overloaded, "Too many long values are arriving at the same time. Try again later.");
            }

            if (result.IsCompleted)
            {
                return null;
            }
        }
    }

    /// <summary>Lifts the server's own limit on the body for this request. Whatever we refuse, the server then reads and throws away for
    /// at most five seconds, so that a client that sends all before it reads gets its answer and not a reset connection; none of it is
    /// kept. Our own limit is held by counting.</summary>
    private static void LetTheRestDrain(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
        {
            feature.MaxRequestBodySize = null;
        }
    }

    /// <summary>What is refused here and now: more than this node passes on, or than the cluster takes as far as this node knows. The
    /// latter is looked at again after a confirmed read, since a node that is behind may not refuse what the cluster allows by now.</summary>
    private int LimitBytes(RaftNodeHandle node) => Math.Min(settings.ValueBytesMax, node.View.Limits.ValueBytesMax);

    private Problem TooLarge(int limitBytes) =>
        new(ProblemType.ValueTooLarge, $"The value is longer than {limitBytes} bytes ({(limitBytes == settings.ValueBytesMax ? "--value-limit of this node" : "the cluster's setting valueBytesMax")}).");

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask WriteAnswerAsync(HttpResponse response, KvResult result, KvRequest request, bool isPut)
    {
        response.ContentType = MediaTypes.Json;
        if (!request.WantsPrevious)
        {
            WriteShort(response, result, isPut);
            return;
        }

        PipeWriter writer = response.BodyWriter;
        WriteNumbers(writer, result, isPut);
        writer.Write(",\"prev\":"u8);
        if (result.Previous is not { } previous)
        {
            writer.Write("null"u8);
        }
        else if (!await writer.WriteItemAsync(previous, keysOnly: false, request.Utf8))
        {
            return;
        }

        writer.Write("}"u8);
    }

    private static void WriteShort(HttpResponse response, in KvResult result, bool isPut)
    {
        ShortJson body = default;
        body.Append("{\"revision\":"u8);
        body.Append(result.Revision);
        body.Append(isPut ? ",\"version\":"u8 : ",\"deleted\":"u8);
        body.Append(isPut ? result.Version : result.Deleted);
        body.Append("}"u8);
        response.ContentLength = body.Written.Length;
        response.BodyWriter.Write(body.Written);
    }

    private static void WriteNumbers(PipeWriter writer, in KvResult result, bool isPut)
    {
        writer.Write("{\"revision\":"u8);
        writer.WriteNumber(result.Revision);
        writer.Write(isPut ? ",\"version\":"u8 : ",\"deleted\":"u8);
        writer.WriteNumber(isPut ? result.Version : result.Deleted);
    }
}
