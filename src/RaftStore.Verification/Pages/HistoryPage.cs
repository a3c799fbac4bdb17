using System.Globalization;
using System.Text;

namespace RaftStore.Verification.Pages;

/// <summary>The result of a check as a page: one file, no script, nothing from elsewhere.</summary>
public static class HistoryPage
{
    /// <summary>As many operations as a violation tells one by one.</summary>
    private const int ToldMax = Search.DeadEnd.OrderMax;

    /// <summary>A section for each violation: the drawing, the operations in sentences, and why no order explains them. For a page with <see cref="PageStyle"/>.</summary>
    /// <param name="unitsPerSecond">How many units of the history's clock make a second; 0 where it is no time.</param>
    public static string Sections(CheckResult result, IReadOnlyList<Operation> history, long unitsPerSecond)
    {
        ArgumentNullException.ThrowIfNull(result);
        StringBuilder html = new();
        foreach (Violation violation in result.Violations)
        {
            html.Append(CultureInfo.InvariantCulture, $"<section><h2>{Html.Escape(violation.Title)}</h2>\n");
            html.Append(violation.IsShortest ? "<p class=\"soft\">None of the marked operations can be left out.</p>\n" : "<p class=\"soft\">The time for shortening ran out: some of the marked operations may not be needed.</p>\n");
            html.Append("<div class=\"scroll\">").Append(HistoryDrawing.Svg(violation, history, unitsPerSecond)).Append("</div>\n").Append(Legend);
            int told = Math.Min(violation.Piece.Count, ToldMax);
            html.Append("<ol class=\"told\">");
            foreach (string sentence in violation.Sentences.Take(told))
            {
                html.Append(CultureInfo.InvariantCulture, $"<li>{Html.Escape(sentence)}</li>");
            }

            html.Append("</ol>\n");
            foreach (string sentence in violation.Sentences.Skip(told))
            {
                html.Append(CultureInfo.InvariantCulture, $"<p class=\"why\">{Html.Escape(sentence)}</p>");
            }

            html.Append("</section>\n");
        }

        return html.ToString();
    }

    /// <summary>A whole page.</summary>
    /// <param name="title">What was checked, in a few words.</param>
    /// <param name="unitsPerSecond">How many units of the history's clock make a second; 0 where it is no time.</param>
    public static string Write(string title, CheckResult result, IReadOnlyList<Operation> history, long unitsPerSecond)
    {
        ArgumentNullException.ThrowIfNull(result);
        (string css, string words) = result.Verdict switch
        {
            Verdict.Linearizable => (string.Empty, "linearizable"),
            Verdict.NotLinearizable => (" bad", "not linearizable"),
            Verdict.GaveUp => (" open", "not decided"),
            _ => throw new ArgumentOutOfRangeException(nameof(result), result.Verdict, null),
        };
        string givenUp = result.KeysGivenUp.Count == 0 ? string.Empty : $"<p>Given up for {Html.Escape(string.Join(", ", result.KeysGivenUp.Take(10)))}.</p>";
        string body = string.Create(CultureInfo.InvariantCulture, $"""
            <section class="verdict{css}"><h1>{Html.Escape(title)}: <span>{words}</span></h1>
            <p class="soft">{result.Operations} operations on {result.Keys} keys, {result.Steps} steps in {result.Elapsed.TotalSeconds:0.0} s</p>{givenUp}</section>
            {Sections(result, history, unitsPerSecond)}
            """);
        return Frame(title, body);
    }

    /// <summary>A page around a body.</summary>
    public static string Frame(string title, string body) => $"""
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>{Html.Escape(title)}</title>
        <style>
        {PageStyle.Css}
        </style></head><body><main>
        {body}
        </main></body></html>

        """;

    private const string Legend = """
        <div class="legend"><span><i style="background:var(--ok)"></i>answered</span><span><i style="background:var(--refused)"></i>refused by its condition, or nothing to delete</span>
        <span><i style="background:var(--unknown)"></i>outcome unknown</span><span><i style="border:2px solid var(--bad)"></i>cannot be explained together; the rest is what happened around them</span></div>
        """;
}
