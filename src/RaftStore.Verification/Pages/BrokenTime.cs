namespace RaftStore.Verification.Pages;

/// <summary>A time axis that shows the stretches in which something happens and cuts out the rest: a stale read may lie minutes behind the
/// write that it should have seen, and both take a millisecond.</summary>
internal sealed class BrokenTime
{
    private const double CutWidth = 46;
    private const double StretchWidthMin = 150;

    private readonly List<(long From, long To, double X, double Width)> _stretches = [];

    /// <param name="spans">What must be seen, none of it reversed; at least one.</param>
    /// <param name="width">The width to fill, where it suffices.</param>
    public BrokenTime(IEnumerable<(long From, long To)> spans, double left, double width)
    {
        List<(long From, long To)> merged = Merge([.. spans.OrderBy(span => span.From)]);
        double spare = Math.Max(0, width - (merged.Count * StretchWidthMin) - ((merged.Count - 1) * CutWidth));
        double total = merged.Sum(span => (double)(span.To - span.From));
        double x = left;
        foreach ((long from, long to) in merged)
        {
            double own = StretchWidthMin + (total > 0 ? spare * (to - from) / total : spare / merged.Count);
            _stretches.Add((from, to, x, own));
            x += own + CutWidth;
        }

        Right = x - CutWidth;
    }

    /// <summary>Where the last stretch ends.</summary>
    public double Right { get; }

    /// <summary>Every stretch, with where it is drawn.</summary>
    public IReadOnlyList<(long From, long To, double X, double Width)> Stretches => _stretches;

    /// <summary>Whether some of the span is drawn.</summary>
    public bool Shows(long from, long to) => _stretches.Exists(stretch => from <= stretch.To && to >= stretch.From);

    /// <summary>Where a time is drawn; one that is cut out lies at the cut.</summary>
    public double X(long time)
    {
        foreach ((long from, long to, double x, double width) in _stretches)
        {
            if (time <= to)
            {
                return time <= from ? x : x + (width * ((double)(time - from) / (to - from)));
            }
        }

        return Right;
    }

    /// <summary>Brings together what lies closer than the longest of it takes, and gives every stretch some room around it.</summary>
    private static List<(long From, long To)> Merge(List<(long From, long To)> spans)
    {
        long longest = Math.Max(1, spans.Max(span => span.To - span.From));
        long room = Math.Max(1, longest / 4);
        List<(long From, long To)> merged = [];
        foreach ((long from, long to) in spans)
        {
            (long From, long To) padded = (from - room, to + room);
            if (merged.Count > 0 && padded.From - merged[^1].To <= longest)
            {
                merged[^1] = (merged[^1].From, Math.Max(merged[^1].To, padded.To));
            }
            else
            {
                merged.Add(padded);
            }
        }

        return merged;
    }
}
