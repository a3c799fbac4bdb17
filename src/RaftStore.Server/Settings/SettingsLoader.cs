using System.Collections;
using System.Collections.Immutable;
using RaftStore.Node.Formation;

namespace RaftStore.Server.Settings;

/// <summary>Makes <see cref="ServerSettings"/> from flags, environment and file, or says which one is wrong. Writes nothing.</summary>
internal static class SettingsLoader
{
    /// <summary>Votes of more founders than this are slower than they are worth: each write would wait for eight of them.</summary>
    private const int FoundersMax = 15;

    private const string DefaultName = "n1";
    private const string DefaultListen = "http://127.0.0.1:7400";
    private const string DefaultPeerListen = "127.0.0.1:7500";

    /// <summary>Reads and checks everything.</summary>
    /// <param name="file">Where <c>appsettings.json</c> would be.</param>
    /// <param name="output">Where help and version are written.</param>
    /// <returns>Null where help or version was asked for.</returns>
    /// <exception cref="SettingsException">A setting is unknown, bad, or contradicts another.</exception>
    public static ServerSettings? Load(IReadOnlyList<string> arguments, IDictionary environment, string file, TextWriter output)
    {
        Dictionary<string, SettingValue> flags = new(StringComparer.Ordinal);
        if (new CommandLineParser().Parse(arguments, flags, output))
        {
            return null;
        }

        Dictionary<string, SettingValue> values = new(StringComparer.Ordinal);
        SettingSources.AddFile(file, values);
        SettingSources.AddEnvironment(environment, values);
        foreach ((string name, SettingValue value) in flags)
        {
            values[name] = value;
        }

        return Validate(new SettingsReader(values));
    }

    private static ServerSettings Validate(SettingsReader reader)
    {
        bool insecure = reader.Switch("insecure");
        ImmutableArray<Founder> listed = Founders(reader);
        ImmutableArray<string> join = Join(reader, listed);
        DiscoverTarget? discover = DiscoverySettings.Target(reader);
        bool joins = !join.IsEmpty || discover is not null;
        string name = Name(reader, listed);
        HostPort[] listen = Listen(reader, insecure);
        HostPort peerListen = PeerListen(reader, listed.FirstOrDefault(founder => founder.Name == name), insecure);
        string peerAdvertise = PeerAdvertise(reader, listed.FirstOrDefault(founder => founder.Name == name), peerListen, joins);
        CheckPortsDiffer(reader, listen, peerListen);
        int lowerMs = reader.DurationMs("election-timeout-lower", 1000, 30, 600_000);
        int upperMs = reader.DurationMs("election-timeout-upper", reader.Has("election-timeout-lower") ? Math.Min(lowerMs * 2, 600_000) : 2000, 30, 600_000);
        int heartbeatMs = reader.DurationMs("heartbeat", Math.Min(100, lowerMs / 3), 10, 60_000);
        CheckTimes(reader, heartbeatMs, lowerMs, upperMs);
        return new ServerSettings
        {
            Name = name,
            DataPath = Path.GetFullPath(reader.Text("data") ?? Path.Combine("data", name)),
            Listen = [.. listen.Select(endpoint => endpoint.ToHttpUrl())],
            PeerListen = peerListen.ToString(),
            Founders = listed.IsEmpty ? [new Founder(name, peerAdvertise)] : listed,
            Join = join,
            Discover = discover,
            BootstrapExpect = DiscoverySettings.Expect(reader, FoundersMax),
            Advertise = Advertise(reader, listen, clusterSize: Math.Max(joins ? 2 : 1, listed.Length)),
            PeerAdvertise = peerAdvertise,
            AllowedHosts = AllowedHosts(reader),
            HeartbeatMs = heartbeatMs,
            LowerElectionTimeoutMs = lowerMs,
            UpperElectionTimeoutMs = upperMs,
            RequestTimeoutMs = reader.DurationMs("request-timeout", 5000, 10, 600_000),
            ValueBytesMax = (int)reader.SizeBytes("value-limit", Kv.KvCommand.ValueBytesMax, 1, Kv.KvCommand.ValueBytesMax),
            SnapshotLogBytes = reader.SizeBytes("snapshot-log-size", 256L << 20, 64L << 10, 1L << 40),
            RequestsPerSecond = reader.Number("rate-limit", 0, 0, 1_000_000),
            ConnectionsMax = reader.Number("connection-limit", 16_384, 1, 1_000_000),
            InjectsFaults = reader.Switch("enable-fault-injection"),
            IsInsecure = insecure && !(peerListen.IsLoopback && Array.TrueForAll(listen, endpoint => endpoint.IsLoopback)),
        };
    }

    private static ImmutableArray<Founder> Founders(SettingsReader reader)
    {
        string[] entries = reader.List("cluster");
        if (entries.Length > FoundersMax)
        {
            throw reader.Refuse("cluster", $"names {entries.Length} founders: {FoundersMax} are the most; three or five are usual.");
        }

        List<Founder> founders = [];
        foreach (string entry in entries)
        {
            int equals = entry.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0 || !NodeName.IsValid(entry.AsSpan(0, equals)) || !HostPort.TryParse(entry[(equals + 1)..], out HostPort address) || address.Port == 0)
            {
                throw reader.Refuse("cluster", $"has the entry '{entry}', which is not NAME=HOST:PORT.");
            }

            Founder founder = new(entry[..equals], address.ToString());
            if (founders.Exists(other => other.Name == founder.Name))
            {
                throw reader.Refuse("cluster", $"names {founder.Name} twice: every node needs a name of its own.");
            }

            if (founders.Find(other => other.PeerAddress == founder.PeerAddress) is { } twin)
            {
                throw reader.Refuse("cluster", $"gives {twin.Name} and {founder.Name} the same address {founder.PeerAddress}: every node needs one of its own.");
            }

            founders.Add(founder);
        }

        return [.. founders.OrderBy(founder => founder.Name, StringComparer.Ordinal)];
    }

    private static ImmutableArray<string> Join(SettingsReader reader, ImmutableArray<Founder> listed)
    {
        string[] urls = [.. reader.List("join").Select(url => ParseUrl(reader, "join", url).ToHttpUrl())];
        if (urls.Length > 0 && !listed.IsEmpty)
        {
            throw new SettingsException("--join and --cluster contradict each other: a node founds a cluster with others, or joins one that runs; leave one out.");
        }

        if (urls.Length > 0 && !reader.Has("name"))
        {
            throw new SettingsException("--name is missing: with --join it says under which name the cluster takes this node in.");
        }

        return [.. urls];
    }

    private static string Name(SettingsReader reader, ImmutableArray<Founder> listed)
    {
        string? given = reader.Text("name");
        if (given is not null && !NodeName.IsValid(given))
        {
            throw reader.Refuse("name", $"is not a name: {NodeName.Rule}.");
        }

        if (listed.IsEmpty)
        {
            return given ?? DefaultName;
        }

        if (given is null)
        {
            throw new SettingsException($"--name is missing: with --cluster it says which of {string.Join(", ", listed.Select(founder => founder.Name))} this node is.");
        }

        return listed.Any(founder => founder.Name == given)
            ? given
            : throw reader.Refuse("name", $"is not in --cluster, which names {string.Join(", ", listed.Select(founder => founder.Name))}: correct one of the two.");
    }

    private static HostPort[] Listen(SettingsReader reader, bool insecure)
    {
        string[] urls = reader.List("listen");
        if (urls.Length == 0)
        {
            urls = [DefaultListen];
        }

        HostPort[] endpoints = new HostPort[urls.Length];
        for (int i = 0; i < urls.Length; i++)
        {
            endpoints[i] = ParseUrl(reader, "listen", urls[i]);
            CheckBindable(reader, "listen", endpoints[i], insecure);
            if (endpoints[i] is { Port: 0, Address: null })
            {
                throw reader.Refuse("listen", "asks for any free port of localhost, which is two addresses: write 127.0.0.1 or [::1].");
            }

            if (endpoints.AsSpan(0, i).Contains(endpoints[i]) && endpoints[i].Port != 0)
            {
                throw reader.Refuse("listen", $"names {urls[i]} twice: remove one.");
            }
        }

        return endpoints;
    }

    private static HostPort PeerListen(SettingsReader reader, Founder? own, bool insecure)
    {
        string? given = reader.Text("peer-listen");
        string text = given ?? own?.PeerAddress ?? DefaultPeerListen;
        if (!HostPort.TryParse(text, out HostPort endpoint))
        {
            throw reader.Refuse("peer-listen", "is not ADDRESS:PORT, such as 127.0.0.1:7500.");
        }

        if (given is not null)
        {
            CheckBindable(reader, "peer-listen", endpoint, insecure);
        }
        else if (!endpoint.IsBindable || (!endpoint.IsLoopback && !insecure))
        {
            throw new SettingsException($"--peer-listen is missing, and this node's entry in --cluster, {text}, is not a loopback address: say which address to bind, with --insecure where it is not loopback.");
        }

        return endpoint;
    }

    private static string PeerAdvertise(SettingsReader reader, Founder? own, HostPort peerListen, bool joins)
    {
        string address;
        if (reader.Text("peer-advertise") is { } given)
        {
            if (!HostPort.TryParse(given, out HostPort endpoint) || endpoint.Port == 0 || endpoint.IsEveryAddress)
            {
                throw reader.Refuse("peer-advertise", "is not HOST:PORT that another node could dial, such as node1.example:7500.");
            }

            address = endpoint.ToString();
        }
        else
        {
            if (joins && (peerListen.IsEveryAddress || peerListen.Port == 0))
            {
                throw new SettingsException($"--peer-advertise is missing: --peer-listen {peerListen} is not one that others can dial, so say where the cluster reaches this node.");
            }

            address = peerListen.IsEveryAddress && own is not null ? own.PeerAddress : peerListen.ToString();
        }

        if (own is not null && own.PeerAddress != address)
        {
            throw new SettingsException($"--cluster says that {own.Name} is at {own.PeerAddress}, but this node's peers would be told {address} (--peer-advertise, or else --peer-listen): make them the same.");
        }

        return address;
    }

    private static string Advertise(SettingsReader reader, HostPort[] listen, int clusterSize)
    {
        if (reader.Text("advertise") is { } given)
        {
            HostPort endpoint = ParseUrl(reader, "advertise", given);
            return endpoint.Port != 0 && !endpoint.IsEveryAddress
                ? endpoint.ToHttpUrl()
                : throw reader.Refuse("advertise", "is not a URL that a client could use: name one host and one port.");
        }

        if (listen[0].IsEveryAddress)
        {
            throw new SettingsException($"--advertise is missing: --listen {listen[0].ToHttpUrl()} is every address of this machine, so say which one clients are told.");
        }

        return listen[0].Port != 0 || clusterSize == 1
            ? listen[0].ToHttpUrl()
            : throw new SettingsException("--advertise is missing: with port 0 in --listen the other nodes could not tell clients where this one is.");
    }

    private static ImmutableArray<string> AllowedHosts(SettingsReader reader)
    {
        string[] hosts = reader.List("allowed-hosts");
        foreach (string host in hosts)
        {
            if (host != "*" && Uri.CheckHostName(host.Trim('[', ']')) == UriHostNameType.Unknown)
            {
                throw reader.Refuse("allowed-hosts", $"has '{host}', which is not a host: write names or addresses without scheme and port, or *.");
            }
        }

        return [.. hosts];
    }

    private static void CheckTimes(SettingsReader reader, int heartbeatMs, int lowerMs, int upperMs)
    {
        if (lowerMs > upperMs)
        {
            throw new SettingsException($"--election-timeout-lower ({lowerMs}ms) is above --election-timeout-upper ({upperMs}ms): lower the one or raise the other.");
        }

        if (heartbeatMs > lowerMs / 3)
        {
            string heartbeat = reader.Has("heartbeat") ? "--heartbeat" : "the default of --heartbeat";
            throw new SettingsException($"{heartbeat} ({heartbeatMs}ms) is more than a third of --election-timeout-lower ({lowerMs}ms): two lost heartbeats would already depose a leader; lower the one or raise the other.");
        }
    }

    private static void CheckPortsDiffer(SettingsReader reader, HostPort[] listen, HostPort peerListen)
    {
        if (peerListen.Port != 0 && listen.Contains(peerListen))
        {
            throw new SettingsException($"--listen and --peer-listen are both {peerListen}: clients and peers need a port each{(reader.Has("listen") ? "" : "; clients are on 7400 by default")}.");
        }
    }

    private static void CheckBindable(SettingsReader reader, string name, HostPort endpoint, bool insecure)
    {
        if (!endpoint.IsBindable)
        {
            throw reader.Refuse(name, $"names the host {endpoint.Host}: bind an IP address or localhost, and tell others the name with --{(name == "listen" ? "advertise" : "peer-advertise")}.");
        }

        if (!endpoint.IsLoopback && !insecure)
        {
            throw reader.Refuse(name, $"is reachable from other machines, and there is no TLS and no authentication yet: use a loopback address, or accept that with --insecure.");
        }
    }

    private static HostPort ParseUrl(SettingsReader reader, string name, string url)
    {
        if (url.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        {
            throw reader.Refuse(name, "asks for TLS, which is not there yet: use http:// on a loopback address, or behind something that ends TLS.");
        }

        return HostPort.TryParseHttpUrl(url, out HostPort endpoint)
            ? endpoint
            : throw reader.Refuse(name, $"has '{url}', which is not http://HOST:PORT with nothing behind it.");
    }
}
