using System.Globalization;
using System.Text;
using RaftStore.Kvctl.Output;
using RaftStore.Verification;
using RaftStore.Verification.Pages;

namespace RaftStore.Kvctl.Check;

/// <summary>Tells what a run came to: as a page, as text, as JSON.</summary>
internal static class CheckReport
{
    private const int FaultsMax = 200;

    /// <summary>The page: one file, no script, nothing from elsewhere.</summary>
    public static string ToPage(CheckSummary summary)
    {
        StringBuilder body = new();
        string css = summary.IsGood ? string.Empty : summary.Verdict is "undecided" or "states-unknown" ? " open" : " bad";
        body.Append(CultureInfo.InvariantCulture, $"<section class=\"verdict{css}\"><h1>Game day: <span>{Html.Escape(Words(summary))}</span></h1>\n");
        body.Append(CultureInfo.InvariantCulture, $"<p class=\"soft\">{summary.StartedUtc:yyyy-MM-dd HH:mm:ss} UTC, {summary.Nodes.Count} {(summary.Nodes.Count == 1 ? "node" : "nodes")}, {summary.Options.Clients} clients, {summary.DrivenUs / 1e6:0.0} s</p>\n<div class=\"facts\">");
        foreach ((string value, string label) in Facts(summary))
        {
            body.Append(CultureInfo.InvariantCulture, $"<div><b>{Html.Escape(value)}</b><span>{Html.Escape(label)}</span></div>");
        }

        body.Append("</div>\n");
        foreach (string trouble in Troubles(summary))
        {
            body.Append(CultureInfo.InvariantCulture, $"<p class=\"why\">{Html.Escape(trouble)}</p>");
        }

        body.Append("</section>\n").Append(HistoryPage.Sections(summary.Result, summary.History, CheckRun.UnitsPerSecond));
        body.Append("<section><h2>Over time</h2>").Append(CheckCharts.Svg(summary));
        body.Append("<div class=\"legend\"><span><i style=\"background:var(--ok)\"></i>answered</span><span><i style=\"background:var(--dropped)\"></i>certainly not applied</span><span><i style=\"background:var(--unknown)\"></i>outcome unknown</span><span><i style=\"background:var(--fault)\"></i>a fault was there</span></div></section>\n");
        AppendOutcomes(body, summary);
        AppendFaults(body, summary);
        AppendStates(body, summary);
        AppendHow(body, summary);
        return HistoryPage.Frame($"RaftStore check: {Words(summary)}", body.ToString());
    }

    /// <summary>The result for a person, a line each.</summary>
    public static string ToText(CheckSummary summary)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{Words(summary)}\n");
        foreach ((string value, string label) in Facts(summary))
        {
            text.Append(CultureInfo.InvariantCulture, $"  {label}: {value}\n");
        }

        foreach (string trouble in Troubles(summary))
        {
            text.Append(CultureInfo.InvariantCulture, $"  {Escape.Line(trouble)}\n");
        }

        foreach (Violation violation in summary.Result.Violations)
        {
            text.Append('\n').Append(string.Join('\n', violation.Sentences.Select(Escape.Line))).Append('\n');
        }

        return text.Append(CultureInfo.InvariantCulture, $"Report: {summary.Options.ReportPath}\n").ToString();
    }

    /// <summary>The result for a script, on one line.</summary>
    public static string ToJson(CheckSummary summary) => Json.Write(json =>
    {
        json.WriteString("verdict", summary.Verdict);
        json.WriteNumber("operations", summary.History.Count);
        json.WriteNumber("answered", summary.CountOf(OperationOutcome.Ok));
        json.WriteNumber("notApplied", summary.CountOf(OperationOutcome.NotApplied));
        json.WriteNumber("unknown", summary.CountOf(OperationOutcome.Unknown));
        json.WriteNumber("keys", summary.Result.Keys);
        json.WriteNumber("drivenMs", summary.DrivenUs / 1000);
        json.WriteNumber("longestWithoutWriteMs", (summary.LongestGap.ToUs - summary.LongestGap.FromUs) / 1000);
        json.WriteNumber("checkMs", (long)summary.Result.Elapsed.TotalMilliseconds);
        json.WriteNumber("faults", summary.Faults.Count);
        json.WriteNumber("seed", summary.Options.Seed);
        json.WriteStartObject("stateHash");
        json.WriteNumber("index", summary.States.Index);
        foreach ((string node, string hash) in summary.States.Hashes)
        {
            json.WriteString(node, hash);
        }

        json.WriteEndObject();
        json.WriteStartArray("violations");
        foreach (Violation violation in summary.Result.Violations)
        {
            json.WriteStartObject();
            json.WriteString("key", violation.Key);
            json.WriteString("title", violation.Title);
            json.WriteString("text", violation.Text);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("troubles");
        foreach (string trouble in Troubles(summary))
        {
            json.WriteStringValue(trouble);
        }

        json.WriteEndArray();
        json.WriteString("report", summary.Options.ReportPath);
    });

    /// <summary>The verdict; that it was reached without the faults that were asked for belongs to it.</summary>
    private static string Words(CheckSummary summary) => VerdictWords(summary) + (summary.LacksFaults ? "; but no fault that was asked for was done" : string.Empty);

    private static string VerdictWords(CheckSummary summary) => summary.Verdict switch
    {
        "linearizable" => summary.LeftOut.Count == 0 ? "linearizable, and all nodes hold the same state" : "linearizable, and all voters hold the same state",
        "not-linearizable" => "not linearizable",
        "undecided" => "not decided: the search was given up",
        "states-differ" => "the nodes hold different states",
        "states-unknown" => "linearizable, but the nodes could not be compared",
        _ => throw new ArgumentOutOfRangeException(nameof(summary), summary.Verdict, null),
    };

    private static IEnumerable<(string Value, string Label)> Facts(CheckSummary summary)
    {
        int answered = summary.CountOf(OperationOutcome.Ok);
        double seconds = Math.Max(0.001, summary.DrivenUs / 1e6);
        yield return (Number(summary.History.Count), "operations");
        yield return (Number((long)(answered / seconds)), "answered a second");
        yield return (string.Create(CultureInfo.InvariantCulture, $"{100.0 * answered / Math.Max(1, summary.History.Count):0.00} %"), "answered");
        yield return (Number(summary.CountOf(OperationOutcome.Unknown)), "of unknown outcome");
        yield return (Number(summary.Faults.Count), "faults");
        yield return ($"{Number((summary.LongestGap.ToUs - summary.LongestGap.FromUs) / 1000)} ms", "longest without a write");
        yield return (summary.States.AreEqual switch { true => "equal", false => "different", null => "not compared" }, "state hashes");
        yield return (string.Create(CultureInfo.InvariantCulture, $"{summary.Result.Elapsed.TotalSeconds:0.0} s"), "to check the history");
    }

    private static IEnumerable<string> Troubles(CheckSummary summary)
    {
        if (summary.Result.KeysGivenUp.Count > 0)
        {
            yield return $"The search was given up for {string.Join(", ", summary.Result.KeysGivenUp.Take(10))}: nothing is known about {(summary.Result.KeysGivenUp.Count == 1 ? "it" : "them")}.";
        }

        if (summary.States.Trouble is { } trouble)
        {
            yield return $"The states could not be compared: {trouble}.";
        }

        if (summary.LacksFaults)
        {
            yield return $"None of the faults that were asked for was done: {string.Join(", ", summary.Options.Faults.Distinct().Select(fault => fault.ToString().ToLowerInvariant()))}.";
        }

        foreach (CheckLeftOut member in summary.LeftOut)
        {
            yield return $"{member.Words}.";
        }

        foreach (string one in summary.Troubles)
        {
            yield return one;
        }
    }

    private static void AppendOutcomes(StringBuilder body, CheckSummary summary)
    {
        body.Append("<section><h2>Operations</h2><div class=\"scroll\"><table><tr><th>what</th><th class=\"n\">answered</th><th class=\"n\">of these refused by their condition</th><th class=\"n\">not applied</th><th class=\"n\">unknown</th><th class=\"n\">median</th><th class=\"n\">99 of 100</th></tr>");
        foreach (IGrouping<string, Operation> group in summary.History.GroupBy(NameOf).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            long[] latencies = [.. group.Where(operation => operation.Outcome == OperationOutcome.Ok).Select(operation => operation.AnsweredAt - operation.InvokedAt).Order()];
            string At(double share) => latencies.Length == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{latencies[(int)Math.Min(latencies.Length - 1, latencies.Length * share)] / 1000.0:0.0} ms");
            int refused = group.Count(operation => operation.Outcome == OperationOutcome.Ok && operation.IsWrite && !operation.Changed);
            body.Append(CultureInfo.InvariantCulture, $"<tr><td>{group.Key}</td><td class=\"n\">{Number(latencies.Length)}</td><td class=\"n\">{(refused > 0 ? Number(refused) : "")}</td><td class=\"n\">{Number(group.Count(operation => operation.Outcome == OperationOutcome.NotApplied))}</td><td class=\"n\">{Number(group.Count(operation => operation.Outcome == OperationOutcome.Unknown))}</td><td class=\"n\">{At(0.5)}</td><td class=\"n\">{At(0.99)}</td></tr>");
        }

        body.Append("</table></div></section>\n");
    }

    private static string NameOf(Operation operation) => (operation.Kind, operation.Condition.IsNone, operation.AtRevision >= 0) switch
    {
        (OperationKind.Get, _, true) => "get at a past revision",
        (OperationKind.Get, _, _) => "get",
        (OperationKind.Range, _, true) => "list at a past revision",
        (OperationKind.Range, _, _) => "list",
        (OperationKind.Put, true, _) => "put",
        (OperationKind.Put, _, _) => "put with a condition",
        (OperationKind.Delete, true, _) => "delete",
        (OperationKind.Delete, _, _) => "delete with a condition",
        _ => throw new ArgumentOutOfRangeException(nameof(operation), operation.Kind, null),
    };

    private static void AppendFaults(StringBuilder body, CheckSummary summary)
    {
        if (summary.Faults.Count == 0)
        {
            return;
        }

        body.Append("<section><h2>What was done to the nodes</h2><div class=\"scroll\"><table><tr><th>fault</th><th>nodes</th><th class=\"n\">from</th><th class=\"n\">to</th></tr>");
        foreach (FaultSpan fault in summary.Faults.Take(FaultsMax))
        {
            body.Append(CultureInfo.InvariantCulture, $"<tr><td>{fault.Kind.ToString().ToLowerInvariant()}</td><td>{Html.Escape(fault.What)}</td><td class=\"n\">{fault.FromUs / 1e6:0.0} s</td><td class=\"n\">{fault.ToUs / 1e6:0.0} s</td></tr>");
        }

        body.Append("</table></div>");
        body.Append(summary.Faults.Count > FaultsMax ? $"<p class=\"soft\">And {summary.Faults.Count - FaultsMax} more.</p>" : string.Empty).Append("</section>\n");
    }

    private static void AppendStates(StringBuilder body, CheckSummary summary)
    {
        if (summary.States.Hashes.Count == 0)
        {
            return;
        }

        body.Append(CultureInfo.InvariantCulture, $"<section><h2>State hashes at index {summary.States.Index}</h2><div class=\"scroll\"><table>");
        foreach ((string node, string hash) in summary.States.Hashes)
        {
            body.Append(CultureInfo.InvariantCulture, $"<tr><td>{Html.Escape(node)}</td><td><code>{Html.Escape(hash)}</code></td></tr>");
        }

        body.Append("</table></div></section>\n");
    }

    private static void AppendHow(StringBuilder body, CheckSummary summary)
    {
        CheckRunOptions options = summary.Options;
        body.Append(CultureInfo.InvariantCulture, $"<section><h2>How it was run</h2><pre>{Html.Escape(options.CommandLine)}</pre>");
        body.Append(CultureInfo.InvariantCulture, $"<p>Seed {options.Seed}, {options.Keys} registers, keys under <code>{Html.Escape(options.Prefix)}</code>; a request was given up after {options.RequestTimeout.TotalMilliseconds:0} ms. Server version {Html.Escape(summary.Version ?? "unknown")}. {Environment.ProcessorCount} processors.</p><p>");
        body.Append(string.Join("<br>", summary.Nodes.Select(node => $"{Html.Escape(node.Name)} <code>{Html.Escape(node.Endpoint.ToString())}</code>")));
        body.Append(CultureInfo.InvariantCulture, $"</p><p class=\"soft\">{summary.Result.Keys} keys, {summary.Result.Steps} steps of the search, {summary.Result.Pruned} writes of unknown outcome left out because nothing depends on them. Seeds decide what is drawn; the machine decides when, so a seed does not replay a run.</p></section>\n");
    }

    private static string Number(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);
}
