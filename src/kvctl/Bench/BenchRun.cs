using System.Diagnostics;
using System.Globalization;

namespace RaftStore.Kvctl.Bench;

/// <summary>Carries out a benchmark: the keys to be read first, then one run for each number of clients.</summary>
internal sealed class BenchRun(BenchOptions options, TextWriter progress, CancellationToken cancellationToken)
{
    /// <summary>Connections that write the keys to be read; beyond this the servers gain nothing.</summary>
    private const int PreloadClients = 64;

    /// <summary>A preload that fails this often is not going to end.</summary>
    private const int PreloadErrorsMax = 1000;

    private static readonly TimeSpan ProgressPeriod = TimeSpan.FromSeconds(1);

    private readonly Dialer _dialer = new(options.Endpoints);

    /// <summary>Writes keys 0 to <see cref="BenchOptions.Keys"/> − 1, each until it is acknowledged. False when it fails too often.</summary>
    public bool Preload()
    {
        var window = BenchWindow.Unbounded();
        using var crew = new BenchCrew(options with { Workload = BenchWorkload.Put }, (int)Math.Min(PreloadClients, options.Keys), _dialer);
        crew.Start(window, new SharedCounter(0, options.Keys));
        while (!crew.Wait(ProgressPeriod))
        {
            progress.WriteLine(string.Create(CultureInfo.InvariantCulture, $"preload: {crew.Finished} of {options.Keys} keys"));
            if (crew.Failed > PreloadErrorsMax || cancellationToken.IsCancellationRequested)
            {
                window.Cancel();
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        string errors = string.Join(", ", crew.Total().Errors.Select(error => $"{error.Key} × {error.Value}"));
        progress.WriteLine(string.Create(CultureInfo.InvariantCulture, $"preload: {crew.Finished} of {options.Keys} keys written{(errors.Length > 0 ? "; " + errors : "")}"));
        return crew.Finished == options.Keys;
    }

    /// <summary>Runs the workload with one number of clients.</summary>
    public BenchResult Run(int clients)
    {
        SharedCounter? sequence = options.Workload == BenchWorkload.Put && options.Keys == 0 ? SharedCounter.Fresh() : null;
        using var crew = new BenchCrew(options, clients, _dialer);
        BenchWindow window = BenchWindow.Begin(options.Warmup, options.Duration);
        crew.Start(window, sequence);
        try
        {
            WatchUntil(window.From, crew, clients, "warm-up");
            TimeSpan?[] serversBefore = ServerCpu();
            TimeSpan generatorBefore = Environment.CpuUsage.TotalTime;

            WatchUntil(window.Until, crew, clients, "measuring");
            TimeSpan?[] serversAfter = ServerCpu();
            TimeSpan generatorAfter = Environment.CpuUsage.TotalTime;

            while (!crew.Wait(ProgressPeriod))
            {
                progress.WriteLine("waiting for the last answers");
            }

            (int Pid, TimeSpan? Used)[] used = [.. options.Pids.Select((pid, i) => (pid, serversAfter[i] - serversBefore[i]))];
            return new BenchResult(clients, options.Duration, crew.Total(), used, generatorAfter - generatorBefore);
        }
        finally
        {
            window.Cancel();
            crew.Wait(ProgressPeriod);
        }
    }

    private TimeSpan?[] ServerCpu() => [.. options.Pids.Select(ProcessCpu.Used)];

    /// <summary>Sleeps until a point in time, and shows every second how many requests were answered since the last.</summary>
    private void WatchUntil(long timestamp, BenchCrew crew, int clients, string phase)
    {
        (long finished, long at) = (crew.Finished, Stopwatch.GetTimestamp());
        while (true)
        {
            long now = Stopwatch.GetTimestamp();
            TimeSpan passed = Stopwatch.GetElapsedTime(at, now);
            if (passed >= ProgressPeriod)
            {
                double rate = (crew.Finished - finished) / passed.TotalSeconds;
                progress.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clients,5} clients  {phase}  {rate,9:0} ops/s  {crew.Failed} errors"));
                (finished, at, passed) = (crew.Finished, now, TimeSpan.Zero);
            }

            TimeSpan left = Stopwatch.GetElapsedTime(now, timestamp);
            if (left <= TimeSpan.Zero)
            {
                return;
            }

            // Whole milliseconds, rounded up: a wait of less would not wait at all.
            TimeSpan nap = left < ProgressPeriod - passed ? left : ProgressPeriod - passed;
            cancellationToken.WaitHandle.WaitOne((int)Math.Ceiling(nap.TotalMilliseconds));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }
}
