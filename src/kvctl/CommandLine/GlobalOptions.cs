using System.CommandLine;
using RaftStore.Client;

namespace RaftStore.Kvctl.CommandLine;

/// <summary>The options every command takes, and how they are read.</summary>
internal sealed class GlobalOptions
{
    /// <summary>Where a cluster of <c>scripts/cluster.sh</c> listens, and then a server started without flags.</summary>
    public const string DefaultEndpoints = "http://127.0.0.1:7401,http://127.0.0.1:7402,http://127.0.0.1:7403,http://127.0.0.1:7400";

    private readonly Option<string?> _endpoints = new("--endpoints")
    {
        Description = $"Client addresses of the nodes, separated by commas; any node will do. Default: KVCTL_ENDPOINTS, else {DefaultEndpoints}",
        HelpName = "URL,…",
        Recursive = true,
    };

    private readonly Option<string> _timeout = new("--timeout")
    {
        Description = "How long one request may take with all its attempts, such as 500ms or 10s.",
        HelpName = "DURATION",
        Recursive = true,
        DefaultValueFactory = _ => "10s",
    };

    private readonly Option<string> _output = new("--output", "-o")
    {
        Description = "text, or json for scripts.",
        HelpName = "text|json",
        Recursive = true,
        DefaultValueFactory = _ => "text",
    };

    private readonly Option<string> _consistency = new("--consistency")
    {
        Description = "linearizable: never older than any earlier answer. stale: what the asked node has, even without a quorum.",
        HelpName = "linearizable|stale",
        Recursive = true,
        DefaultValueFactory = _ => "linearizable",
    };

    public void AddTo(RootCommand root)
    {
        root.Options.Add(_endpoints);
        root.Options.Add(_timeout);
        root.Options.Add(_output);
        root.Options.Add(_consistency);
    }

    /// <summary>Whether the answer is to be JSON.</summary>
    public bool IsJson(ParseResult parsed) => parsed.GetValue(_output) switch
    {
        "json" => true,
        "text" => false,
        { } other => throw new UsageException($"--output '{other}' is neither text nor json"),
        null => false,
    };

    public ReadConsistency Consistency(ParseResult parsed) => parsed.GetValue(_consistency) switch
    {
        "linearizable" => ReadConsistency.Linearizable,
        "stale" => ReadConsistency.Stale,
        var other => throw new UsageException($"--consistency '{other}' is neither linearizable nor stale"),
    };

    public TimeSpan Timeout(ParseResult parsed) => Durations.Parse("--timeout", parsed.GetValue(_timeout)!);

    /// <summary>The endpoints, and whether the user named them.</summary>
    public (IReadOnlyList<Uri> Endpoints, bool AreGiven) Endpoints(ParseResult parsed, CommandIo io)
    {
        (string source, string? text) = parsed.GetValue(_endpoints) is { } given
            ? ("--endpoints", given)
            : ("KVCTL_ENDPOINTS", io.Environment("KVCTL_ENDPOINTS"));
        bool areGiven = !string.IsNullOrWhiteSpace(text);
        if (!areGiven && source == "--endpoints")
        {
            throw new UsageException("--endpoints is empty");
        }

        return (ParseEndpoints(source, areGiven ? text! : DefaultEndpoints), areGiven);
    }

    private static List<Uri> ParseEndpoints(string source, string text)
    {
        var endpoints = new List<Uri>();
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string url = part.Contains("://", StringComparison.Ordinal) ? part : "http://" + part;
            if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? endpoint) || endpoint.Scheme is not ("http" or "https")
                || endpoint.PathAndQuery != "/" || endpoint.UserInfo.Length > 0 || endpoint.Fragment.Length > 0)
            {
                throw new UsageException($"{source}: '{part}' is not of the form http://host:port");
            }

            if (!endpoints.Contains(endpoint))
            {
                endpoints.Add(endpoint);
            }
        }

        return endpoints.Count > 0 ? endpoints : throw new UsageException($"{source} names no endpoint");
    }
}
