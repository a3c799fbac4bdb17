namespace RaftStore.Verification.Tests.Support;

/// <summary>Operations as short as a test wants to write them. The number of the client comes first, then the key, then the times.</summary>
internal static class Histories
{
    public static Operation Put(int client, string key, string value, long from, long to, long revision = -1, Precondition condition = default) => new()
    {
        Client = client,
        Kind = OperationKind.Put,
        Key = key,
        Value = value,
        InvokedAt = from,
        AnsweredAt = to,
        Revision = revision,
        Condition = condition,
        Changed = true,
        Outcome = OperationOutcome.Ok,
    };

    public static Operation PutRefused(int client, string key, string value, long from, long to, Precondition condition, long modRevision = -1, long revision = -1) =>
        Put(client, key, value, from, to, revision, condition) with { Changed = false, ModRevision = modRevision };

    public static Operation PutUnknown(int client, string key, string value, long from, Precondition condition = default) =>
        Put(client, key, value, from, long.MaxValue, -1, condition) with { Changed = false, Outcome = OperationOutcome.Unknown };

    public static Operation PutDropped(int client, string key, string value, long from, long to) =>
        Put(client, key, value, from, to) with { Changed = false, Outcome = OperationOutcome.NotApplied };

    public static Operation Get(int client, string key, string? value, long from, long to, long modRevision = -1, long revision = -1, long at = -1) => new()
    {
        Client = client,
        Kind = OperationKind.Get,
        Key = key,
        Value = value,
        InvokedAt = from,
        AnsweredAt = to,
        Revision = revision,
        ModRevision = value is null ? 0 : modRevision,
        AtRevision = at,
        Outcome = OperationOutcome.Ok,
    };

    public static Operation Delete(int client, string key, long from, long to, bool deleted = true, long revision = -1, Precondition condition = default) => new()
    {
        Client = client,
        Kind = OperationKind.Delete,
        Key = key,
        InvokedAt = from,
        AnsweredAt = to,
        Revision = revision,
        Condition = condition,
        Changed = deleted,
        Outcome = OperationOutcome.Ok,
    };

    public static Operation DeleteUnknown(int client, string key, long from, Precondition condition = default) =>
        Delete(client, key, from, long.MaxValue, deleted: false, -1, condition) with { Outcome = OperationOutcome.Unknown };

    public static Operation Range(int client, string start, string? end, long from, long to, long revision, params ReadItem[] items) => new()
    {
        Client = client,
        Kind = OperationKind.Range,
        Key = start,
        End = end,
        InvokedAt = from,
        AnsweredAt = to,
        Revision = revision,
        Items = items,
        Outcome = OperationOutcome.Ok,
    };

    public static Operation DeleteRange(int client, string start, string? end, long from, long to, long revision, bool deleted = true) => new()
    {
        Client = client,
        Kind = OperationKind.DeleteRange,
        Key = start,
        End = end,
        InvokedAt = from,
        AnsweredAt = to,
        Revision = revision,
        Changed = deleted,
        Outcome = OperationOutcome.Ok,
    };

    public static ReadItem Item(string key, string value, long modRevision = -1) => new(key, value, modRevision);

    public static CheckResult Check(params Operation[] history) => LinearizabilityChecker.Check(history);

    public static void AssertGood(params Operation[] history)
    {
        CheckResult result = Check(history);
        Assert.True(result.Verdict == Verdict.Linearizable, $"{result.Verdict}\n{string.Join("\n\n", result.Violations.Select(violation => violation.Text))}");
    }

    /// <summary>The history is bad, and the first bad piece has this many operations.</summary>
    public static Violation AssertBad(int pieceLength, params Operation[] history)
    {
        CheckResult result = Check(history);
        Assert.Equal(Verdict.NotLinearizable, result.Verdict);
        Violation violation = result.Violations[0];
        Assert.True(violation.Piece.Count == pieceLength, violation.Text);
        Assert.True(violation.IsShortest);
        return violation;
    }
}
