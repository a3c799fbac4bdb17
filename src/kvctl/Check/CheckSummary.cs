using RaftStore.Verification;

namespace RaftStore.Kvctl.Check;

/// <summary>What a whole run came to. Immutable.</summary>
internal sealed record CheckSummary
{
    public required CheckRunOptions Options { get; init; }

    public required IReadOnlyList<CheckNode> Nodes { get; init; }

    /// <summary>The members that could not be sent to.</summary>
    public IReadOnlyList<CheckLeftOut> LeftOut { get; init; } = [];

    /// <summary>The version that the nodes say they are; null where they do not.</summary>
    public required string? Version { get; init; }

    public required DateTime StartedUtc { get; init; }

    /// <summary>How long clients were driven, in microseconds of the run.</summary>
    public required long DrivenUs { get; init; }

    public required IReadOnlyList<Operation> History { get; init; }

    public required IReadOnlyList<FaultSpan> Faults { get; init; }

    public required CheckResult Result { get; init; }

    public required StateComparison States { get; init; }

    /// <summary>What went wrong beside the check itself.</summary>
    public required IReadOnlyList<string> Troubles { get; init; }

    /// <summary>The longest time, while clients were driven, in which no write was acknowledged, in microseconds of the run.</summary>
    public (long FromUs, long ToUs) LongestGap { get; private init; }

    /// <summary>One word for scripts: linearizable, not-linearizable, undecided, states-differ or states-unknown.</summary>
    public string Verdict => Result.Verdict switch
    {
        Verification.Verdict.NotLinearizable => "not-linearizable",
        Verification.Verdict.GaveUp => "undecided",
        _ => States.AreEqual switch { true => "linearizable", false => "states-differ", null => "states-unknown" },
    };

    /// <summary>Everything was checked and found right.</summary>
    public bool IsGood => Verdict == "linearizable";

    /// <summary>Faults were asked for, and not one was done.</summary>
    public bool LacksFaults => Options.Faults.Count > 0 && Faults.Count == 0;

    /// <summary>Operations by outcome.</summary>
    public int CountOf(OperationOutcome outcome) => History.Count(operation => operation.Outcome == outcome);

    /// <summary>The same with the longest gap filled in.</summary>
    public CheckSummary WithGap()
    {
        long last = 0;
        (long From, long To) longest = (0, 0);
        foreach (long at in History.Where(operation => operation.IsWrite && operation.Outcome == OperationOutcome.Ok && operation.AnsweredAt <= DrivenUs).Select(operation => operation.AnsweredAt).Order().Append(DrivenUs))
        {
            longest = at - last > longest.To - longest.From ? (last, at) : longest;
            last = at;
        }

        return this with { LongestGap = longest };
    }
}
