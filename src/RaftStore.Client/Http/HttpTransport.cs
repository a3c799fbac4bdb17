using System.Diagnostics;
using System.Net;

namespace RaftStore.Client.Http;

/// <summary>Sends one attempt of a call to one endpoint, and reports exactly how it ended. Owns the connections.</summary>
/// <remarks>Safe for use by many threads.</remarks>
internal sealed class HttpTransport : IDisposable
{
    private readonly HttpMessageInvoker _http;
    private readonly int _answerBytesMax;

    public HttpTransport(RaftStoreClientOptions options)
    {
        _answerBytesMax = options.AnswerBytesMax;
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = options.ConnectTimeout,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
            ActivityHeadersPropagator = null,
        });
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Sends the call once. Whatever goes wrong on the way is in the result.</summary>
    public async Task<Attempt> SendAsync(Uri endpoint, Call call, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = Request(endpoint, call);
        TrackedContent? content = call.IsWrite || !call.Body.IsEmpty ? new TrackedContent(call.Body) : null;
        request.Content = content;
        if (content is not null && call.ContentType is { } contentType)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        if (call.Condition is { } condition)
        {
            request.Headers.TryAddWithoutValidation(condition.Name, condition.Value);
        }

        long startedAt = Stopwatch.GetTimestamp();
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, cancellationToken);
            Answer answer = await Answer.ReadAsync(response, call, endpoint, _answerBytesMax, cancellationToken);
            answer.Took = Stopwatch.GetElapsedTime(startedAt);
            return new Attempt(answer);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return new Attempt(e, content?.Began ?? !NeverConnected(e), e is OperationCanceledException);
        }
    }

    /// <summary>Sends the call once and leaves the body of a 200 to the caller, who disposes of the answer.</summary>
    /// <returns>The answer; or null, and how the attempt ended.</returns>
    public async Task<(HttpResponseMessage? Response, Attempt Attempt)> BeginAsync(Uri endpoint, Call call, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = Request(endpoint, call);
        HttpResponseMessage? response = null;
        try
        {
            response = await _http.SendAsync(request, cancellationToken);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                return (response, default);
            }

            Answer answer = await Answer.ReadAsync(response, call, endpoint, _answerBytesMax, cancellationToken);
            response.Dispose();
            return (null, new Attempt(answer));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            response?.Dispose();
            return (null, new Attempt(e, !NeverConnected(e), e is OperationCanceledException));
        }
    }

    private static bool NeverConnected(Exception error) => error is HttpRequestException
    {
        HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError,
    };

    private static HttpRequestMessage Request(Uri endpoint, Call call)
    {
        var uri = new Uri(
            endpoint.GetLeftPart(UriPartial.Authority) + call.Target,
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        return new HttpRequestMessage(call.Method, uri)
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }
}
