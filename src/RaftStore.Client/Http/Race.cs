namespace RaftStore.Client.Http;

/// <summary>
/// The attempts of one call that are under way. A write has at most one; of a read, one that is slow to be answered
/// stays in while the next node is asked, so that a node which hangs costs little and one which is only slow is heard.
/// </summary>
/// <remarks>For one caller at a time.</remarks>
internal sealed class Race
{
    private readonly List<(int Endpoint, Task<Attempt> Attempt)> _running = [];

    /// <summary>Whether no attempt is under way.</summary>
    public bool IsEmpty => _running.Count == 0;

    public void Enter(int endpoint, Task<Attempt> attempt) => _running.Add((endpoint, attempt));

    /// <summary>Waits for an attempt to end, and takes it out; null when none has ended within the patience.</summary>
    public async Task<(int Endpoint, Attempt Attempt)?> FirstAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task patienceOver = Task.Delay(patience, limit.Token);
#pragma warning disable VSTHRD003 // The attempts were entered by the caller, who has no context that they could be waiting for.
        Task first = await Task.WhenAny([patienceOver, .. _running.Select(running => running.Attempt)]);
        if (first == patienceOver)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return null;
        }

        await limit.CancelAsync();
        int place = _running.FindIndex(running => running.Attempt == first);
        (int endpoint, Task<Attempt> attempt) = _running[place];
        _running.RemoveAt(place);
        return (endpoint, await attempt);
#pragma warning restore VSTHRD003
    }
}
