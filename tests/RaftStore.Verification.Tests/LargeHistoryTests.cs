using System.Diagnostics;
using RaftStore.Verification.Tests.Support;
using Xunit.Abstractions;

namespace RaftStore.Verification.Tests;

public sealed class LargeHistoryTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(false, 16)]
    [InlineData(true, 16)]
    [InlineData(false, 64)]
    [InlineData(true, 64)]
    public void Checker_HundredThousandOperationsOverTenKeys_WithFivePercentUnknown_EndsWithinAMinute(bool tellsRevisions, int clients)
    {
        // Of all operations about 55 % write: 91 unknown among a thousand writes are 5 % of all.
        List<Operation> history = SimulatedStore.Draw(new SimulatedLoad(clients, 10, 100_000, 91, tellsRevisions), new Random(7));
        int unknown = history.Count(operation => operation.Outcome == OperationOutcome.Unknown);
        Stopwatch clock = Stopwatch.StartNew();

        CheckResult result = LinearizabilityChecker.Check(history);

        output.WriteLine($"{clients} clients, revisions {(tellsRevisions ? "told" : "not told")}, {unknown} unknown: {result.Verdict} in {clock.ElapsedMilliseconds} ms, {result.Steps} steps, {result.Pruned} pruned, {GC.GetTotalMemory(false) >> 20} MiB");
        Assert.True(result.Verdict == Verdict.Linearizable, string.Join("\n\n", result.Violations.Select(violation => violation.Text)));
        Assert.InRange(unknown, 3_500, 6_500);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), $"it took {clock.Elapsed}");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Checker_OneStaleReadAmongAHundredThousandOperations_IsCutDownToAFew(bool tellsRevisions)
    {
        List<Operation> history = SimulatedStore.Draw(new SimulatedLoad(16, 10, 100_000, 91, tellsRevisions), new Random(11));
        int index = history.FindIndex(70_000, operation => operation is { Kind: OperationKind.Get, Value: not null });
        Operation old = history.First(operation => operation.Kind == OperationKind.Get && operation.Value is not null && operation.Key == history[index].Key);
        history[index] = history[index] with { Value = old.Value, ModRevision = old.ModRevision };
        Stopwatch clock = Stopwatch.StartNew();

        CheckResult result = LinearizabilityChecker.Check(history);

        output.WriteLine($"{clock.ElapsedMilliseconds} ms\n{result.Violations[0].Text}");
        Assert.Equal(Verdict.NotLinearizable, result.Verdict);
        Violation violation = Assert.Single(result.Violations);
        Assert.Contains(history[index], violation.Piece);
        Assert.InRange(violation.Piece.Count, 1, 6);
    }
}
