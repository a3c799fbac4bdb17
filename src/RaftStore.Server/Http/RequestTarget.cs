namespace RaftStore.Server.Http;

/// <summary>What a request asks for.</summary>
internal enum ApiRoute
{
    /// <summary>Nothing that there is.</summary>
    Unknown,

    /// <summary><c>/v1/kv/{key}</c>.</summary>
    Key,

    /// <summary><c>/v1/kv</c>: a key by <c>key64</c>, or a range.</summary>
    Range,

    /// <summary><c>/v1/cluster</c>.</summary>
    Cluster,

    /// <summary><c>/v1/cluster/settings</c>.</summary>
    ClusterSettings,

    /// <summary><c>/v1/cluster/members</c> and what is below it.</summary>
    ClusterMembers,

    /// <summary><c>/v1/cluster/transfer</c>.</summary>
    ClusterTransfer,

    /// <summary><c>/v1/status</c>.</summary>
    Status,

    /// <summary><c>/v1/snapshot</c>.</summary>
    Snapshot,

    /// <summary><c>/v1/compact</c>.</summary>
    Compact,

    /// <summary><c>/v1/faults</c>.</summary>
    Faults,

    /// <summary><c>/livez</c>.</summary>
    Live,

    /// <summary><c>/readyz</c>.</summary>
    Ready,

    /// <summary><c>/metrics</c>.</summary>
    Metrics,

    /// <summary>A path that the API will have and this version does not.</summary>
    NotThereYet,
}

/// <summary>The request target as it stood on the wire, cut at <c>?</c>. The framework's own path is not used: it folds dot segments and
/// decodes in a way that lets two keys become one.</summary>
internal readonly struct RequestTarget
{
    private const string KeyPrefix = "/v1/kv/";
    private const string MembersPrefix = "/v1/cluster/members/";

    private static readonly string[] FuturePaths = ["/v1/txn", "/v1/watch", "/v1/leases", "/v1/locks", "/v1/sessions"];

    private readonly string _raw;
    private readonly int _pathStart;
    private readonly int _queryMark;

    private RequestTarget(string raw, int pathStart, int queryMark)
    {
        _raw = raw;
        _pathStart = pathStart;
        _queryMark = queryMark;
        Route = FindRoute(Path);
    }

    /// <summary>What it asks for.</summary>
    public ApiRoute Route { get; }

    /// <summary>The path, still encoded.</summary>
    public ReadOnlySpan<char> Path => _raw.AsSpan(_pathStart, _queryMark - _pathStart);

    /// <summary>For <see cref="ApiRoute.Key"/>: the key, still encoded.</summary>
    public ReadOnlySpan<char> EncodedKey => Path[KeyPrefix.Length..];

    /// <summary>What follows <c>?</c>, still encoded; empty where nothing does.</summary>
    public ReadOnlySpan<char> Query => _queryMark < _raw.Length ? _raw.AsSpan(_queryMark + 1) : default;

    /// <summary>Path and query, for a redirect.</summary>
    public string PathAndQuery => _raw[_pathStart..];

    /// <summary>Cuts a raw target. Of the absolute form (<c>http://host/path</c>) scheme and authority are passed over: the server has
    /// already held them against the <c>Host</c> header.</summary>
    public static RequestTarget Parse(string rawTarget)
    {
        int pathStart = 0;
        if (rawTarget.Length > 0 && rawTarget[0] != '/')
        {
            int authority = rawTarget.IndexOf("://", StringComparison.Ordinal);
            int slash = authority < 0 ? -1 : rawTarget.AsSpan(authority + 3).IndexOfAny('/', '?');
            pathStart = slash < 0 ? rawTarget.Length : authority + 3 + slash;
        }

        int mark = rawTarget.AsSpan(pathStart).IndexOf('?');
        return new RequestTarget(rawTarget, pathStart, mark < 0 ? rawTarget.Length : pathStart + mark);
    }

    /// <summary>True where a path has a segment <c>.</c> or <c>..</c>, plain or percent-encoded, between slashes that may be encoded too.
    /// Clients and proxies fold such segments away, so that serving them would serve some other key.</summary>
    public static bool HasDotSegment(ReadOnlySpan<char> path)
    {
        if (!path.ContainsAny('.', '%'))
        {
            return false;
        }

        // Dots seen in the segment so far; -1 once it holds anything else.
        int dots = 0;
        for (int i = 0; i < path.Length; i++)
        {
            char symbol = path[i];
            if (symbol == '%' && i + 2 < path.Length && path[i + 1] == '2')
            {
                char decoded = path[i + 2] switch { 'e' or 'E' => '.', 'f' or 'F' => '/', _ => '%' };
                i += decoded == '%' ? 0 : 2;
                symbol = decoded;
            }

            if (symbol == '/')
            {
                if (dots is 1 or 2)
                {
                    return true;
                }

                dots = 0;
            }
            else
            {
                dots = symbol == '.' && dots >= 0 ? dots + 1 : -1;
            }
        }

        return dots is 1 or 2;
    }

    private static ApiRoute FindRoute(ReadOnlySpan<char> path)
    {
        if (path.StartsWith(KeyPrefix, StringComparison.Ordinal))
        {
            return ApiRoute.Key;
        }

        if (path.StartsWith(MembersPrefix, StringComparison.Ordinal))
        {
            return ApiRoute.ClusterMembers;
        }

        return path switch
        {
            "/v1/kv" => ApiRoute.Range,
            "/v1/cluster" => ApiRoute.Cluster,
            "/v1/cluster/settings" => ApiRoute.ClusterSettings,
            "/v1/cluster/members" => ApiRoute.ClusterMembers,
            "/v1/cluster/transfer" => ApiRoute.ClusterTransfer,
            "/v1/status" => ApiRoute.Status,
            "/v1/snapshot" => ApiRoute.Snapshot,
            "/v1/compact" => ApiRoute.Compact,
            "/v1/faults" => ApiRoute.Faults,
            "/livez" => ApiRoute.Live,
            "/readyz" => ApiRoute.Ready,
            "/metrics" => ApiRoute.Metrics,
            _ => IsFuture(path) ? ApiRoute.NotThereYet : ApiRoute.Unknown,
        };
    }

    private static bool IsFuture(ReadOnlySpan<char> path)
    {
        foreach (string future in FuturePaths)
        {
            if (path.StartsWith(future, StringComparison.Ordinal) && (path.Length == future.Length || path[future.Length] == '/'))
            {
                return true;
            }
        }

        return false;
    }
}
