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
        var uri = new Uri(
            endpoint.GetLeftPart(UriPartial.Authority) + call.Target,
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(call.Method, uri)
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        TrackedContent? content = call.IsWrite ? new TrackedContent(call.Body) : null;
        request.Content = content;
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
            bool neverConnected = e is HttpRequestException
            {
                HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError,
            };
            return new Attempt(e, content?.Began ?? !neverConnected, e is OperationCanceledException);
        }
    }
}
