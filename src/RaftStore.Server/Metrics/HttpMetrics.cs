using System.Diagnostics;
using RaftStore.Server.Http;

namespace RaftStore.Server.Metrics;

/// <summary>Counts requests by route, method and status, and how long they took. Recording takes a few atomic additions and no
/// allocation, since it is on the path of every request. Any thread.</summary>
internal sealed class HttpMetrics
{
    /// <summary>The methods told apart; any other counts as the last one.</summary>
    public static readonly IReadOnlyList<string> Methods = ["GET", "HEAD", "PUT", "DELETE", "other"];

    /// <summary>Upper bounds of the latency buckets, in seconds; a last one without bound follows.</summary>
    public static readonly IReadOnlyList<double> BucketSeconds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    /// <summary>Statuses are answered from 100 to 599.</summary>
    private const int StatusCount = 600;

    private static readonly int RouteCount = Enum.GetValues<ApiRoute>().Length;
    private static readonly long[] BucketTicks = [.. BucketSeconds.Select(seconds => (long)(seconds * Stopwatch.Frequency))];

    private readonly Series[] _series = [.. Enumerable.Range(0, RouteCount * Methods.Count).Select(_ => new Series())];
    private long _inFlight;

    /// <summary>Requests that are being answered now.</summary>
    public long InFlight => Interlocked.Read(ref _inFlight);

    /// <summary>A request begins.</summary>
    public void Enter() => Interlocked.Increment(ref _inFlight);

    /// <summary>A request is answered.</summary>
    /// <param name="elapsedTicks">On the stopwatch's clock.</param>
    public void Leave(ApiRoute route, string method, int status, long elapsedTicks)
    {
        Interlocked.Decrement(ref _inFlight);
        Series series = _series[((int)route * Methods.Count) + MethodIndex(method)];
        Interlocked.Increment(ref series.ByStatus[status is >= 0 and < StatusCount ? status : 0]);
        Interlocked.Add(ref series.SumTicks, elapsedTicks);
        int bucket = 0;
        while (bucket < BucketTicks.Length && elapsedTicks > BucketTicks[bucket])
        {
            bucket++;
        }

        Interlocked.Increment(ref series.Buckets[bucket]);
    }

    /// <summary>Writes everything counted so far.</summary>
    public void Write(PrometheusText text)
    {
        text.Family("raftstore_http_requests_in_flight", "gauge", "Requests that are being answered.");
        text.Sample("raftstore_http_requests_in_flight", "", InFlight);
        text.Family("raftstore_http_requests_total", "counter", "Requests answered, by route, method and status.");
        ForEachUsed((labels, series) =>
        {
            for (int status = 0; status < StatusCount; status++)
            {
                if (Interlocked.Read(ref series.ByStatus[status]) is > 0 and long count)
                {
                    text.Sample("raftstore_http_requests_total", $"{labels},status=\"{status}\"", count);
                }
            }
        });
        text.Family("raftstore_http_request_duration_seconds", "histogram", "Time from a request's headers to the end of its answer.");
        ForEachUsed((labels, series) =>
        {
            long cumulated = 0;
            for (int bucket = 0; bucket <= BucketSeconds.Count; bucket++)
            {
                cumulated += Interlocked.Read(ref series.Buckets[bucket]);
                string bound = bucket < BucketSeconds.Count ? PrometheusText.Number(BucketSeconds[bucket]) : "+Inf";
                text.Sample("raftstore_http_request_duration_seconds_bucket", $"{labels},le=\"{bound}\"", cumulated);
            }

            text.Sample("raftstore_http_request_duration_seconds_sum", labels, Interlocked.Read(ref series.SumTicks) / (double)Stopwatch.Frequency);
            text.Sample("raftstore_http_request_duration_seconds_count", labels, cumulated);
        });
    }

    /// <summary>The route's name in labels.</summary>
    public static string RouteName(ApiRoute route) => route switch
    {
        ApiRoute.Key => "key",
        ApiRoute.Range => "range",
        ApiRoute.Cluster => "cluster",
        ApiRoute.ClusterMembers => "members",
        ApiRoute.ClusterTransfer => "transfer",
        ApiRoute.ClusterSettings => "settings",
        ApiRoute.Status => "status",
        ApiRoute.Snapshot => "snapshot",
        ApiRoute.Compact => "compact",
        ApiRoute.Faults => "faults",
        ApiRoute.Live => "livez",
        ApiRoute.Ready => "readyz",
        ApiRoute.Metrics => "metrics",
        _ => "other",
    };

    private void ForEachUsed(Action<string, Series> write)
    {
        foreach (IGrouping<string, ApiRoute> routes in Enum.GetValues<ApiRoute>().GroupBy(RouteName))
        {
            for (int method = 0; method < Methods.Count; method++)
            {
                Series merged = new();
                foreach (ApiRoute route in routes)
                {
                    merged.Add(_series[((int)route * Methods.Count) + method]);
                }

                if (merged.Buckets.Sum() > 0)
                {
                    write($"route=\"{routes.Key}\",method=\"{Methods[method]}\"", merged);
                }
            }
        }
    }

    private static int MethodIndex(string method) => method switch
    {
        "GET" => 0,
        "HEAD" => 1,
        "PUT" => 2,
        "DELETE" => 3,
        _ => 4,
    };

    private sealed class Series
    {
        public readonly long[] ByStatus = new long[StatusCount];
        public readonly long[] Buckets = new long[BucketSeconds.Count + 1];
        public long SumTicks;

        public void Add(Series other)
        {
            for (int i = 0; i < ByStatus.Length; i++)
            {
                ByStatus[i] += Interlocked.Read(ref other.ByStatus[i]);
            }

            for (int i = 0; i < Buckets.Length; i++)
            {
                Buckets[i] += Interlocked.Read(ref other.Buckets[i]);
            }

            SumTicks += Interlocked.Read(ref other.SumTicks);
        }
    }
}
