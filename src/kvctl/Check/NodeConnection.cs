using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using RaftStore.Verification;

namespace RaftStore.Kvctl.Check;

/// <summary>Sends operations to one node and writes down exactly what it was told. It never sends anything a second time and never
/// asks another node: what becomes of each single request is what is being checked. Any thread.</summary>
internal sealed class NodeConnection : IDisposable
{
    private readonly HttpClient _http;
    private readonly Stopwatch _clock;
    private int _underWay;

    public NodeConnection(CheckNode node, Stopwatch clock, TimeSpan timeout)
    {
        Node = node;
        _clock = clock;
        var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(1) };
        _http = new HttpClient(handler) { BaseAddress = node.Endpoint, Timeout = timeout };
    }

    public CheckNode Node { get; }

    /// <summary>How many requests wait for an answer.</summary>
    public int UnderWay => Volatile.Read(ref _underWay);

    /// <summary>Microseconds of the run until which it is not worth asking: nobody listened, or nothing came.</summary>
    public long QuietUntilUs { get; private set; }

    /// <summary>Microseconds since the clock was started.</summary>
    public static long NowUs(Stopwatch clock) => clock.ElapsedTicks * 1_000_000 / Stopwatch.Frequency;

    /// <summary>Sends a request and returns it with its times and what came of it; its outcome is unknown where it was stopped.</summary>
    public async Task<Operation> RunAsync(Operation operation, CancellationToken stop = default)
    {
        using HttpRequestMessage request = Build(operation);
        Interlocked.Increment(ref _underWay);
        operation = operation with { InvokedAt = NowUs(_clock) };
        Operation ended;
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead, stop);
            byte[] body = await response.Content.ReadAsByteArrayAsync(stop);
            ended = Read(operation, response, body);
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError is HttpRequestError.ConnectionError)
        {
            // Nobody listens there: not a byte of the request was sent.
            QuietUntilUs = NowUs(_clock) + 200_000;
            ended = operation with { Outcome = OperationOutcome.NotApplied };
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
        {
            QuietUntilUs = NowUs(_clock) + 500_000;
            ended = operation with { Outcome = OperationOutcome.Unknown };
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }

        return ended with { AnsweredAt = NowUs(_clock) };
    }

    /// <summary>A GET's answer as JSON; null where there is none to be had.</summary>
    public async Task<JsonElement?> JsonAsync(string path, CancellationToken cancellationToken = default)
    {
        try
        {
            using HttpResponseMessage response = await _http.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);
            return response.IsSuccessStatusCode ? JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsByteArrayAsync(cancellationToken)) : null;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or JsonException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    public void Dispose() => _http.Dispose();

    private static HttpRequestMessage Build(Operation operation)
    {
        string key = "/v1/kv/" + Uri.EscapeDataString(operation.Key);
        string at = operation.AtRevision >= 0 ? $"revision={operation.AtRevision.ToString(CultureInfo.InvariantCulture)}" : string.Empty;
        HttpRequestMessage request = operation.Kind switch
        {
            OperationKind.Get => new HttpRequestMessage(HttpMethod.Get, $"{key}?{at}"),
            OperationKind.Range => new HttpRequestMessage(HttpMethod.Get, $"/v1/kv?start={Uri.EscapeDataString(operation.Key)}&end={Uri.EscapeDataString(operation.End!)}&encoding=utf8&{at}"),
            OperationKind.Put => new HttpRequestMessage(HttpMethod.Put, key) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(operation.Value!)) },
            // A request without a content is sent again by the handler, unasked, when a pooled connection turns out to be dead; one
            // with a content, even an empty one, is not.
            OperationKind.Delete => new HttpRequestMessage(HttpMethod.Delete, key) { Content = new ByteArrayContent([]) },
            _ => throw new ArgumentOutOfRangeException(nameof(operation), operation.Kind, "Not sent by a check."),
        };
        Precondition condition = operation.Condition;
        if (condition.IsAbsent)
        {
            request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Any);
        }
        else if (!condition.IsNone)
        {
            request.Headers.IfMatch.Add(condition.IsExists ? EntityTagHeaderValue.Any : new EntityTagHeaderValue($"\"{condition.Revision.ToString(CultureInfo.InvariantCulture)}\""));
        }

        return request;
    }

    private static Operation Read(Operation operation, HttpResponseMessage response, byte[] body)
    {
        bool isGetOfNothing = operation.Kind == OperationKind.Get && response.StatusCode == HttpStatusCode.NotFound && RevisionOf(response) >= 0;
        if (response.StatusCode == HttpStatusCode.PreconditionFailed && operation.IsWrite)
        {
            return operation with { Changed = false, Revision = RevisionOf(response), ModRevision = TagOf(response) };
        }

        if (response.StatusCode != HttpStatusCode.OK && !isGetOfNothing)
        {
            return operation with { Outcome = operation.IsWrite && !SaysNotApplied(body) ? OperationOutcome.Unknown : OperationOutcome.NotApplied };
        }

        try
        {
            return operation.Kind switch
            {
                OperationKind.Get => operation with { Revision = RevisionOf(response), Value = isGetOfNothing ? null : Encoding.UTF8.GetString(body), ModRevision = isGetOfNothing ? 0 : TagOf(response) },
                OperationKind.Range => ReadRange(operation, response, body),
                _ => ReadWrite(operation, body),
            };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            // A success that cannot be read tells nothing.
            return operation with { Outcome = OperationOutcome.Unknown };
        }
    }

    private static Operation ReadWrite(Operation operation, byte[] body)
    {
        JsonElement json = JsonSerializer.Deserialize<JsonElement>(body);
        long revision = json.GetProperty("revision").GetInt64();
        bool changed = operation.Kind == OperationKind.Put || json.GetProperty("deleted").GetInt64() > 0;
        return operation with { Changed = changed, Revision = revision };
    }

    private static Operation ReadRange(Operation operation, HttpResponseMessage response, byte[] body)
    {
        JsonElement json = JsonSerializer.Deserialize<JsonElement>(body);
        List<ReadItem> items = [];
        foreach (JsonElement item in json.GetProperty("items").EnumerateArray())
        {
            items.Add(new ReadItem(item.GetProperty("key").GetString()!, item.GetProperty("value").GetString()!, item.GetProperty("modRevision").GetInt64()));
        }

        // A page that was cut short says nothing about what comes behind its last key.
        string? end = json.TryGetProperty("more", out JsonElement more) && more.GetBoolean() && items.Count > 0 ? items[^1].Key + "\0" : operation.End;
        long told = json.GetProperty("revision").GetInt64();
        return operation with { Items = items, End = end, Revision = operation.AtRevision >= 0 ? RevisionOf(response) : told };
    }

    private static bool SaysNotApplied(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(body) is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty("outcome", out JsonElement outcome) && outcome.ValueKind == JsonValueKind.String && outcome.GetString() == "not-applied";
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static long RevisionOf(HttpResponseMessage response) =>
        response.Headers.TryGetValues("RaftStore-Revision", out IEnumerable<string>? values) && long.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out long revision) ? revision : -1;

    private static long TagOf(HttpResponseMessage response) =>
        response.Headers.ETag is { } tag && long.TryParse(tag.Tag.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out long revision) ? revision : -1;
}
