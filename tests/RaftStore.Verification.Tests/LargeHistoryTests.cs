using System.Diagnostics;
using RaftStore.Verification.Tests.Support;
using Xunit.Abstractions;
using static RaftStore.Verification.Tests.Support.Histories;

namespace RaftStore.Verification.Tests;

public sealed class LargeHistoryTests(ITestOutputHelper output)
{
    [Fact]
    public void Checker_ManyReadsOfOneRevisionBesideAWriteThatNobodySaw_DoesNotTryTheirSubsets()
    {
        // Only the write that nobody saw explains what the second deletion found; each read may stand before it, and none after the deletion.
        List<Operation> history =
        [
            Put(1, "k", "a", 0, 1, 1),
            Delete(1, "k", 2, 3, revision: 5),
            PutUnknown(2, "k", "b", 4),
            Delete(3, "k", 6, 905, revision: 7),
            .. Enumerable.Range(0, 40).Select(i => Get(10 + i, "k", null, 10 + i, 500 + i, revision: 900, at: 5)),
        ];
        CheckOptions options = new() { StepsMax = 100_000 };
        Assert.Equal(Verdict.Linearizable, LinearizabilityChecker.Check(history, options).Verdict);

        // What makes it wrong comes after all that: every way to get there is tried.
        history.AddRange([Put(1, "k", "c", 910, 911), Get(2, "k", null, 950, 960)]);
        CheckResult result = LinearizabilityChecker.Check(history, options);
        Assert.Equal(Verdict.NotLinearizable, result.Verdict);
        Assert.Empty(result.KeysGivenUp);
    }

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
