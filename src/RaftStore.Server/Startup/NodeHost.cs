using RaftStore.Raft;
using RaftStore.Server.Settings;

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
    /// <summary>Touches nothing yet.</summary>
    /// <param name="onFatal">Called at most once, from any thread, where the node cannot go on: the contract's exit code and the last line
    /// to print. Nothing is retried afterwards; the process must end.</param>
    public NodeHost(ServerSettings settings, ILoggerFactory loggers, Action<int, string> onFatal) => throw new NotImplementedException();

    /// <summary>How far it has come. Any thread.</summary>
    public NodePhase Phase => throw new NotImplementedException();

    /// <summary>While forming: what is being waited for, by name, in one sentence for status and health. Any thread.</summary>
    public string PhaseDetail => throw new NotImplementedException();

    /// <summary>The node, or null while forming. Any thread.</summary>
    public Node.Node? Node => throw new NotImplementedException();

    /// <summary>This node's id; none while forming.</summary>
    public NodeId Id => throw new NotImplementedException();

    /// <summary>The cluster's id; none while forming.</summary>
    public ClusterId Cluster => throw new NotImplementedException();

    /// <summary>The members and where clients reach them, as the handshakes told; the client address is empty where it is not known.</summary>
    public Configuration? Members => throw new NotImplementedException();

    /// <summary>Counters of the peer connections, for metrics. Any thread.</summary>
    public Peers.PeerCounters PeerCounters => throw new NotImplementedException();

    /// <summary>Locks and opens the data directory and begins to listen for peers; formation, where it is needed, goes on behind it.</summary>
    /// <exception cref="Storage.DataDirectoryException">The directory cannot be used (exit code 3).</exception>
    public Task StartAsync(CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Finishes what is under way for at most <paramref name="limit"/>, syncs, closes.</summary>
    public Task StopAsync(TimeSpan limit) => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
