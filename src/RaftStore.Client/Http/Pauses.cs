namespace RaftStore.Client.Http;

/// <summary>The growing pauses between the rounds of one call, with jitter so that many clients do not come back at once.</summary>
internal sealed class Pauses(TimeSpan first, int growthMax)
{
    private readonly TimeSpan _longest = first * growthMax;
    private TimeSpan _next = first;

    /// <summary>The next pause: between half of it and all of it, and twice that the next time, up to the limit.</summary>
    public TimeSpan Next()
    {
        TimeSpan pause = _next * (0.5 + (Random.Shared.NextDouble() / 2));
        _next = TimeSpan.FromTicks(Math.Min(_next.Ticks * 2, _longest.Ticks));
        return pause;
    }
}
