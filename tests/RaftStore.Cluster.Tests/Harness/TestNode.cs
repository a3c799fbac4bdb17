using System.Globalization;

namespace RaftStore.Cluster.Tests.Harness;

/// <summary>One place in a cluster: name, ports and data directory stay, processes come and go.</summary>
internal sealed class TestNode : IDisposable
{
    private readonly TestCluster _cluster;
    private readonly List<string> _outputOfEarlierRuns = [];
    private ServerProcess? _process;

    public TestNode(TestCluster cluster, string name)
    {
        _cluster = cluster;
        Name = name;
        ClientPort = Ports.Next();
        PeerPort = Ports.Next();
        DataPath = Path.Combine(cluster.Directory, name);
        Http = new NodeClient(ClientAddress);
    }

    public string Name { get; }

    public int ClientPort { get; }

    public int PeerPort { get; }

    public string DataPath { get; set; }

    public NodeClient Http { get; }

    /// <summary>Whom it asks to be taken in; null for a founder.</summary>
    public string? Joins { get; init; }

    public string ClientAddress => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{ClientPort}");

    public string PeerAddress => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{PeerPort}");

    public bool IsRunning => _process is { HasExited: false };

    public ServerProcess Process => _process ?? throw new InvalidOperationException($"{Name} was not started.");

    /// <summary>What this node printed, in all its runs.</summary>
    public string Output => string.Join('\n', [.. _outputOfEarlierRuns, _process?.Output ?? string.Empty]);

    /// <summary>The arguments it is started with.</summary>
    public IReadOnlyList<string> Arguments =>
    [
        "--name", Name, "--data", DataPath, "--listen", ClientAddress, "--peer-listen", PeerAddress,
        .. (Joins is null ? (string[])["--cluster", _cluster.Founders] : ["--join", Joins]), .. _cluster.ExtraArguments,
    ];

    public void Start(IReadOnlyList<string>? runner = null)
    {
        Assert.False(IsRunning, $"{Name} is running already");
        ForgetProcess();
        _process = ServerProcess.Start(Arguments, runner);
    }

    public void Kill()
    {
        MustRun();
        Process.Kill();
    }

    public void Pause()
    {
        MustRun();
        Process.Signal(Signals.Stop);
    }

    public void Resume()
    {
        MustRun();
        Process.Signal(Signals.Continue);
    }

    /// <summary>Asks it to end and waits until it has.</summary>
    public async Task<int> StopAsync()
    {
        MustRun();
        Process.Signal(Signals.Terminate);
        return await Process.ExitCodeAsync();
    }

    public void Dispose()
    {
        ForgetProcess();
        Http.Dispose();
    }

    /// <summary>A node that ended though nobody asked it to is a failure of its own, whatever the test was about.</summary>
    private void MustRun() => Assert.True(IsRunning, $"{Name} ended by itself:\n{Output}");

    private void ForgetProcess()
    {
        if (_process is not null)
        {
            _process.Dispose();
            _outputOfEarlierRuns.Add(_process.Output);
            _process = null;
        }
    }
}
