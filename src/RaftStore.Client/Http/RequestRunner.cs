namespace RaftStore.Client.Http;

/// <summary>
/// Carries one call to an answer over as many attempts as are safe. A read may be repeated at will. A write is
/// repeated only when the attempt before certainly did nothing: the node said so, or not one byte had left.
/// </summary>
/// <remarks>Safe for use by many threads.</remarks>
internal sealed class RequestRunner(RaftStoreClientOptions options) : IDisposable
{
    /// <summary>How far the pause between rounds grows beyond <see cref="RaftStoreClientOptions.RetryDelay"/>.</summary>
    private const int RetryDelayGrowthMax = 16;

    private readonly EndpointSet _endpoints = new(options.Endpoints);
    private readonly HttpTransport _transport = new(options);

    public void Dispose() => _transport.Dispose();

    /// <summary>Runs the call until a node gives a final answer: a success, or a refusal that another attempt would not change.</summary>
    /// <exception cref="RaftStoreException">No final answer could be had in time, or (for a write) its outcome became unknown.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled; a write that was under way may have been applied.</exception>
    public async Task<Answer> RunAsync(Call call, CancellationToken cancellationToken)
    {
        using var total = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        total.CancelAfter(options.Timeout);
        try
        {
            return call.OnlyEndpoint is { } only
                ? await RunAsync(call, new EndpointSet([only]), total.Token, cancellationToken)
                : await RunAsync(call, _endpoints, total.Token, cancellationToken);
        }
        finally
        {
            // Reads that were still under way elsewhere are of no further interest.
            await total.CancelAsync();
        }
    }

    /// <summary>Receives a snapshot; see <see cref="SnapshotDownload"/>.</summary>
    public Task<SnapshotResult> DownloadAsync(string target, Stream stream, IProgress<long>? progress, CancellationToken cancellationToken) =>
        new SnapshotDownload(options, _transport, target).RunAsync(stream, progress, cancellationToken);

    /// <summary>Whether asking again could give a better answer, and may be done.</summary>
    internal static bool IsFinal(Call call, Answer answer) => call.IsWrite
        ? !(answer.Status is 429 or 503 && answer.Problem.Outcome == "not-applied")
        : !(answer.Status is 429 or >= 500);

    private async Task<Answer> RunAsync(Call call, EndpointSet endpoints, CancellationToken total, CancellationToken user)
    {
        long startedAt = Environment.TickCount64;
        var rounds = new Rounds(endpoints.All.Length, endpoints.First(call.PrefersLeader));
        var race = new Race();
        var failure = new FailureLog();
        var pauses = new Pauses(options.RetryDelay, RetryDelayGrowthMax);
        int unreachableRounds = 0;
        int hinted = -1;

        while (true)
        {
            bool isPause = rounds.IsOver;
            TimeSpan left = options.Timeout - TimeSpan.FromMilliseconds(Environment.TickCount64 - startedAt);
            if (call.IsWrite && !IsTimeFor(failure.SlowestRefusal, left))
            {
                throw failure.OutOfTime();
            }

            TimeSpan patience = call.IsWrite ? Timeout.InfiniteTimeSpan : options.ReadPatience;
            if (isPause)
            {
                unreachableRounds = race.IsEmpty && failure.NobodyReachedThisRound ? unreachableRounds + 1 : 0;
                patience = failure.RetryAfterThisRound ?? pauses.Next();
                if (unreachableRounds >= options.UnreachableRounds || (patience >= left && race.IsEmpty))
                {
                    throw failure.OutOfTime();
                }
            }
            else
            {
                int next = rounds.Take(hinted);
                race.Enter(next, _transport.SendAsync(endpoints.All[next], call, total));
            }

            if (await race.FirstAsync(patience, user) is { } ended)
            {
                user.ThrowIfCancellationRequested();
                if (Judge(call, endpoints, ended.Endpoint, ended.Attempt, failure, out hinted) is { } answer)
                {
                    return answer;
                }
            }
            else if (isPause)
            {
                rounds.Restart();
                failure.BeginRound();
            }

            if (total.IsCancellationRequested)
            {
                while (!race.IsEmpty && await race.FirstAsync(Timeout.InfiniteTimeSpan, user) is { } late)
                {
                    failure.Add(endpoints.All[late.Endpoint], late.Attempt);
                }

                user.ThrowIfCancellationRequested();
                throw failure.OutOfTime();
            }
        }
    }

    /// <summary>
    /// Whether a refused write may be sent again with this much time left. Nodes hold a write for a while before they
    /// refuse it for want of a leader; to cut the last attempt off would turn a certain "not applied" into an unknown.
    /// </summary>
    private bool IsTimeFor(TimeSpan? slowestRefusal, TimeSpan left) =>
        slowestRefusal is not { } slowest || left > (slowest * 1.25) + (options.Timeout / 8);

    /// <summary>Takes in how an attempt ended. The answer, if it is final; else null, and whom to ask next in <paramref name="hinted"/>.</summary>
    /// <exception cref="RaftStoreException">It was a write that may have reached a node which did not answer.</exception>
    private static Answer? Judge(Call call, EndpointSet endpoints, int endpoint, Attempt attempt, FailureLog failure, out int hinted)
    {
        hinted = -1;
        if (attempt.Answer is { } answer)
        {
            string? leader = answer.Header("RaftStore-Leader");
            endpoints.Learn(endpoint, answer.Header("RaftStore-Node"), leader, answer.Number("RaftStore-Term"));
            hinted = endpoints.Find(leader);
            if (IsFinal(call, answer))
            {
                answer.Attempts = failure.Attempts + 1;
                endpoints.Succeeded(endpoint);
                return answer;
            }
        }
        else
        {
            endpoints.Failed(endpoint);
        }

        failure.Add(endpoints.All[endpoint], attempt);
        return call.IsWrite && attempt.Answer is null && attempt.MayHaveBeenSent ? throw failure.UnknownOutcome() : null;
    }
}
