using System.Globalization;
using System.Text;
using RaftStore.Verification;
using RaftStore.Verification.Pages;

namespace RaftStore.Kvctl.Check;

/// <summary>Draws what the clients saw over time, above what was done to the nodes: three charts with one time axis.</summary>
internal sealed class CheckCharts
{
    private const int BucketsMax = 240;
    private const double Left = 62;
    private const double Width = 1060;
    private const double RateTop = 26;
    private const double RateHeight = 150;
    private const double LatencyTop = 214;
    private const double LatencyHeight = 130;
    private const double FaultTop = 372;
    private const double FaultRow = 22;

    private readonly CheckSummary _summary;
    private readonly long _bucketUs;
    private readonly Bucket[] _buckets;

    private CheckCharts(CheckSummary summary)
    {
        _summary = summary;
        long second = CheckRun.UnitsPerSecond;
        long length = Math.Max(second, summary.DrivenUs);
        _bucketUs = Math.Max(second / 2, ((length / BucketsMax / second) + (length > BucketsMax * second ? 1 : 0)) * second);
        _buckets = new Bucket[(int)((length + _bucketUs - 1) / _bucketUs)];
        for (int i = 0; i < _buckets.Length; i++)
        {
            _buckets[i] = new Bucket();
        }

        foreach (Operation operation in summary.History.Where(operation => operation.AnsweredAt < summary.DrivenUs))
        {
            _buckets[(int)(operation.AnsweredAt / _bucketUs)].Add(operation);
        }
    }

    /// <summary>The charts as one SVG element.</summary>
    public static string Svg(CheckSummary summary) => new CheckCharts(summary).Draw();

    private string Draw()
    {
        FaultKind[] kinds = [.. _summary.Faults.Select(fault => fault.Kind).Distinct().Order()];
        double bottom = FaultTop + (kinds.Length * FaultRow);
        StringBuilder svg = new();
        svg.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Left + Width + 24} {bottom + 26}\" width=\"100%\" role=\"img\" aria-label=\"Operations, latency and faults over time\">\n");
        foreach (FaultSpan fault in _summary.Faults)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<rect fill=\"var(--fault)\" opacity=\".10\" x=\"{N(X(fault.FromUs))}\" y=\"{RateTop}\" width=\"{N(X(fault.ToUs) - X(fault.FromUs))}\" height=\"{N(bottom - RateTop)}\"/>");
        }

        DrawAxis(svg, bottom);
        DrawRate(svg);
        DrawLatency(svg);
        DrawFaults(svg, kinds);
        return svg.Append("</svg>").ToString();
    }

    private void DrawAxis(StringBuilder svg, double bottom)
    {
        double seconds = _summary.DrivenUs / (double)CheckRun.UnitsPerSecond;
        double step = new double[] { 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200 }.First(step => seconds / step <= 14 || step >= 7200);
        for (double at = 0; at <= seconds; at += step)
        {
            double x = X((long)(at * CheckRun.UnitsPerSecond));
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"rule\" x1=\"{N(x)}\" x2=\"{N(x)}\" y1=\"{RateTop}\" y2=\"{N(bottom)}\"/><text class=\"soft\" x=\"{N(x)}\" y=\"{N(bottom + 18)}\" text-anchor=\"middle\">{N(at)} s</text>");
        }
    }

    private void DrawRate(StringBuilder svg)
    {
        double perSecond = CheckRun.UnitsPerSecond / (double)_bucketUs;
        double most = Math.Max(1, _buckets.Max(bucket => bucket.Total)) * perSecond;
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"14\" class=\"tag\">Operations a second</text>");
        Grid(svg, RateTop, RateHeight, [(0, "0"), (0.5, N(Math.Round(most / 2))), (1, N(Math.Round(most)))]);
        double width = Math.Max(1, (Width / _buckets.Length) - 0.6);
        for (int i = 0; i < _buckets.Length; i++)
        {
            double y = RateTop + RateHeight;
            foreach ((int count, string color, string word) in new[] { (_buckets[i].Ok, "ok", "answered"), (_buckets[i].NotApplied, "dropped", "not applied"), (_buckets[i].Unknown, "unknown", "unknown") })
            {
                double height = RateHeight * count * perSecond / most;
                if (count > 0)
                {
                    y -= height;
                    svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"{color}\" x=\"{N(Left + (i * Width / _buckets.Length))}\" y=\"{N(y)}\" width=\"{N(width)}\" height=\"{N(Math.Max(0.8, height))}\"><title>{count} {word}</title></rect>");
                }
            }
        }

        (long from, long to) = _summary.LongestGap;
        double middle = (X(from) + X(to)) / 2;
        svg.Append(CultureInfo.InvariantCulture, $"<line stroke=\"var(--bad)\" stroke-width=\"3\" x1=\"{N(X(from))}\" x2=\"{N(Math.Max(X(to), X(from) + 2))}\" y1=\"{RateTop - 3}\" y2=\"{RateTop - 3}\"/>");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{N(Math.Clamp(middle, Left + 260, Left + Width - 130))}\" y=\"14\" text-anchor=\"middle\" style=\"fill:var(--bad)\">longest time without a write: {(to - from) / 1000} ms</text>\n");
    }

    private void DrawLatency(StringBuilder svg)
    {
        const double LowestUs = 100;
        double highest = Math.Max(10_000, _buckets.Max(bucket => bucket.Percentile(0.99)));
        double decades = Math.Ceiling(Math.Log10(highest / LowestUs));
        double Y(double us) => LatencyTop + LatencyHeight - (LatencyHeight * Math.Clamp(Math.Log10(Math.Max(us, LowestUs) / LowestUs) / decades, 0, 1));
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"{LatencyTop - 8}\" class=\"tag\">Latency of what was answered</text><text x=\"{Left + 216}\" y=\"{LatencyTop - 8}\" style=\"fill:var(--ok)\">median</text><text x=\"{Left + 274}\" y=\"{LatencyTop - 8}\" style=\"fill:var(--p99)\">99 of 100</text>");
        Grid(svg, LatencyTop, LatencyHeight, [.. Enumerable.Range(0, (int)decades + 1).Select(decade => (decade / decades, Duration(LowestUs * Math.Pow(10, decade))))]);
        foreach ((double share, string color) in new[] { (0.5, "var(--ok)"), (0.99, "var(--p99)") })
        {
            StringBuilder path = new();
            bool isOpen = false;
            for (int i = 0; i < _buckets.Length; i++)
            {
                if (_buckets[i].Ok == 0)
                {
                    isOpen = false;
                    continue;
                }

                path.Append(CultureInfo.InvariantCulture, $"{(isOpen ? 'L' : 'M')}{N(Left + ((i + 0.5) * Width / _buckets.Length))} {N(Y(_buckets[i].Percentile(share)))}");
                isOpen = true;
            }

            svg.Append(CultureInfo.InvariantCulture, $"<path d=\"{path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"1.6\" stroke-linejoin=\"round\" stroke-linecap=\"round\"/>\n");
        }
    }

    private void DrawFaults(StringBuilder svg, FaultKind[] kinds)
    {
        foreach (FaultSpan fault in _summary.Faults)
        {
            double y = FaultTop + (Array.IndexOf(kinds, fault.Kind) * FaultRow);
            double width = Math.Max(3, X(fault.ToUs) - X(fault.FromUs));
            svg.Append(CultureInfo.InvariantCulture, $"<g><title>{Html.Escape($"{Name(fault.Kind)} {fault.What}, {fault.FromUs / 1e6:0.0} s to {fault.ToUs / 1e6:0.0} s")}</title><rect fill=\"var(--fault)\" rx=\"3\" x=\"{N(X(fault.FromUs))}\" y=\"{N(y + 3)}\" width=\"{N(width)}\" height=\"{FaultRow - 6}\"/>");
            if (width > (fault.What.Length * 6.4) + 8)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<text class=\"in\" x=\"{N(X(fault.FromUs) + 5)}\" y=\"{N(y + 15)}\">{Html.Escape(fault.What)}</text>");
            }

            svg.Append("</g>");
        }

        for (int i = 0; i < kinds.Length; i++)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"soft\" x=\"{Left - 8}\" y=\"{N(FaultTop + (i * FaultRow) + 15)}\" text-anchor=\"end\">{Name(kinds[i])}</text>");
        }

        svg.Append('\n');
    }

    private static void Grid(StringBuilder svg, double top, double height, (double Share, string Label)[] marks)
    {
        foreach ((double share, string label) in marks)
        {
            double y = top + height - (height * share);
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"rule\" x1=\"{Left}\" x2=\"{Left + Width}\" y1=\"{N(y)}\" y2=\"{N(y)}\"/><text class=\"soft\" x=\"{Left - 8}\" y=\"{N(y + 4)}\" text-anchor=\"end\">{label}</text>");
        }
    }

    private static string Name(FaultKind kind) => kind.ToString().ToLowerInvariant();

    private static string Duration(double us) => us >= 1_000_000 ? $"{N(us / 1_000_000)} s" : us >= 1000 ? $"{N(us / 1000)} ms" : $"{N(us)} µs";

    private static string N(double value) => Html.Number(value);

    private double X(long us) => Left + (Width * Math.Clamp(us / (double)Math.Max(1, _bucketUs * _buckets.Length), 0, 1));

    private sealed class Bucket
    {
        private readonly List<long> _latencies = [];
        private bool _isSorted;

        public int Ok { get; private set; }

        public int NotApplied { get; private set; }

        public int Unknown { get; private set; }

        public int Total => Ok + NotApplied + Unknown;

        public void Add(Operation operation)
        {
            switch (operation.Outcome)
            {
                case OperationOutcome.Ok:
                    Ok++;
                    _latencies.Add(operation.AnsweredAt - operation.InvokedAt);
                    break;
                case OperationOutcome.NotApplied:
                    NotApplied++;
                    break;
                case OperationOutcome.Unknown:
                    Unknown++;
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(operation), operation.Outcome, null);
            }
        }

        public double Percentile(double share)
        {
            if (!_isSorted)
            {
                _latencies.Sort();
                _isSorted = true;
            }

            return _latencies.Count == 0 ? 0 : _latencies[(int)Math.Min(_latencies.Count - 1, share * _latencies.Count)];
        }
    }
}
