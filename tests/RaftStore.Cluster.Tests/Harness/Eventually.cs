namespace RaftStore.Cluster.Tests.Harness;

/// <summary>Waiting for conditions. Deadlines are generous: they decide when a test fails, never how long it takes.</summary>
internal static class Eventually
{
    /// <summary>What any change of the cluster may take on a busy machine, with another cluster beside it.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <summary>Returns once the condition holds.</summary>
    /// <param name="what">The condition in words, for the failure.</param>
    /// <param name="details">What to add to the failure, such as the nodes' logs.</param>
    public static async Task HoldsAsync(string what, Func<Task<bool>> condition, Func<string>? details = null, TimeSpan? deadline = null)
    {
        using var over = new CancellationTokenSource(deadline ?? Deadline);
        using var ticks = new PeriodicTimer(Interval);
        while (!await condition())
        {
            if (over.IsCancellationRequested)
            {
                Assert.Fail($"After {(deadline ?? Deadline).TotalSeconds} s this still did not hold: {what}.\n{details?.Invoke()}");
            }

            await ticks.WaitForNextTickAsync();
        }
    }

    /// <summary>Lets a part of a schedule pass; for those who hurt the cluster, never to wait for something.</summary>
    public static async Task PassAsync(TimeSpan time)
    {
        using var timer = new PeriodicTimer(time);
        await timer.WaitForNextTickAsync();
    }
}
