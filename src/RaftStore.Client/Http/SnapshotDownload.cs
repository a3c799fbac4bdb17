namespace RaftStore.Client.Http;

/// <summary>Receives one snapshot: asks node after node until one begins to send, and then takes all of it from that one.</summary>
internal sealed class SnapshotDownload(RaftStoreClientOptions options, HttpTransport transport, string target)
{
    private const int BufferBytes = 256 << 10;

    /// <summary>How far the pause between rounds grows beyond <see cref="RaftStoreClientOptions.RetryDelay"/>.</summary>
    private const int RetryDelayGrowthMax = 16;

    private readonly FailureLog _failure = new();

    /// <summary>Writes the snapshot to a stream.</summary>
    /// <exception cref="RaftStoreException">No node began in time, or the one that did fell silent or broke off; the stream holds a part of it then.</exception>
    public async Task<SnapshotResult> RunAsync(Stream stream, IProgress<long>? progress, CancellationToken user)
    {
        using HttpResponseMessage response = await BeginAsync(user);
        Uri endpoint = new(response.RequestMessage!.RequestUri!.GetLeftPart(UriPartial.Authority));
        Answer head = Answer.HeadOf(response, endpoint);
        long revision = head.Number("RaftStore-Revision") ?? throw head.Malformed("without the header RaftStore-Revision");
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(user);
        silence.CancelAfter(options.Timeout);
        await using Stream content = await response.Content.ReadAsStreamAsync(silence.Token);
        byte[] buffer = new byte[BufferBytes];
        long lengthBytes = 0;
        for (int count; (count = await ReadAsync(content, buffer)) > 0;)
        {
            await stream.WriteAsync(buffer.AsMemory(0, count), user);
            lengthBytes += count;
            progress?.Report(lengthBytes);
        }

        return new SnapshotResult(revision, lengthBytes, head.Header("RaftStore-Node"));

        // Only this: the caller's own stream has failures of its own.
        async ValueTask<int> ReadAsync(Stream source, byte[] target)
        {
            try
            {
                silence.CancelAfter(options.Timeout);
                return await source.ReadAsync(target, silence.Token);
            }
            catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !user.IsCancellationRequested))
            {
                string what = e is OperationCanceledException ? $"sent nothing for {options.Timeout.TotalSeconds:0.#} s" : "broke off";
                throw new RaftStoreException(Outcome.NotApplied, $"{endpoint.Authority} {what} after {lengthBytes} bytes of the snapshot", e) { Detail = what, Endpoint = endpoint };
            }
        }
    }

    private async Task<HttpResponseMessage> BeginAsync(CancellationToken user)
    {
        using var total = CancellationTokenSource.CreateLinkedTokenSource(user);
        total.CancelAfter(options.Timeout);
        var pauses = new Pauses(options.RetryDelay, RetryDelayGrowthMax);
        for (int unreachableRounds = 0; unreachableRounds < options.UnreachableRounds;)
        {
            _failure.BeginRound();
            foreach (Uri endpoint in options.Endpoints)
            {
                if (await AskAsync(endpoint, total.Token) is { } begun)
                {
                    return begun;
                }

                user.ThrowIfCancellationRequested();
                if (total.IsCancellationRequested)
                {
                    throw _failure.OutOfTime();
                }
            }

            unreachableRounds = _failure.NobodyReachedThisRound ? unreachableRounds + 1 : 0;
            await Task.Delay(pauses.Next(), user);
        }

        throw _failure.OutOfTime();
    }

    /// <returns>The answer of a node that sends; null where it may be worth asking another.</returns>
    private async Task<HttpResponseMessage?> AskAsync(Uri endpoint, CancellationToken total)
    {
        var call = new Call { Method = HttpMethod.Get, Target = target };
        (HttpResponseMessage? response, Attempt attempt) = await transport.BeginAsync(endpoint, call, total);
        if (response is not null)
        {
            return response;
        }

        if (attempt.Answer is { } answer && RequestRunner.IsFinal(call, answer))
        {
            throw answer.ToException();
        }

        _failure.Add(endpoint, attempt);
        return null;
    }
}
