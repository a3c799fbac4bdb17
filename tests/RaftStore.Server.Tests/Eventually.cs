namespace RaftStore.Server.Tests;

/// <summary>Waits for a condition, never for a time. The deadline is far beyond what a slow machine needs; only a failing test reaches it.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    public static void True(Func<bool> condition, string expectation) =>
        Assert.True(SpinWait.SpinUntil(condition, Deadline), $"Not within {Deadline.TotalSeconds} s: {expectation}");
}
