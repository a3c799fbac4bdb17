using System.Globalization;
using System.Text;

namespace RaftStore.Verification.Pages;

/// <summary>Draws the operations of a bad piece, a lane for each client, among what else happened to the key at that time.</summary>
internal sealed class HistoryDrawing
{
    /// <summary>Operations beside the piece: enough to see what went on, few enough to be seen.</summary>
    private const int OthersMax = 160;

    /// <summary>Pieces longer than this are cut in the drawing; the sentences tell them.</summary>
    private const int PieceMax = 240;

    private const double Left = 92;
    private const double Width = 1000;
    private const double RowHeight = 25;
    private const double BarHeight = 19;
    private const double Top = 30;

    private readonly List<Bar> _bars = [];
    private readonly SortedDictionary<int, (double Y, int Rows)> _lanes = [];
    private readonly BrokenTime _time;
    private readonly long _unitsPerSecond;
    private readonly string _key;
    private readonly double _height;

    private HistoryDrawing(Violation violation, IReadOnlyList<Operation> history, long unitsPerSecond)
    {
        _unitsPerSecond = unitsPerSecond;
        _key = violation.Key;
        Operation[] piece = [.. violation.Piece.Take(PieceMax)];
        long lastEnd = piece.Max(operation => operation.Outcome == OperationOutcome.Unknown ? operation.InvokedAt : operation.AnsweredAt);
        long End(Operation operation) => operation.Outcome == OperationOutcome.Unknown ? Math.Max(lastEnd, operation.InvokedAt) : operation.AnsweredAt;
        _time = new BrokenTime(piece.Select(operation => (operation.InvokedAt, operation.Outcome == OperationOutcome.Unknown ? operation.InvokedAt : End(operation))), Left, Width);
        HashSet<Operation> pieceSet = new(piece, ReferenceEqualityComparer.Instance);
        IEnumerable<Operation> others = history
            .Where(operation => operation.Covers(violation.Key) && !pieceSet.Contains(operation) && operation.Outcome != OperationOutcome.NotApplied && _time.Shows(operation.InvokedAt, operation.Outcome == OperationOutcome.Unknown ? operation.InvokedAt : End(operation)))
            .OrderBy(operation => piece.Min(one => Math.Abs(one.InvokedAt - operation.InvokedAt)))
            .Take(OthersMax);
        foreach (Operation operation in piece)
        {
            _bars.Add(new Bar(operation, _bars.Count + 1, _time.X(operation.InvokedAt), _time.X(End(operation))));
        }

        _bars.AddRange(others.Select(operation => new Bar(operation, 0, _time.X(operation.InvokedAt), _time.X(End(operation)))));
        _height = LayOut();
    }

    /// <summary>The drawing as one SVG element.</summary>
    public static string Svg(Violation violation, IReadOnlyList<Operation> history, long unitsPerSecond) => new HistoryDrawing(violation, history, unitsPerSecond).Draw();

    /// <summary>Gives each client a lane, and within it as many rows as it had operations at the same time.</summary>
    private double LayOut()
    {
        double y = Top;
        foreach (IGrouping<int, Bar> lane in _bars.GroupBy(bar => bar.Operation.Client).OrderBy(lane => lane.Key))
        {
            List<double> ends = [];
            foreach (Bar bar in lane.OrderBy(bar => bar.X))
            {
                int row = ends.FindIndex(end => end <= bar.X);
                if (row < 0)
                {
                    row = ends.Count;
                    ends.Add(0);
                }

                ends[row] = bar.Right + 3;
                bar.Y = y + 4 + (row * RowHeight);
            }

            _lanes[lane.Key] = (y, ends.Count);
            y += (ends.Count * RowHeight) + 10;
        }

        return y;
    }

    private string Draw()
    {
        StringBuilder svg = new();
        double width = _time.Right + 14;
        svg.Append(CultureInfo.InvariantCulture, $"<svg width=\"{Html.Number(width)}\" height=\"{Html.Number(_height + 8)}\" role=\"img\" aria-label=\"The operations over time\">\n");
        foreach ((int client, (double y, int rows)) in _lanes)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"lane\" x=\"0\" y=\"{Html.Number(y)}\" width=\"{Html.Number(width)}\" height=\"{Html.Number((rows * RowHeight) + 5)}\" rx=\"5\"/><text class=\"soft\" x=\"10\" y=\"{Html.Number(y + 18)}\">client {client}</text>\n");
        }

        DrawTime(svg);
        foreach (Bar bar in _bars.OrderBy(bar => bar.Number))
        {
            DrawBar(svg, bar);
        }

        return svg.Append("</svg>").ToString();
    }

    private void DrawTime(StringBuilder svg)
    {
        for (int i = 0; i < _time.Stretches.Count; i++)
        {
            (long from, long to, double x, double width) = _time.Stretches[i];
            int marks = Math.Max(1, (int)(width / 130));
            for (int mark = 0; mark <= marks; mark++)
            {
                double at = x + (width * mark / marks);
                long time = from + ((to - from) * mark / marks);
                svg.Append(CultureInfo.InvariantCulture, $"<line class=\"rule\" x1=\"{Html.Number(at)}\" x2=\"{Html.Number(at)}\" y1=\"{Html.Number(Top - 6)}\" y2=\"{Html.Number(_height)}\"/>");
                if (mark < marks)
                {
                    svg.Append(CultureInfo.InvariantCulture, $"<text class=\"soft\" x=\"{Html.Number(at)}\" y=\"16\">{Html.Escape(Label(time))}</text>");
                }
            }

            if (i > 0)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<line class=\"cut\" x1=\"{Html.Number(x - 23)}\" x2=\"{Html.Number(x - 23)}\" y1=\"4\" y2=\"{Html.Number(_height)}\"/>");
            }
        }

        svg.Append('\n');
    }

    private string Label(long time) => _unitsPerSecond <= 0
        ? time.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{time / (double)_unitsPerSecond:0.0000} s");

    private void DrawBar(StringBuilder svg, Bar bar)
    {
        Operation operation = bar.Operation;
        string kind = operation.Outcome switch
        {
            OperationOutcome.Unknown => "unknown",
            OperationOutcome.NotApplied => "dropped",
            _ => operation.IsWrite && !operation.Changed ? "refused" : "ok",
        };
        double width = Math.Max(5, bar.Right - bar.X);
        string tip = bar.Number > 0 ? $"{bar.Number}. {Wording.Tell(operation, _unitsPerSecond, _key)}" : Wording.Tell(operation, _unitsPerSecond, _key);
        svg.Append(CultureInfo.InvariantCulture, $"<g><title>{Html.Escape(tip)}</title><rect class=\"bar {kind}{(bar.Number > 0 ? " piece" : string.Empty)}\" x=\"{Html.Number(bar.X)}\" y=\"{Html.Number(bar.Y)}\" width=\"{Html.Number(width)}\" height=\"{BarHeight}\" rx=\"4\"/>");
        string text = bar.Number > 0 ? $"{bar.Number}  {Caption(operation)}" : Caption(operation);
        int fits = (int)((width - 8) / 6.6);
        if (bar.Number > 0 || fits >= text.Length)
        {
            text = fits >= text.Length ? text : fits >= 4 ? text[..(fits - 1)] + "…" : bar.Number.ToString(CultureInfo.InvariantCulture);
            bool isInside = fits >= text.Length;
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"{(!isInside ? "tag" : bar.Number > 0 ? "in" : "beside")}\" x=\"{Html.Number(isInside ? bar.X + 5 : bar.X + width + 3)}\" y=\"{Html.Number(bar.Y + 14)}\">{Html.Escape(text)}</text>");
        }

        svg.Append("</g>\n");
    }

    private string Caption(Operation operation) => operation.Kind switch
    {
        OperationKind.Get => operation.Value is null ? "read: none" : $"read {Wording.Short(operation.Value)}",
        OperationKind.Put => $"write {Wording.Short(operation.Value!)}",
        OperationKind.Delete => "delete",
        OperationKind.Range => $"list: {(Wording.Seen(operation, _key) is { } item ? Wording.Short(item.Value) : "none")}",
        OperationKind.DeleteRange => "delete range",
        _ => throw new ArgumentOutOfRangeException(nameof(operation), operation.Kind, null),
    };

    /// <summary>An operation as it is drawn. The number is its place in the piece, 0 for what is not of it.</summary>
    private sealed class Bar(Operation operation, int number, double x, double right)
    {
        public Operation Operation { get; } = operation;

        public int Number { get; } = number;

        public double X { get; } = x;

        public double Right { get; } = Math.Max(right, x + 5);

        public double Y { get; set; }
    }
}
