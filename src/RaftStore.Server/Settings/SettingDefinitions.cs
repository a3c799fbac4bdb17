namespace RaftStore.Server.Settings;

/// <summary>One setting as <c>--help</c>, the environment and <c>appsettings.json</c> know it.</summary>
/// <param name="Name">The flag without its dashes; also the key in <c>appsettings.json</c>.</param>
/// <param name="Value">What its value is, for the help; empty for a switch.</param>
/// <param name="Meaning">What it does, with its unit and its default.</param>
internal sealed record SettingDefinition(string Name, string Value, string Meaning)
{
    /// <summary>True where it stands alone, without a value.</summary>
    public bool IsSwitch => Value.Length == 0;

    /// <summary>The name of its environment variable.</summary>
    public string EnvironmentName => SettingDefinitions.EnvironmentPrefix + Name.Replace('-', '_').ToUpperInvariant();
}

/// <summary>Every setting there is. Flags, environment, file and help are all made from this one list.</summary>
internal static class SettingDefinitions
{
    /// <summary>What the environment variables begin with.</summary>
    public const string EnvironmentPrefix = "RAFTSTORE_";

    /// <summary>In the order in which the help shows them.</summary>
    public static readonly IReadOnlyList<SettingDefinition> All =
    [
        new("name", "NAME", "This node's name: 1 to 63 letters, digits, '.', '_' or '-'. Default: n1; with --cluster, --join or --discover it must be given."),
        new("data", "DIRECTORY", "The data directory, made where it does not exist. Default: ./data/NAME."),
        new("listen", "URL[,URL]", "Where clients are served: http://ADDRESS:PORT, the address an IP address or localhost; port 0 takes a free one. Default: http://127.0.0.1:7400."),
        new("peer-listen", "ADDRESS:PORT", "Where the other nodes are served. Default: this node's own entry in --cluster; without --cluster 127.0.0.1:7500."),
        new("cluster", "NAME=HOST:PORT,...", "The founders of the cluster and where peers reach each, this node among them, the same list on all of them. Default: a cluster of this node alone."),
        new("join", "URL[,URL]", "Client addresses of members of a running cluster, which takes this node in: it catches up without a vote and then gets one by itself. A node that has joined only starts again by it. Contradicts --cluster and --discover. Default: none."),
        new("discover", "dns://NAME:PORT", "Finds the other nodes by the A and AAAA records of NAME, all of them serving peers on PORT: a formed cluster is joined; with --bootstrap-expect one is founded where there is none. Once this node has a cluster, only a hint where members may be that have moved. ?server=ADDRESS:PORT behind it asks that DNS server instead of the system's resolver. Contradicts --cluster and --join. Default: none."),
        new("bootstrap-expect", "NUMBER", "How many nodes with empty directories --discover must find, this one among them, to found a cluster: 1 to 15, the same on all of them. Of more, the first by name found it and the others join. Default: none, so that this node only joins."),
        new("advertise", "URL", "The URL that other nodes tell clients for this one. Default: the first of --listen."),
        new("peer-advertise", "HOST:PORT", "Where other nodes reach this one. Default: --peer-listen, or this node's own entry in --cluster where --peer-listen is every address."),
        new("allowed-hosts", "HOST[,HOST]", "Names accepted in the Host header beyond loopback names and the hosts of --listen and --advertise; * accepts any. Default: none."),
        new("insecure", "", "Lets --listen and --peer-listen be other addresses than loopback although there is no TLS and no authentication yet. Default: off."),
        new("heartbeat", "DURATION", "Time between a leader's heartbeats, 10ms to 1m, at most a third of --election-timeout-lower. Default: 100ms."),
        new("election-timeout-lower", "DURATION", "The shortest time without a leader before a node campaigns, 30ms to 10m. Default: 1000ms."),
        new("election-timeout-upper", "DURATION", "The longest such time, at most 10m; each wait is drawn between the two. Default: 2000ms, or twice the lower one where only that is given."),
        new("request-timeout", "DURATION", "How long a request may wait for the cluster before it is answered 503 or 504, 10ms to 10m. Default: 5s."),
        new("value-limit", "SIZE", "The longest value that this node passes on to the cluster, 1 to 16MiB, in bytes or with KiB or MiB. What the cluster takes is its setting valueBytesMax (kvctl settings), 1MiB at first. Default: 16MiB."),
        new("snapshot-log-size", "SIZE", "A snapshot is taken when the log is longer than this and than the last snapshot, 64KiB to 1TiB. Default: 256MiB."),
        new("rate-limit", "NUMBER", "Requests a second accepted from one client address, 1 to 1000000; more are answered 429. 0 sets no limit. Default: 0."),
        new("connection-limit", "NUMBER", "Client connections open at the same time, 1 to 1000000; more are closed at once. Default: 16384."),
        new("enable-fault-injection", "", "Serves /v1/faults, by which whoever reaches --listen can have this node lose or delay messages, stall its log and skew its clock. Off loopback it needs --insecure too. Default: off."),
    ];

    /// <summary>The definition with that name, or null.</summary>
    public static SettingDefinition? Find(string name) => All.FirstOrDefault(definition => definition.Name == name);
}
