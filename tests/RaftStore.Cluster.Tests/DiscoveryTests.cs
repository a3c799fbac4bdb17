using System.Globalization;
using RaftStore.Cluster.Tests.Harness;
using RaftStore.Server.Tests.Discovery;

namespace RaftStore.Cluster.Tests;

/// <summary>Nodes that find each other by DNS, and members that come back under other addresses. The name server is the test's own; nodes live at 127.0.0.1,
/// 127.0.0.2 and so on, all of which are this machine.</summary>
public sealed class DiscoveryTests
{
    private const string Name = "raftstore.test";

    [Fact]
    public async Task Nodes_FoundByDns_FormOneClusterAndAFourthJoinsIt()
    {
        using DnsResponder dns = new();
        using TestCluster cluster = new(size: 0);
        int port = Ports.Next();
        DiscoveringNode[] nodes = [.. Enumerable.Range(1, 4).Select(number => new DiscoveringNode(cluster, $"n{number}", host: number, port, dns, expect: 3))];

        // Two of three: nothing is founded, and the log says who is missing.
        dns.Show(Name, nodes[0].Host, nodes[1].Host);
        nodes[0].Start();
        nodes[1].Start();
        await cluster.HoldsAsync("it says that it found two", () => Task.FromResult(nodes[0].Output.Contains("found 2 of 3", StringComparison.Ordinal)));
        Assert.False(await nodes[0].Http.IsReadyAsync());

        dns.Show(Name, [.. nodes.Take(3).Select(node => node.Host)]);
        nodes[2].Start();
        await AllReadyAsync(cluster, nodes.Take(3));
        Assert.Equal(1, await CountClustersAsync(nodes.Take(3)));

        // The fourth expects three as well, and finds that they are formed.
        dns.Show(Name, [.. nodes.Select(node => node.Host)]);
        nodes[3].Start();
        await AllReadyAsync(cluster, nodes);
        await cluster.HoldsAsync("the fourth has a vote", async () => await RoleAsync(nodes[0], "n4") == "voter", TimeSpan.FromMinutes(2));
        Assert.Equal(1, await CountClustersAsync(nodes));

        Dispose(nodes);
    }

    [Fact]
    public async Task Node_BackUnderOtherAddresses_TellsTheMembersByItself()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        TestNode moved = await cluster.LeaderAsync();
        TestNode other = cluster.Nodes.First(node => node != moved);
        await cluster.PutAsync(other, "k", "before");
        Assert.Equal(0, await moved.StopAsync());

        // The others know nothing of where it is now: it dials them, and names its address.
        using TestNode again = new(cluster, moved.Name) { Joins = other.ClientAddress, DataPath = moved.DataPath };
        again.Start();

        await cluster.HoldsAsync("the members have its new addresses", async () => await AddressesAsync(other, moved.Name) == (again.PeerAddress, again.ClientAddress), TimeSpan.FromMinutes(1));
        await cluster.HoldsAsync("it is ready", () => again.Http.IsReadyAsync());
        Assert.Equal("before", (await cluster.GetAsync(again, "k")).Value);
    }

    [Fact]
    public async Task AllNodes_BackUnderOtherAddressesAtOnce_FindEachOtherByDns()
    {
        using DnsResponder dns = new();
        using TestCluster cluster = new(size: 0);
        DiscoveringNode[] before = Make(firstHost: 1);
        dns.Show(Name, [.. before.Select(node => node.Host)]);
        foreach (DiscoveringNode node in before)
        {
            node.Start();
        }

        await AllReadyAsync(cluster, before);
        await cluster.HoldsAsync("a put succeeds", async () => (await before[0].Http.PutAsync("k", "kept")).Outcome == Outcome.Done);
        Dispose(before);

        DiscoveringNode[] after = Make(firstHost: 11);
        dns.Show(Name, [.. after.Select(node => node.Host)]);
        foreach (DiscoveringNode node in after)
        {
            node.Start();
        }

        await AllReadyAsync(cluster, after);
        Answer answer = await after[2].Http.GetAsync("k");
        Assert.Equal("kept", answer.Value);
        foreach (DiscoveringNode node in after)
        {
            await cluster.HoldsAsync($"the members know where {node.Name} is", async () => (await AddressesAsync(after[0].Http, node.Name)).Peer == node.PeerAddress, TimeSpan.FromMinutes(1));
        }

        Dispose(after);

        DiscoveringNode[] Make(int firstHost)
        {
            int port = Ports.Next();
            return [.. Enumerable.Range(0, 3).Select(i => new DiscoveringNode(cluster, $"n{i + 1}", firstHost + i, port, dns, expect: 3))];
        }
    }

    [Fact]
    public async Task Nodes_OfOneNameFoundByDns_FoundNothingAndSayWhy()
    {
        using DnsResponder dns = new();
        using TestCluster cluster = new(size: 0);
        int port = Ports.Next();
        DiscoveringNode[] nodes = [new(cluster, "n1", 1, port, dns, expect: 2), new(cluster, "n1", 2, port, dns, expect: 2, directory: "other")];
        dns.Show(Name, [.. nodes.Select(node => node.Host)]);
        foreach (DiscoveringNode node in nodes)
        {
            node.Start();
        }

        foreach (DiscoveringNode node in nodes)
        {
            await cluster.HoldsAsync("it says so", () => Task.FromResult(node.Output.Contains("two nodes call themselves n1", StringComparison.Ordinal)));
        }

        Assert.False(await nodes[0].Http.IsReadyAsync());
        Dispose(nodes);
    }

    private static async Task AllReadyAsync(TestCluster cluster, IEnumerable<DiscoveringNode> nodes)
    {
        foreach (DiscoveringNode node in nodes)
        {
            await Eventually.HoldsAsync($"{node.Name} is ready", () => node.Http.IsReadyAsync(), () => string.Join("\n\n", nodes.Select(one => one.Output)), TimeSpan.FromMinutes(2));
        }
    }

    private static async Task<int> CountClustersAsync(IEnumerable<DiscoveringNode> nodes)
    {
        HashSet<string?> ids = [];
        foreach (DiscoveringNode node in nodes)
        {
            ids.Add((await node.Http.JsonAsync("/v1/status"))?.GetProperty("clusterId").GetString());
        }

        return ids.Count;
    }

    private static async Task<string?> RoleAsync(DiscoveringNode asked, string name)
        => (await MemberAsync(asked.Http, name))?.GetProperty("role").GetString();

    private static Task<(string? Peer, string? Client)> AddressesAsync(TestNode asked, string name) => AddressesAsync(asked.Http, name);

    private static async Task<(string? Peer, string? Client)> AddressesAsync(NodeClient asked, string name)
        => await MemberAsync(asked, name) is { } member ? (member.GetProperty("peer").GetString(), member.GetProperty("client").GetString()) : default;

    private static async Task<System.Text.Json.JsonElement?> MemberAsync(NodeClient asked, string name)
        => await asked.JsonAsync("/v1/cluster") is { } view && view.GetProperty("members").EnumerateArray().LastOrDefault(member => member.GetProperty("name").GetString() == name) is { ValueKind: System.Text.Json.JsonValueKind.Object } found ? found : null;

    private static void Dispose(DiscoveringNode[] nodes)
    {
        foreach (DiscoveringNode node in nodes)
        {
            node.Dispose();
        }
    }

    /// <summary>A node at an address of its own, which was told a name instead of founders.</summary>
    private sealed class DiscoveringNode : IDisposable
    {
        private readonly string[] _arguments;
        private ServerProcess? _process;

        public DiscoveringNode(TestCluster cluster, string name, int host, int peerPort, DnsResponder dns, int expect, string? directory = null)
        {
            Name = name;
            Host = string.Create(CultureInfo.InvariantCulture, $"127.0.0.{host}");
            PeerAddress = string.Create(CultureInfo.InvariantCulture, $"{Host}:{peerPort}");
            string client = string.Create(CultureInfo.InvariantCulture, $"http://{Host}:{Ports.Next()}");
            Http = new NodeClient(client);
            _arguments =
            [
                "--name", name, "--data", Path.Combine(cluster.Directory, directory ?? name), "--listen", client, "--peer-listen", PeerAddress,
                "--discover", string.Create(CultureInfo.InvariantCulture, $"dns://{DiscoveryTests.Name}:{peerPort}?server={dns.EndPoint}"), "--bootstrap-expect", expect.ToString(CultureInfo.InvariantCulture),
            ];
        }

        public string Name { get; }

        public string Host { get; }

        public string PeerAddress { get; }

        public NodeClient Http { get; }

        public string Output => _process?.Output ?? "";

        public void Start() => _process = ServerProcess.Start(_arguments);

        public void Dispose()
        {
            _process?.Dispose();
            Http.Dispose();
        }
    }
}
