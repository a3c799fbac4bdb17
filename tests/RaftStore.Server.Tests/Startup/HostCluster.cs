using System.Collections.Immutable;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RaftStore.Kv;
using RaftStore.Node;
using RaftStore.Server.Settings;
using RaftStore.Server.Startup;

namespace RaftStore.Server.Tests.Startup;

/// <summary>Node hosts in one process, on loopback, with real directories, logs and sockets.</summary>
internal sealed class HostCluster : IAsyncDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("raftstore-hosts-").FullName;
    private readonly ImmutableArray<Founder> _founders;
    private readonly SortedDictionary<string, NodeHost> _hosts = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, (int ExitCode, string Line)> _ends = new(StringComparer.Ordinal);

    public HostCluster(int nodes)
    {
        int[] ports = [.. Enumerable.Range(0, nodes).Select(_ => Ports.Next())];
        _founders = [.. Enumerable.Range(1, nodes).Select(i => new Founder($"n{i}", $"127.0.0.1:{ports[i - 1]}"))];
    }

    public IEnumerable<string> Names => _founders.Select(founder => founder.Name);

    public NodeHost this[string name] => _hosts[name];

    public string PathOf(string name) => Path.Combine(_root, name);

    public string PeerAddressOf(string name) => _founders.Single(founder => founder.Name == name).PeerAddress;

    /// <summary>How a node's process would have ended, or null while it would go on.</summary>
    public (int ExitCode, string Line)? EndOf(string name)
    {
        lock (_ends)
        {
            return _ends.TryGetValue(name, out (int ExitCode, string Line) end) ? end : null;
        }
    }

    public ServerSettings SettingsOf(string name) => new()
    {
        Name = name,
        DataPath = PathOf(name),
        Listen = [$"http://127.0.0.1:1/{name}"],
        PeerListen = PeerAddressOf(name),
        Founders = _founders,
        Advertise = $"http://clients-of-{name}",
        PeerAdvertise = PeerAddressOf(name),
        HeartbeatMs = 50,
        LowerElectionTimeoutMs = 300,
        UpperElectionTimeoutMs = 600,
    };

    public Task StartAsync(string name) => StartAsync(SettingsOf(name));

    public async Task StartAsync(ServerSettings settings)
    {
        NodeHost host = new(settings, NullLoggerFactory.Instance, (exitCode, line) =>
        {
            lock (_ends)
            {
                _ends[settings.Name] = (exitCode, line);
            }
        }, () =>
        {
            lock (_ends)
            {
                _ends[settings.Name] = (0, "removed");
            }
        });
        _hosts[settings.Name] = host;
        await host.StartAsync(CancellationToken.None);
    }

    public async Task StartAllAsync()
    {
        foreach (string name in Names)
        {
            await StartAsync(name);
        }
    }

    public async Task StopAsync(string name)
    {
        await _hosts[name].StopAsync(TimeSpan.FromSeconds(10));
        _hosts.Remove(name);
    }

    public void AwaitLeader() =>
        Eventually.True(
            () => _hosts.Values.All(host => host.Node is { } node && !node.Status.Leader.IsNone)
                && _hosts.Values.Select(host => host.Node!.Status.Leader).Distinct().Count() == 1,
            $"all of {string.Join(',', _hosts.Keys)} know one leader; {string.Join("; ", _hosts.Select(pair => $"{pair.Key}: {pair.Value.Phase} {pair.Value.PhaseDetail} {EndOf(pair.Key)}"))}");

    /// <summary>Writes through a node, trying again until it is applied: putting a value twice does no harm here.</summary>
    public async Task PutAsync(string name, string key, string value)
    {
        byte[] command = KvCommand.Put(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value));
        long deadlineMs = NodeClock.SystemMs + 30_000;
        WriteOutcome outcome;
        do
        {
            outcome = await _hosts[name].Node!.WriteAsync(command, NodeClock.SystemMs + 5000);
        }
        while (outcome.Certainty != WriteCertainty.Applied && NodeClock.SystemMs < deadlineMs);
        Assert.Equal(WriteCertainty.Applied, outcome.Certainty);
    }

    public async Task<string?> GetAsync(string name, string key)
    {
        Node.Node node = _hosts[name].Node!;
        long deadlineMs = NodeClock.SystemMs + 30_000;
        RefusalReason refusal;
        do
        {
            refusal = await node.ConfirmReadAsync(NodeClock.SystemMs + 5000);
        }
        while (refusal != RefusalReason.None && NodeClock.SystemMs < deadlineMs);
        Assert.Equal(RefusalReason.None, refusal);
        KvView view = node.View;
        return view.TryGet(Encoding.UTF8.GetBytes(key), view.Revision, out KvItem item) ? Encoding.UTF8.GetString(item.Value.Span) : null;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (NodeHost host in _hosts.Values)
        {
            await host.DisposeAsync();
        }

        Directory.Delete(_root, recursive: true);
    }
}
