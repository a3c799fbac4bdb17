using RaftStore.Verification.Tests.Support;

namespace RaftStore.Verification.Tests;

/// <summary>The checker against the definition, on thousands of tiny histories, about half of them with an answer that was tampered with.</summary>
public sealed class TwinTests
{
    private const int Histories = 5_000;

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    [InlineData(false, 1)]
    [InlineData(false, 2)]
    public void Checker_OnTinyHistories_AgreesWithTheDefinition(bool tellsRevisions, int keys)
    {
        int good = 0;
        int bad = 0;
        for (int seed = 0; seed < Histories; seed++)
        {
            Random random = new(seed);
            SimulatedLoad load = new(3, keys, 4 + random.Next(4), 300, tellsRevisions, RevisionStep: 16) { HasRanges = tellsRevisions, LatencyMax = 4 + random.Next(8) };
            List<Operation> history = SimulatedStore.Draw(load, random);
            for (int changes = random.Next(7); changes > 0; changes--)
            {
                Tamper(history, random);
            }

            bool expected = NaiveChecker.IsLinearizable(history);
            CheckResult result = LinearizabilityChecker.Check(history);
            if (result.Verdict != (expected ? Verdict.Linearizable : Verdict.NotLinearizable))
            {
                Assert.Fail($"seed {seed}: {result.Verdict}, and by definition {expected}\n{string.Join('\n', history.Select(operation => Wording.Tell(operation, 0)))}\n\n{string.Join('\n', result.Violations.Select(violation => violation.Text))}");
            }

            _ = expected ? good++ : bad++;
            Assert.All(result.Violations, violation => AssertProves(violation, history, seed));
        }

        Assert.True(good > Histories / 8 && bad > Histories / 8, $"{good} good and {bad} bad histories");
    }

    /// <summary>A bad piece is bad by itself, whatever became of everything else: by definition, too.</summary>
    private static void AssertProves(Violation violation, List<Operation> history, int seed)
    {
        IEnumerable<Operation> others = history
            .Except<Operation>(violation.Piece, ReferenceEqualityComparer.Instance)
            .Where(operation => operation.IsWrite && operation.Outcome != OperationOutcome.NotApplied && (operation.Changed || operation.Outcome == OperationOutcome.Unknown))
            .Select(operation => operation with { Outcome = OperationOutcome.Unknown, Changed = false, Revision = -1, ModRevision = -1 });
        Assert.True(violation.IsShortest && !NaiveChecker.IsLinearizable([.. violation.Piece, .. others]), $"seed {seed}\n{string.Join('\n', history.Select(operation => Wording.Tell(operation, 0)))}\n\n{violation.Text}");
    }

    private static void Tamper(List<Operation> history, Random random)
    {
        int index = random.Next(history.Count);
        Operation operation = history[index];
        Operation other = history[random.Next(history.Count)];
        history[index] = random.Next(10) switch
        {
            0 or > 5 when operation.Kind == OperationKind.Get => operation with { Value = other.Kind == OperationKind.Put ? other.Value : null, ModRevision = -1 },
            0 or > 5 when operation.Kind == OperationKind.Range => operation with { Items = [.. operation.Items.Skip(1)] },
            1 when operation.Outcome == OperationOutcome.Ok && operation.Revision >= 0 && other.Revision >= 0 => operation with { Revision = other.Revision },
            2 when operation.Outcome == OperationOutcome.Ok && operation.Condition.IsRevision => operation with { Changed = !operation.Changed, ModRevision = -1 },
            3 when operation.Kind == OperationKind.Delete && operation.Outcome == OperationOutcome.Ok => operation with { Changed = !operation.Changed, ModRevision = -1 },
            4 when operation.IsWrite && !operation.IsRange && operation.Outcome == OperationOutcome.Ok => operation with { Outcome = OperationOutcome.Unknown, Changed = false, Revision = -1, ModRevision = -1 },
            5 when operation.Outcome == OperationOutcome.Ok => Moved(operation, random.Next(8)),
            _ => operation,
        };
    }

    private static Operation Moved(Operation operation, int by) => operation with { InvokedAt = operation.InvokedAt + by, AnsweredAt = operation.AnsweredAt + by };
}
