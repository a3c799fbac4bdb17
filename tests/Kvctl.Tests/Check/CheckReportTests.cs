using System.Text.Json;
using System.Xml.Linq;
using RaftStore.Kvctl.Check;
using RaftStore.Verification;

namespace RaftStore.Kvctl.Tests.Check;

public sealed class CheckReportTests
{
    private const long Second = CheckRun.UnitsPerSecond;

    [Fact]
    public void Gap_TheLongestTimeWithoutAWrite_CountsFromTheBeginningAndToTheEnd()
    {
        Assert.Equal((3 * Second, 9 * Second), Summary([Put("a", 1), Put("b", 3), Put("c", 9)], 10).LongestGap);
        Assert.Equal((0, 5 * Second), Summary([Put("a", 5), Put("b", 6)], 7).LongestGap);
        Assert.Equal((1 * Second, 20 * Second), Summary([Put("a", 1), Put("b", 2) with { Outcome = OperationOutcome.Unknown }], 20).LongestGap);
    }

    [Fact]
    public void Page_ShowsFaultsOutcomesAndHowItWasRun_Escaped()
    {
        CheckSummary summary = Summary([Put("a", 1), Put("b", 2) with { Outcome = OperationOutcome.Unknown }, Put("c", 3) with { Outcome = OperationOutcome.NotApplied, Changed = false }], 10);
        string page = CheckReport.ToPage(summary);

        Assert.Contains("linearizable, and all nodes hold the same state", page, StringComparison.Ordinal);
        Assert.Contains("pause &lt;n1&gt;, 2.0 s to 4.0 s", page, StringComparison.Ordinal);
        Assert.Contains("kvctl check --report &lt;x&gt;", page, StringComparison.Ordinal);
        Assert.Contains("1 unknown</title>", page, StringComparison.Ordinal);
        Assert.Contains("longest time without a write: 9000 ms", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<n1>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        XElement.Parse(CheckCharts.Svg(summary));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(30)]
    [InlineData(7_200)]
    public void Charts_OfAnyDuration_AreWellFormedAndBounded(int seconds)
    {
        string svg = CheckCharts.Svg(Summary([.. Enumerable.Range(0, seconds * 2).Select(i => Put($"v{i}", i / 2))], seconds));
        XElement.Parse(svg);
        Assert.InRange(svg.Length, 500, 120_000);
    }

    [Fact]
    public void States_ThatDifferOrAreNotKnown_AreNoSuccess()
    {
        CheckSummary good = Summary([Put("a", 1)], 2);
        CheckSummary differ = good with { States = new StateComparison(false, 7, new Dictionary<string, string> { ["n1"] = "aa", ["n2"] = "bb" }, null) };
        Assert.Equal(("states-differ", false), (differ.Verdict, differ.IsGood));
        Assert.Contains("the nodes hold different states", CheckReport.ToText(differ), StringComparison.Ordinal);
        Assert.Contains("<code>bb</code>", CheckReport.ToPage(differ), StringComparison.Ordinal);
        CheckSummary unknown = good with { States = new StateComparison(null, 0, new Dictionary<string, string>(), "n2 does not answer") };
        Assert.Equal(("states-unknown", false), (unknown.Verdict, unknown.IsGood));
        Assert.Contains("n2 does not answer", CheckReport.ToText(unknown), StringComparison.Ordinal);
        CheckSummary undecided = good with { Result = good.Result with { Verdict = Verdict.GaveUp, KeysGivenUp = ["k"] } };
        Assert.Equal(("undecided", false), (undecided.Verdict, undecided.IsGood));
        Assert.Contains("given up for k", CheckReport.ToPage(undecided), StringComparison.Ordinal);
    }

    [Fact]
    public void Faults_AskedForAndNotDone_AreMissedInTheVerdict()
    {
        CheckSummary calm = Summary([Put("a", 1)], 2) with { Faults = [] };

        Assert.Equal(("linearizable", true), (calm.Verdict, calm.IsGood));
        Assert.StartsWith("linearizable, and all nodes hold the same state; but no fault that was asked for was done\n", CheckReport.ToText(calm), StringComparison.Ordinal);
        Assert.Contains("same state; but no fault that was asked for was done</span></h1>", CheckReport.ToPage(calm), StringComparison.Ordinal);
        Assert.Contains("None of the faults that were asked for was done: pause.", CheckReport.ToJson(calm), StringComparison.Ordinal);
        CheckSummary unasked = calm with { Options = calm.Options with { Faults = [] } };
        Assert.DoesNotContain("fault that was asked", CheckReport.ToText(unasked), StringComparison.Ordinal);
    }

    [Fact]
    public void Json_OfABadRun_NamesTheBadPiece()
    {
        Operation stale = Put("x", 6) with { Kind = OperationKind.Get, Value = "a", InvokedAt = 6 * Second, Changed = false };
        JsonElement json = JsonSerializer.Deserialize<JsonElement>(CheckReport.ToJson(Summary([Put("a", 1), Put("b", 3), stale], 10)));
        Assert.Equal("not-linearizable", json.GetProperty("verdict").GetString());
        Assert.Contains("found «a»", json.GetProperty("violations")[0].GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Equal(3, json.GetProperty("operations").GetInt32());
    }

    private static Operation Put(string value, int second) => new()
    {
        Client = 1,
        Kind = OperationKind.Put,
        Key = "k",
        Value = value,
        InvokedAt = (second * Second) - 1000,
        AnsweredAt = second * Second,
        Outcome = OperationOutcome.Ok,
        Changed = true,
    };

    private static CheckSummary Summary(Operation[] history, int seconds) => new CheckSummary
    {
        Options = new CheckRunOptions { Duration = TimeSpan.FromSeconds(seconds), Faults = [FaultKind.Pause], Seed = 1, Clients = 1, Keys = 1, Rate = 0, RequestTimeout = TimeSpan.FromSeconds(2), ReportPath = "r.html", Prefix = "check/x/", CommandLine = "kvctl check --report <x>" },
        Nodes = [new CheckNode("<n1>", new Uri("http://127.0.0.1:1"))],
        Version = "0",
        StartedUtc = DateTime.UnixEpoch,
        DrivenUs = seconds * Second,
        History = history,
        Faults = [new FaultSpan(FaultKind.Pause, "<n1>", 2 * Second, 4 * Second)],
        Result = LinearizabilityChecker.Check(history),
        States = new StateComparison(true, 7, new Dictionary<string, string> { ["<n1>"] = "aa" }, null),
        Troubles = [],
    }.WithGap();
}
