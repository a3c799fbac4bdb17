using System.Text.Json.Nodes;
using RaftStore.Kv;
using RaftStore.Node;
using RaftStore.Server.Http;

namespace RaftStore.Server.Tests.Http;

public sealed class OutcomesTests
{
    [Theory]
    [InlineData(RefusalReason.NoLeader, "no-leader", 503)]
    [InlineData(RefusalReason.Overloaded, "overloaded", 503)]
    [InlineData(RefusalReason.LowOnMemory, "overloaded", 503)]
    [InlineData(RefusalReason.ShuttingDown, "shutting-down", 503)]
    [InlineData(RefusalReason.DiskFull, "disk-full", 507)]
    [InlineData(RefusalReason.Diverged, "diverged", 503)]
    [InlineData(RefusalReason.TimedOut, "not-proposed", 503)]
    public void Write_NotApplied_SaysSo(RefusalReason reason, string name, int status)
    {
        Problem problem = Outcomes.OfWrite(new WriteOutcome(WriteCertainty.NotApplied, reason, default))!;

        Assert.Equal((name, status, "not-applied"), (problem.Type.Name, problem.Type.Status, OutcomeOf(problem)));
    }

    [Fact]
    public void Write_OfUnknownOutcome_Is504ForEveryReason()
    {
        foreach (RefusalReason reason in Enum.GetValues<RefusalReason>())
        {
            Problem problem = Outcomes.OfWrite(new WriteOutcome(WriteCertainty.Unknown, reason, default))!;
            Assert.Equal(("timeout", 504, "unknown"), (problem.Type.Name, problem.Type.Status, OutcomeOf(problem)));
        }
    }

    [Theory]
    [InlineData(KvStatus.ConditionFailed, "condition-failed", 412)]
    [InlineData(KvStatus.RangeTooLarge, "range-too-large", 413)]
    [InlineData(KvStatus.TooLarge, "value-too-large", 413)]
    [InlineData(KvStatus.QuotaReached, "quota-reached", 507)]
    public void Write_AppliedWithoutEffect_SaysWhy(KvStatus status, string name, int code)
    {
        Problem problem = Outcomes.OfWrite(new WriteOutcome(WriteCertainty.Applied, RefusalReason.None, new KvResult(status, 1, 0, 0, null)))!;

        Assert.Equal((name, code, "not-applied"), (problem.Type.Name, problem.Type.Status, OutcomeOf(problem)));
    }

    [Fact]
    public void Write_Done_IsNoProblem() =>
        Assert.Null(Outcomes.OfWrite(new WriteOutcome(WriteCertainty.Applied, RefusalReason.None, new KvResult(KvStatus.Done, 1, 1, 0, null))));

    [Theory]
    [InlineData(RefusalReason.NoLeader, "no-leader")]
    [InlineData(RefusalReason.Overloaded, "overloaded")]
    [InlineData(RefusalReason.ShuttingDown, "shutting-down")]
    [InlineData(RefusalReason.Diverged, "diverged")]
    [InlineData(RefusalReason.TimedOut, "timeout")]
    public void Read_Refused_SaysWhyWithoutOutcome(RefusalReason reason, string name)
    {
        Problem problem = Outcomes.OfRead(reason)!;

        Assert.Equal(name, problem.Type.Name);
        Assert.DoesNotContain("outcome", System.Text.Encoding.UTF8.GetString(ProblemWriter.Format(problem, leader: null, isWrite: false)), StringComparison.Ordinal);
    }

    [Fact]
    public void Problem_Formatted_HasTheMembersOfTheRfcAndOurs()
    {
        JsonObject json = JsonNode.Parse(ProblemWriter.Format(new Problem(ProblemType.NoLeader, "a \"quote\" and ü"), "n2", isWrite: true))!.AsObject();

        Assert.Equal(["type", "title", "status", "detail", "leader", "outcome"], json.Select(member => member.Key));
        Assert.Equal(("a \"quote\" and ü", "n2"), ((string?)json["detail"], (string?)json["leader"]));
    }

    [Fact]
    public void ProblemTypes_AllOfThem_AreListedOnceAndNamedAlike()
    {
        ProblemType[] declared = [.. typeof(ProblemType).GetFields().Where(field => field.FieldType == typeof(ProblemType)).Select(field => (ProblemType)field.GetValue(null)!)];

        Assert.Equal(declared, ProblemType.All);
        Assert.Equal(declared.Length, declared.Select(type => type.Name).Distinct().Count());
        Assert.All(declared, type => Assert.Matches("^[a-z-]+$", type.Name));
    }

    private static string? OutcomeOf(Problem problem) => (string?)JsonNode.Parse(ProblemWriter.Format(problem, leader: null, isWrite: true))!["outcome"];
}
