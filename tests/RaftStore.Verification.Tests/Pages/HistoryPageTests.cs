using System.Text.RegularExpressions;
using System.Xml.Linq;
using RaftStore.Verification.Pages;
using RaftStore.Verification.Tests.Support;
using static RaftStore.Verification.Tests.Support.Histories;

namespace RaftStore.Verification.Tests.Pages;

public sealed class HistoryPageTests
{
    private const string Rude = "<script>alert('x')</script>\"&\u0001\u202e";

    private static readonly Operation[] Stale =
    [
        Put(1, "k", "a", 0, 1_000), Put(1, "k", "b", 2_000, 3_000), Get(2, "k", "a", 9_000_000, 9_000_800), Put(1, "k", "c", 9_001_000, 9_002_000), PutUnknown(3, "k", "d", 2_500), Get(2, "other", null, 10, 20),
    ];

    [Fact]
    public void Page_OfABadHistory_MarksThePieceAndTellsIt()
    {
        CheckResult result = Check(Stale);
        string page = HistoryPage.Write("A try", result, Stale, 1_000_000);

        Assert.Contains("<span>not linearizable</span>", page, StringComparison.Ordinal);
        Assert.Equal(result.Violations[0].Piece.Count, Regex.Count(page, "class=\"bar \\w+ piece\""));
        Assert.Contains("client 2 reads «k»: found «a».</li>", page, StringComparison.Ordinal);
        Assert.Contains("The order that goes furthest", page, StringComparison.Ordinal);
        Assert.Equal(3, Regex.Count(page, ">client \\d</text>"));
    }

    [Fact]
    public void Page_OfAGoodHistory_SaysSo()
    {
        Operation[] history = [Put(1, "k", "a", 0, 1), Get(2, "k", "a", 2, 3)];
        string page = HistoryPage.Write("A try", Check(history), history, 0);
        Assert.Contains("A try: <span>linearizable</span>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<svg", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Page_OfASearchGivenUp_NamesTheKey()
    {
        Operation[] history = [.. Enumerable.Range(0, 10).Select(i => Put(i, Rude, $"v{i}", 0, 100)), Get(1, Rude, "v3", 101, 102), Get(1, Rude, "v4", 103, 104)];
        string page = HistoryPage.Write("A try", LinearizabilityChecker.Check(history, new CheckOptions { StepsMax = 5 }), history, 0);
        Assert.Contains("<span>not decided</span>", page, StringComparison.Ordinal);
        Assert.Contains("Given up for &lt;script&gt;", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Page_KeysValuesAndTitle_AreEscapedAndNothingComesFromElsewhere()
    {
        Operation[] history = [Put(1, Rude, Rude + "1", 0, 1), Put(1, Rude, Rude + "2", 2, 3), Get(2, Rude, Rude + "1", 4, 5)];
        string page = HistoryPage.Write(Rude, Check(history), history, 0);
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("\u0001", page, StringComparison.Ordinal);
        Assert.DoesNotContain("://", page, StringComparison.Ordinal);
        Assert.DoesNotContain("url(", page, StringComparison.Ordinal);
        Assert.DoesNotContain("@import", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Drawing_IsWellFormed_AndItsBarsLieWithinIt()
    {
        XElement svg = XElement.Parse(HistoryDrawing.Svg(Check(Stale).Violations[0], Stale, 1_000_000));
        double width = (double)svg.Attribute("width")!;
        double height = (double)svg.Attribute("height")!;
        XElement[] bars = [.. svg.Descendants("rect").Where(rect => rect.Attribute("class")!.Value.StartsWith("bar", StringComparison.Ordinal))];
        Assert.True(bars.Length >= 3);
        Assert.All(bars, bar =>
        {
            Assert.InRange((double)bar.Attribute("x")!, 0, width - (double)bar.Attribute("width")!);
            Assert.InRange((double)bar.Attribute("y")!, 0, height - (double)bar.Attribute("height")!);
        });

        // Nine seconds lie between the two writes and the stale read: the axis is cut there.
        Assert.Equal(1, svg.Descendants("line").Count(line => line.Attribute("class")!.Value == "cut"));
    }

    [Fact]
    public void Page_OfALargeHistory_ShowsThePieceWithItsSurroundingsOnly()
    {
        List<Operation> history = SimulatedStore.Draw(new SimulatedLoad(16, 2, 20_000, 91, TellsRevisions: true), new Random(3));
        int index = history.FindIndex(15_000, operation => operation is { Kind: OperationKind.Get, Value: not null });
        Operation old = history.First(operation => operation.Kind == OperationKind.Get && operation.Value is not null && operation.Key == history[index].Key);
        history[index] = history[index] with { Value = old.Value, ModRevision = old.ModRevision };
        string page = HistoryPage.Write("A try", LinearizabilityChecker.Check(history), history, 0);
        Assert.InRange(Regex.Count(page, "class=\"bar "), 2, 410);
        Assert.InRange(page.Length, 1_000, 300_000);
    }
}
