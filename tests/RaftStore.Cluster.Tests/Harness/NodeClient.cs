using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace RaftStore.Cluster.Tests.Harness;

/// <summary>How a request ended, as the contract tells it apart.</summary>
internal enum Outcome
{
    /// <summary>A 2xx, or for a read a 404.</summary>
    Done,

    /// <summary>It is certain that nothing was changed.</summary>
    NotApplied,

    /// <summary>It may or may not have taken place.</summary>
    Unknown,
}

/// <summary>One answer.</summary>
/// <param name="Status">0 where no answer came.</param>
/// <param name="Revision">A write's own revision, a read's store revision; -1 where there is none.</param>
/// <param name="ModRevision">A read's; 0 where the key does not exist.</param>
/// <param name="Value">A read's; null where the key does not exist.</param>
internal sealed record Answer(Outcome Outcome, int Status, long Revision, long ModRevision, string? Value, string Body);

/// <summary>Talks to one node and to no other, so that a test says which node it asks. It never retries.</summary>
internal sealed class NodeClient : IDisposable
{
    private readonly HttpClient _http;

    public NodeClient(string address)
    {
        Address = address;
        var handler = new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(2), AllowAutoRedirect = false };
        _http = new HttpClient(handler) { BaseAddress = new Uri(address), Timeout = TimeSpan.FromSeconds(15) };
    }

    /// <summary>Where it serves clients.</summary>
    public string Address { get; }

    public Task<Answer> PutAsync(string key, string value) => PutAsync(key, new ByteArrayContent(Encoding.UTF8.GetBytes(value)));

    public async Task<Answer> PutAsync(string key, HttpContent body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/v1/kv/{Uri.EscapeDataString(key)}") { Content = body };
        return await SendAsync(request, ReadWrite);
    }

    public async Task<Answer> DeleteAsync(string key)
    {
        // A request without a content is sent again by the handler, unasked, when a pooled connection turns out to be dead: it would
        // take place twice, or be reported as never sent after the first had arrived. One with a content, even an empty one, is not.
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"/v1/kv/{Uri.EscapeDataString(key)}") { Content = new ByteArrayContent([]) };
        return await SendAsync(request, ReadWrite);
    }

    public async Task<Answer> GetAsync(string key, string consistency = "linearizable")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/kv/{Uri.EscapeDataString(key)}?consistency={consistency}");
        return await SendAsync(request, ReadRead);
    }

    /// <summary>Sends JSON, or nothing; status 0 where no answer came.</summary>
    public async Task<(int Status, string Body)> SendJsonAsync(HttpMethod method, string path, string? json)
    {
        try
        {
            using var request = new HttpRequestMessage(method, path) { Content = new StringContent(json ?? "", Encoding.UTF8, "application/json") };
            using HttpResponseMessage response = await _http.SendAsync(request);
            return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return (504, e.Message);
        }
    }

    /// <summary>A GET's JSON, or null where there is none to be had.</summary>
    public async Task<JsonElement?> JsonAsync(string path)
    {
        try
        {
            using HttpResponseMessage response = await _http.GetAsync(path);
            return response.IsSuccessStatusCode ? JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsByteArrayAsync()) : null;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or JsonException)
        {
            return null;
        }
    }

    /// <summary>It serves linearizable reads.</summary>
    public Task<bool> IsReadyAsync() => IsOkAsync("/readyz");

    /// <summary>Its process has come as far as answering.</summary>
    public Task<bool> IsAliveAsync() => IsOkAsync("/livez");

    public void Dispose() => _http.Dispose();

    private static Answer ReadWrite(HttpResponseMessage response, string body)
    {
        int status = (int)response.StatusCode;
        JsonElement json = JsonSerializer.Deserialize<JsonElement>(body);
        if (response.IsSuccessStatusCode)
        {
            return new Answer(Outcome.Done, status, json.GetProperty("revision").GetInt64(), 0, null, body);
        }

        string? outcome = json.GetProperty("outcome").GetString();
        Assert.True(outcome is "not-applied" or "unknown", $"status {status} with outcome {outcome}: {body}");
        return new Answer(outcome == "unknown" ? Outcome.Unknown : Outcome.NotApplied, status, -1, 0, null, body);
    }

    private static Answer ReadRead(HttpResponseMessage response, string body)
    {
        int status = (int)response.StatusCode;
        if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.NotFound))
        {
            return new Answer(Outcome.NotApplied, status, -1, 0, null, body);
        }

        long revision = long.Parse(response.Headers.GetValues("RaftStore-Revision").Single(), CultureInfo.InvariantCulture);
        return response.StatusCode == HttpStatusCode.NotFound
            ? new Answer(Outcome.Done, status, revision, 0, null, body)
            : new Answer(Outcome.Done, status, revision, long.Parse(response.Headers.ETag!.Tag.Trim('"'), CultureInfo.InvariantCulture), body, body);
    }

    private async Task<bool> IsOkAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return (await SendAsync(request, (response, body) => new Answer(Outcome.Done, (int)response.StatusCode, -1, 0, null, body))).Status == 200;
    }

    private async Task<Answer> SendAsync(HttpRequestMessage request, Func<HttpResponseMessage, string, Answer> read)
    {
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request);
            return read(response, await response.Content.ReadAsStringAsync());
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError is HttpRequestError.ConnectionError)
        {
            // Nobody listens there: not a byte of the request was sent.
            return new Answer(Outcome.NotApplied, 0, -1, 0, null, exception.Message);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
        {
            return new Answer(Outcome.Unknown, 0, -1, 0, null, exception.Message);
        }
    }
}
