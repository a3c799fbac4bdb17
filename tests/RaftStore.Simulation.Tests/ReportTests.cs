namespace RaftStore.Simulation.Tests;

public sealed class ReportTests : IDisposable
{
    private readonly StringWriter _output = new();
    private readonly StringWriter _progress = new();

    public void Dispose()
    {
        _output.Dispose();
        _progress.Dispose();
    }

    [Fact]
    public void Batch_SomeSeedsFail_NamesThemAndHowToReplayThemAndReturns6()
    {
        int code = Batch.Run(5, 10, _output, _progress, "replay with --seed", seed => Made(seed, seed is 7 or 11 ? $"seed {seed}, at 3 ms: two lead" : null), CancellationToken.None);

        string[] lines = Lines();
        Assert.Equal(6, code);
        Assert.Equal(["replay: replay with --seed 7", "replay: replay with --seed 11", "2 of 10 seeds failed: 7 11"], lines[^3..]);
        Assert.Contains("FAILED: seed 7, at 3 ms: two lead", lines);
        Assert.Contains("        20  leader stepped down", lines);
        Assert.StartsWith("10 of 10 seeds, 2 failed, ", _progress.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Batch_AllHold_Returns0AndSaysHowFastItWas()
    {
        Assert.Equal(0, Batch.Run(1, 4, _output, _progress, "replay with --seed", seed => Made(seed, null), CancellationToken.None));
        Assert.StartsWith("every rule held in 4 runs: 60 virtual seconds in ", Lines()[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Batch_ManyRunsThatNeverMeetASituation_NamesItAndReturns6()
    {
        string unmet = Situations.Expected[3];
        Dictionary<string, long> met = Situations.Expected.Where(situation => situation != unmet).ToDictionary(situation => situation, _ => 1L);

        int code = Batch.Run(1, Situations.SeedsEnough, _output, _progress, "", seed => Made(seed, null) with { Sightings = met }, CancellationToken.None);

        Assert.Equal(6, code);
        Assert.Equal(["never occurred, though some fault is there for it: " + unmet], Lines().Where(line => line.StartsWith("never", StringComparison.Ordinal)));
    }

    [Fact]
    public void Batch_Cancelled_Ends()
    {
        using CancellationTokenSource cancelled = new();
        int runs = 0;
        Assert.Throws<OperationCanceledException>(() => Batch.Run(1, 1_000_000, _output, _progress, "", seed =>
        {
            if (Interlocked.Increment(ref runs) == 3)
            {
                cancelled.Cancel();
            }

            return Made(seed, null);
        }, cancelled.Token));
        Assert.InRange(runs, 3, 3 + Environment.ProcessorCount);
    }

    [Fact]
    public void Story_OfARunThatBreaksARule_SaysWhichAndReturns6WithTheTraceHashLast()
    {
        int code = Story.Tell(9, FaultProfile.Draw(9), _output, (_, listener) =>
        {
            listener("it happens");
            return Made(9, "all of the story again");
        });

        string[] lines = Lines();
        Assert.Equal(6, code);
        Assert.Equal(["FAILED: at 3 ms: two lead", "trace hash: 0123456789abcdef"], lines[^2..]);
        Assert.Contains("it happens", lines);
        Assert.DoesNotContain(lines, line => line.Contains("again", StringComparison.Ordinal));
    }

    private static SimulationResult Made(ulong seed, string? failure)
        => new(seed, "0123456789abcdef", FaultProfile.Draw(seed), new WorkloadCounts(), new Dictionary<string, long> { ["leader stepped down"] = 2 }, 15_000, failure)
        {
            BrokenRule = failure is null ? null : "at 3 ms: two lead",
        };

    private string[] Lines() => _output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
}
