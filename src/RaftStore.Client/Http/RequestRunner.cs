using System.Net;

namespace RaftStore.Client.Http;

/// <summary>
/// Carries one call to an answer over as many attempts as are safe. A read may be repeated at will. A write is
/// repeated only when the attempt before certainly did nothing: the node said so, or not one byte had left.
/// </summary>
/// <remarks>Safe for use by many threads; owns the connections.</remarks>
internal sealed class RequestRunner : IDisposable
{
    /// <summary>How far the pause between rounds grows beyond <see cref="RaftStoreClientOptions.RetryDelay"/>.</summary>
    private const int RetryDelayGrowthMax = 16;

    private readonly RaftStoreClientOptions _options;
    private readonly EndpointSet _endpoints;
    private readonly HttpMessageInvoker _http;

    public RequestRunner(RaftStoreClientOptions options)
    {
        _options = options;
        _endpoints = new EndpointSet(options.Endpoints);
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

    /// <summary>Runs the call until a node gives a final answer: a success, or a refusal that another attempt would not change.</summary>
    /// <exception cref="RaftStoreException">No final answer could be had in time, or (for a write) its outcome became unknown.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled; a write that was under way may have been applied.</exception>
    public async Task<Answer> RunAsync(Call call, CancellationToken cancellationToken)
    {
        using var total = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        total.CancelAfter(_options.Timeout);
        long startedAt = Environment.TickCount64;

        Uri[] endpoints = call.OnlyEndpoint is { } only ? [only] : _endpoints.All;
        bool learns = call.OnlyEndpoint is null;
        var rounds = new Rounds(endpoints.Length, learns ? _endpoints.First(call.PrefersLeader) : 0);
        var failure = new FailureLog();
        TimeSpan delay = _options.RetryDelay;
        int unreachableRounds = 0;
        int hinted = -1;

        while (true)
        {
            int index = rounds.Take(hinted);
            Attempt attempt = await TryAsync(endpoints[index], call, total.Token, cancellationToken);
            if (attempt.Answer is { } answer)
            {
                hinted = learns ? Learn(index, answer) : -1;
                if (IsFinal(call, answer))
                {
                    answer.Attempts = failure.Attempts + 1;
                    if (learns)
                    {
                        _endpoints.Succeeded(index);
                    }

                    return answer;
                }
            }
            else if (learns)
            {
                hinted = -1;
                _endpoints.Failed(index);
            }

            failure.Add(endpoints[index], attempt);
            if (call.IsWrite && attempt.Answer is null && attempt.MayHaveBeenSent)
            {
                throw failure.UnknownOutcome();
            }

            if (total.IsCancellationRequested)
            {
                throw failure.OutOfTime();
            }

            if (rounds.IsOver)
            {
                unreachableRounds = failure.NobodyReachedThisRound ? unreachableRounds + 1 : 0;
                TimeSpan pause = failure.RetryAfterThisRound ?? Jittered(delay);
                TimeSpan left = _options.Timeout - TimeSpan.FromMilliseconds(Environment.TickCount64 - startedAt);
                if (unreachableRounds >= _options.UnreachableRounds || pause >= left)
                {
                    throw failure.OutOfTime();
                }

                await Task.Delay(pause, cancellationToken);
                delay = TimeSpan.FromTicks(Math.Min(delay.Ticks * 2, _options.RetryDelay.Ticks * RetryDelayGrowthMax));
                rounds.Restart();
                failure.BeginRound();
            }
        }
    }

    /// <summary>Whether asking again could give a better answer, and may be done.</summary>
    internal static bool IsFinal(Call call, Answer answer) => call.IsWrite
        ? !(answer.Status is 429 or 503 && answer.Problem.Outcome == "not-applied")
        : !(answer.Status is 429 or >= 500);

    private static TimeSpan Jittered(TimeSpan delay) => delay * (0.5 + (Random.Shared.NextDouble() / 2));

    private int Learn(int index, Answer answer)
    {
        string? leader = answer.Header("RaftStore-Leader");
        _endpoints.Learn(index, answer.Header("RaftStore-Node"), leader, answer.Number("RaftStore-Term"));
        return _endpoints.Find(leader);
    }

    private async Task<Attempt> TryAsync(Uri endpoint, Call call, CancellationToken total, CancellationToken user)
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

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(total);
        if (!call.IsWrite)
        {
            limit.CancelAfter(_options.ReadAttemptTimeout);
        }

        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, limit.Token);
            if (!call.IsWrite)
            {
                // The node has begun to answer: a long answer may take what is left of the whole.
                limit.CancelAfter(Timeout.InfiniteTimeSpan);
            }

            return new Attempt(await Answer.ReadAsync(response, call, endpoint, _options.AnswerBytesMax, limit.Token));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            user.ThrowIfCancellationRequested();
            bool neverConnected = e is HttpRequestException
            {
                HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError,
            };
            return new Attempt(e, content?.Began ?? !neverConnected, e is OperationCanceledException);
        }
    }
}
