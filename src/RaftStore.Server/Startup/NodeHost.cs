using System.Diagnostics;
using RaftStore.Node;
using RaftStore.Node.Formation;
using RaftStore.Node.Handshakes;
using RaftStore.Raft;
using RaftStore.Server.Faults;
using RaftStore.Server.Peers;
using RaftStore.Server.Settings;
using RaftStore.Storage;

namespace RaftStore.Server.Startup;

/// <summary>How far a node has come.</summary>
public enum NodePhase
{
    /// <summary>It waits for the other founders, or for their confirmation.</summary>
    Forming,

    /// <summary>It belongs to a formed cluster, and its Raft module runs.</summary>
    Running,

    /// <summary>It is shutting down.</summary>
    Stopping,
}

/// <summary>Puts one node together and takes it apart: data directory, formation, peers, log, state machine, pump.</summary>
public sealed class NodeHost : IAsyncDisposable
{
    /// <summary>How long <see cref="DisposeAsync"/> lets things finish where nobody called <see cref="StopAsync"/>.</summary>
    private static readonly TimeSpan DisposeLimit = TimeSpan.FromSeconds(1);

    private readonly ServerSettings _settings;
    private readonly Action<int, string> _onFatal;
    private readonly Action _onRemoved;
    private readonly ILogger _log;
    private readonly PeerNetwork _network;
    private readonly IFileSystem _files = new PosixFileSystem();
    private readonly PeerIdentity _self;
    private readonly Lock _gate = new();

    /// <summary>Held while the node is put together and while it is taken apart: each happens as a whole.</summary>
    private readonly Lock _assembly = new();

    private DataDirectory? _directory;
    private PeerListener? _listener;
    private Admission? _admission;
    private RunningNode? _running;
    private MembersView? _members;
    private Task? _stopping; // written under _gate
    private Task? _handingOver; // under _gate
    private int _hasFailed;
    private int _isRemoved;

    /// <summary>Touches nothing yet.</summary>
    /// <param name="settings">What the server was told.</param>
    /// <param name="loggers">Where to log.</param>
    /// <param name="onFatal">Called at most once, from any thread, where the node cannot go on: the contract's exit code and the last line
    /// to print. Nothing is retried afterwards; the process must end.</param>
    /// <param name="onRemoved">Called at most once, from any thread, where the node was removed from its cluster: the process must stop in good order.</param>
    public NodeHost(ServerSettings settings, ILoggerFactory loggers, Action<int, string> onFatal, Action onRemoved)
    {
        _settings = settings;
        _onFatal = onFatal;
        _onRemoved = onRemoved;
        _log = loggers.CreateLogger<NodeHost>();
        _self = new PeerIdentity(ClusterId.None, NodeId.None, settings.Name, settings.Advertise, settings.PeerAdvertise);

        // Several keep-alives must fit in, however short the election timeout is.
        PeerLimits limits = new() { SilenceTimeoutMs = 3 * settings.UpperElectionTimeoutMs };
        _network = new PeerNetwork(limits with { SilenceTimeoutMs = Math.Max(limits.SilenceTimeoutMs, 4 * limits.KeepAliveMs) }, new PeerMeter(), loggers.CreateLogger("RaftStore.Server.Peers"));
        if (settings.InjectsFaults)
        {
            ILogger faultLog = loggers.CreateLogger("RaftStore.Server.Faults");
            Faults = new FaultInjector(Clock, _network.Meter, faultLog);
            FaultLog.Enabled(faultLog);
        }
    }

    /// <summary>How far it has come. Any thread.</summary>
    public NodePhase Phase => Volatile.Read(ref _stopping) is not null ? NodePhase.Stopping : Running is not null ? NodePhase.Running : NodePhase.Forming;

    /// <summary>While forming: what is being waited for, by name, in one sentence for status and health. Any thread.</summary>
    public string PhaseDetail => Phase switch
    {
        NodePhase.Running => "",
        NodePhase.Stopping => "the node is shutting down",
        _ => Volatile.Read(ref _admission)?.Detail is { Length: > 0 } detail ? detail : "the node is starting",
    };

    /// <summary>The node's clock: what it is asked to do by a certain time is said on this one.</summary>
    public NodeClock Clock { get; } = new();

    /// <summary>What makes things go wrong on purpose; null where that is off.</summary>
    internal FaultInjector? Faults { get; }

    /// <summary>The node, or null while forming. Any thread.</summary>
    public Node.Node? Node => Running?.Node;

    /// <summary>The watch over the process' memory, or null while forming. Any thread.</summary>
    internal MemoryWatch? Memory => Running?.Memory;

    /// <summary>This node's id; none while forming.</summary>
    public NodeId Id => Running?.Identity.Node ?? NodeId.None;

    /// <summary>The cluster's id; none while forming.</summary>
    public ClusterId Cluster => Running?.Identity.Cluster ?? ClusterId.None;

    /// <summary>The members and where clients reach them, as the handshakes told; the client address is empty where it is not known.</summary>
    public Configuration? Members
    {
        get
        {
            if (Running is not { } running)
            {
                return null;
            }

            MembersView? view = Volatile.Read(ref _members);
            if (view is null || !view.IsOf(running))
            {
                view = new MembersView(running);
                Volatile.Write(ref _members, view);
            }

            return view.Members;
        }
    }

    /// <summary>Counters of the peer connections, for metrics. Any thread.</summary>
    public PeerCounters PeerCounters => _network.Meter.Snapshot;

    private RunningNode? Running => Volatile.Read(ref _running);

    /// <summary>Locks and opens the data directory and begins to listen for peers; formation, where it is needed, goes on behind it.</summary>
    /// <exception cref="DataDirectoryException">The directory cannot be used (exit code 3).</exception>
    /// <exception cref="StorageIoException">The disk refused an operation (exit code 4).</exception>
    /// <exception cref="IOException">The peer address cannot be listened on (exit code 2).</exception>
    public Task StartAsync(CancellationToken cancellation) => Task.Run(Start, cancellation);

    /// <summary>Asks who answers at a peer address. Any thread.</summary>
    /// <param name="peer">host:port.</param>
    /// <param name="timeoutMs">Time for it, in milliseconds.</param>
    internal Task<PeerProbe> ProbeAsync(string peer, int timeoutMs) => PeerProbe.AskAsync(Running?.Transport.Self ?? _self, peer, timeoutMs, _network.Meter);

    /// <summary>Hands the leadership over, where this node leads and somebody can take it. It takes at most a lower election timeout, and
    /// failing costs nothing: the others elect somebody then. A second call waits for the first.</summary>
    public Task HandOverAsync()
    {
        lock (_gate)
        {
            return _handingOver ??= Task.Run(HandOverOnceAsync);
        }
    }

    private async Task HandOverOnceAsync()
    {
        if (Running is not { Node: { } node } || node.Status is not { Role: RaftRole.Leader } status || status.Configuration.IsSoleVoter(status.Id))
        {
            return;
        }

        AdminOutcome outcome = await node.TransferLeadershipAsync(NodeId.None, Clock.NowMs + _settings.LowerElectionTimeoutMs).ConfigureAwait(false);
        StartupLog.HandedOver(_log, outcome.Result, outcome.Member);
    }

    /// <summary>Finishes what is under way for at most <paramref name="limit"/>, syncs, closes. A second call waits for the first.</summary>
    public Task StopAsync(TimeSpan limit)
    {
        lock (_gate)
        {
            return _stopping ??= Task.Run(() => Stop(limit));
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync(DisposeLimit).ConfigureAwait(false);

    private void Start()
    {
        Configuration founders = FoundingList.Create(_settings.Founders.Select(founder => (founder.Name, founder.PeerAddress)));
        StartupLog.Starting(_log, _settings.Name, _settings.DataPath, _settings.PeerListen, string.Join(',', founders.Voters.Select(member => $"{member.Name}={member.PeerAddress}")));
        try
        {
            _directory = DataDirectory.Open(_files, _settings.DataPath);
            NodeIdentity? identity = CheckedIdentity(_directory, founders);
            bool isFormed = identity is { State: FormationState.Formed };
            Admission admission = new(_settings, _directory, identity, founders, _network, _log, Run, Fail);
            Volatile.Write(ref _admission, admission);
            _listener = new PeerListener(_settings.PeerListen, admission.Reception, _network.Meter, _network.Log, Fail);
            if (isFormed)
            {
                Run(identity!);
            }

            // It listens before it asks anybody: a cluster that is to take it in looks whether it answers.
            _listener.Start();
            admission.Begin();
        }
        catch
        {
            Close();
            throw;
        }
    }

    /// <summary>What the directory says, where it fits what this node was told.</summary>
    private NodeIdentity? CheckedIdentity(DataDirectory directory, Configuration founders)
    {
        NodeIdentity? identity = directory.Identity;
        if (identity is null)
        {
            return null;
        }

        if (!string.Equals(identity.Name, _settings.Name, StringComparison.Ordinal))
        {
            throw new DataDirectoryException(directory.Path, -1, $"it belongs to node {identity.Name} of cluster {identity.Cluster}, not to {_settings.Name}: start it with --name {identity.Name}, or give {_settings.Name} a data directory of its own");
        }

        if (_settings.Join.IsEmpty && _settings.Discover is null && identity.State == FormationState.Formed && FoundingList.DescribeDifference(identity.Founders, founders, "the data directory", "--cluster") is { } difference)
        {
            StartupLog.ListDiffers(_log, difference);
        }

        return identity;
    }

    private void Run(NodeIdentity identity)
    {
        lock (_assembly)
        {
            if (Volatile.Read(ref _stopping) is not null)
            {
                return;
            }

            RunningNode running = RunningNode.Start(_settings, _files, _directory!, identity, _admission!.FindMoved, new Surroundings(_network, Clock, Faults, _log), Fail, Removed);
            Volatile.Write(ref _running, running);
            _admission.Enter(running.Transport);
        }
    }

    private void Removed(string source)
    {
        if (Interlocked.Exchange(ref _isRemoved, 1) == 0)
        {
            StartupLog.RemovedFromCluster(_log, source);
            _onRemoved();
        }
    }

    /// <summary>This node cannot go on: the process ends. Once; any thread.</summary>
    internal void Fail(Exception exception)
    {
        if (Interlocked.Exchange(ref _hasFailed, 1) == 0)
        {
            NodeFailure failure = NodeFailure.From(exception is LostEntriesException lost ? OlderCopy(lost) : exception);

            // Where the line says it all, the way through the code to it would only hide it.
            StartupLog.Fatal(_log, failure.ExitCode, failure.Line, failure.ExitCode == NodeFailure.Invariant ? exception : null);
            _onFatal(failure.ExitCode, failure.Line);
        }
    }

    private DataDirectoryException OlderCopy(LostEntriesException lost) => new(
        _settings.DataPath, -1, $"{lost.Message}: the directory was put back from an older copy, or its disk lost what it had confirmed",
        $"It may have forgotten votes too, so {_settings.Name} may not go on with it. Do not start it again: replace the node by a new one (kvctl member replace {_settings.Name}), or put back the directory as it was last");

    private void Stop(TimeSpan limit)
    {
        long started = Stopwatch.GetTimestamp();
        StartupLog.Stopping(_log, (long)limit.TotalMilliseconds);
        Volatile.Read(ref _admission)?.Dispose();
        lock (_assembly)
        {
            try
            {
                Running?.Stop(limit);
            }
            finally
            {
                Close();
            }
        }

        StartupLog.Stopped(_log, (long)Stopwatch.GetElapsedTime(started).TotalMilliseconds);
    }

    /// <summary>Closes in the opposite order of opening; the lock of the directory is the last to go.</summary>
    private void Close()
    {
        _admission?.Dispose();
        _listener?.Dispose();
        Running?.Dispose();
        Faults?.Dispose();
        _directory?.Dispose();
    }

    /// <summary>The configuration with the client addresses in it, until one of the two changes.</summary>
    private sealed class MembersView
    {
        private readonly Configuration _configuration;
        private readonly object _addresses;

        public MembersView(RunningNode running)
        {
            _configuration = running.Node.Status.Configuration;
            var addresses = running.Transport.ClientAddresses;
            _addresses = addresses;
            Members = _configuration.Map(member => member with { ClientAddress = addresses.GetValueOrDefault(member.Id, member.ClientAddress) });
        }

        public Configuration Members { get; }

        public bool IsOf(RunningNode running) => ReferenceEquals(_configuration, running.Node.Status.Configuration) && ReferenceEquals(_addresses, running.Transport.ClientAddresses);
    }
}
