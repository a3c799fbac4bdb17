using System.Diagnostics;

namespace RaftStore.Kvctl.Bench;

/// <summary>The time that is measured, in <see cref="Stopwatch"/> ticks, and the end of everything.</summary>
internal sealed class BenchWindow
{
    /// <summary>How long after the end an answer may still come; a longer one counts as none.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(6);

    private volatile bool _isCancelled;

    private BenchWindow(long from, long until)
    {
        From = from;
        Until = until;
    }

    public long From { get; }

    public long Until { get; }

    /// <summary>When the last answers stop being waited for.</summary>
    public long GiveUpAt => Until > long.MaxValue - TicksOf(Grace) ? long.MaxValue : Until + TicksOf(Grace);

    /// <summary>Whether the user, or too many errors, ended it early.</summary>
    public bool IsCancelled => _isCancelled;

    /// <summary>A window that begins after the warm-up and lasts for the duration, from now.</summary>
    public static BenchWindow Begin(TimeSpan warmup, TimeSpan duration)
    {
        long from = Stopwatch.GetTimestamp() + TicksOf(warmup);
        return new BenchWindow(from, from + TicksOf(duration));
    }

    /// <summary>A window without end, for work that ends by itself.</summary>
    public static BenchWindow Unbounded() => new(Stopwatch.GetTimestamp(), long.MaxValue);

    public bool Contains(long timestamp) => timestamp >= From && timestamp < Until;

    public void Cancel() => _isCancelled = true;

    /// <summary>Whether no further request may be sent.</summary>
    public bool IsOver(long timestamp) => _isCancelled || timestamp >= Until;

    public static long NanosecondsOf(long ticks) => (long)(ticks * (1e9 / Stopwatch.Frequency));

    private static long TicksOf(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);
}
