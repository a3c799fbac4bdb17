using System.Diagnostics;
using System.Security.Cryptography;
using RaftStore.Node;
using RaftStore.Node.Handshakes;
using RaftStore.Raft;
using RaftStore.Server.Faults;
using RaftStore.Server.Peers;
using RaftStore.Server.Settings;
using RaftStore.Storage;

namespace RaftStore.Server.Startup;

/// <summary>A node whose cluster is formed, with everything that runs for it: log, pump, channels to its peers.</summary>
internal sealed class RunningNode : IDisposable
{
    private readonly NodeRuntime _runtime;
    private readonly WriteAheadLog _log;
    private readonly StatusWatch _watch;
    private readonly OwnAddresses _own;
    private readonly FaultInjector? _faults;

    private RunningNode(NodeIdentity identity, Node.Node node, PeerTransport transport, NodeRuntime runtime, WriteAheadLog log, Surroundings surroundings, Action<string> onRemoved)
    {
        Identity = identity;
        Node = node;
        Transport = transport;
        _runtime = runtime;
        _log = log;
        _watch = new StatusWatch(node, surroundings.Log, onRemoved);
        Memory = new MemoryWatch(node, surroundings.Log);
        _own = new OwnAddresses(node, surroundings.Clock, transport.Self, surroundings.Log);
        _faults = surroundings.Faults;
    }

    /// <summary>Who it is.</summary>
    public NodeIdentity Identity { get; }

    /// <summary>The pump.</summary>
    public Node.Node Node { get; }

    /// <summary>Its connections.</summary>
    public PeerTransport Transport { get; }

    /// <summary>Says when its memory is nearly used up.</summary>
    public MemoryWatch Memory { get; }

    /// <summary>Recovers what the disk holds and starts every thread.</summary>
    /// <param name="settings">What the server was told.</param>
    /// <param name="files">The disk.</param>
    /// <param name="directory">The open data directory; it stays the caller's.</param>
    /// <param name="identity">Its identity, formed.</param>
    /// <param name="findMoved">Where the node of that name may be beyond what is configured; called before every attempt to dial it.</param>
    /// <param name="surroundings">What else it needs of its host.</param>
    /// <param name="onFatal">Called once where the node cannot go on.</param>
    /// <param name="onRemoved">Called where the node is no member any more, with who says so; perhaps several times.</param>
    /// <exception cref="DataDirectoryException">Something in the directory is damaged.</exception>
    public static RunningNode Start(
        ServerSettings settings, IFileSystem files, DataDirectory directory, NodeIdentity identity, Func<string, IReadOnlyList<string>> findMoved, Surroundings surroundings, Action<Exception> onFatal, Action<string> onRemoved)
    {
        Stopwatch watch = Stopwatch.StartNew();
        (PeerNetwork network, NodeClock clock, FaultInjector? faults, ILogger log) = surroundings;
        RecoveredNode recovered = NodeRecovery.Recover(files, directory, identity, new WalOptions(), clock.NowMs, NowMicroseconds);
        try
        {
            LogRecovery(log, identity, recovered, watch.ElapsedMilliseconds);
            Configuration members = recovered.Start.Initial.Configuration;
            PeerIdentity self = new(identity.Cluster, identity.Node, identity.Name, settings.Advertise, settings.PeerAdvertise);
            Node.Node? started = null;
            PeerTransport transport = new(self, () => Volatile.Read(ref started)?.Status.AppliedConfiguration ?? members, member => AddressesOf(member, settings, findMoved), network.Limits, network.Meter, network.Log);
            Node.Node node = new(MakeOptions(settings, identity), recovered.Start, faults?.Over(transport) ?? transport);
            Volatile.Write(ref started, node);
            NodeRuntime runtime = new(node, recovered.Start.Log, onFatal, clock);
            faults?.Drive(runtime);
            RunningNode running = new(identity, node, transport, runtime, recovered.Log, surroundings, onRemoved);
            runtime.Start();
            transport.Start(new PeerEvents(faults?.Before(node.Receive) ?? node.Receive, node.PeerConnected, node.PeerLost, onRemoved), node.Status.Configuration);
            running._own.Start();
            StartupLog.Running(log, identity.Name, identity.Node, identity.Cluster, recovered.Found.HardState.Term, LastIndexOf(recovered.Found));
            return running;
        }
        catch
        {
            recovered.Log.Dispose();
            throw;
        }
    }

    /// <summary>Refuses what is new, finishes what is under way for at most <paramref name="limit"/>, syncs, and stops every thread.</summary>
    public void Stop(TimeSpan limit)
    {
        Node.BeginShutdown();
        _runtime.Stop((int)Math.Clamp(limit.TotalMilliseconds, 0, int.MaxValue));
    }

    /// <summary>Closes the connections and the log. After <see cref="Stop"/>.</summary>
    public void Dispose()
    {
        _own.Dispose();
        _watch.Dispose();
        Memory.Dispose();
        _faults?.Dispose();
        Transport.Dispose();
        _runtime.Dispose();
        _log.Dispose();
    }

    /// <summary>The address that the configuration has, then the one that <c>--cluster</c> gives to that name, then where DNS shows it:
    /// hints that let machines move. A wrong one does no harm, since the handshake names the cluster and both ids.</summary>
    private static List<string> AddressesOf(Member member, ServerSettings settings, Func<string, IReadOnlyList<string>> findMoved) =>
    [
        .. settings.Founders
            .Where(founder => string.Equals(founder.Name, member.Name, StringComparison.Ordinal))
            .Select(founder => founder.PeerAddress)
            .Prepend(member.PeerAddress)
            .Concat(findMoved(member.Name))
            .Distinct(StringComparer.OrdinalIgnoreCase),
    ];

    private static NodeOptions MakeOptions(ServerSettings settings, NodeIdentity identity)
    {
        Span<byte> seed = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(seed);
        return new NodeOptions
        {
            Raft = new RaftOptions
            {
                Id = identity.Node,
                Seed = BitConverter.ToUInt64(seed),
                HeartbeatIntervalMs = settings.HeartbeatMs,
                LowerElectionTimeoutMs = settings.LowerElectionTimeoutMs,
                UpperElectionTimeoutMs = settings.UpperElectionTimeoutMs,
            },
            Cluster = identity.Cluster,
            SnapshotLogBytes = settings.SnapshotLogBytes,
        };
    }

    private static void LogRecovery(ILogger log, NodeIdentity identity, RecoveredNode recovered, long elapsedMs)
    {
        RecoveredLog found = recovered.Found;
        long lastIndex = LastIndexOf(found);
        long snapshotIndex = recovered.Start.Snapshots.Latest?.Metadata.LastIncluded.Index ?? 0;
        StartupLog.Recovered(log, identity.Cluster, identity.Name, identity.Node, snapshotIndex, lastIndex, lastIndex - found.Base.Index, found.CommitIndex, found.HardState.Term, elapsedMs);
        if (found.TornBytes > 0)
        {
            StartupLog.TornTail(log, found.TornBytes, lastIndex, found.HardState.Term);
        }
    }

    private static long LastIndexOf(RecoveredLog found) => found.Batches.Count == 0 ? found.Base.Index : found.Batches[^1].LastIndex;

    private static long NowMicroseconds() => Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000);
}

/// <summary>What the peer connections of a node have in common.</summary>
internal sealed record PeerNetwork(PeerLimits Limits, PeerMeter Meter, ILogger Log);

/// <summary>What a running node needs of its host.</summary>
/// <param name="Network">What its peer connections have in common.</param>
/// <param name="Clock">Its clock.</param>
/// <param name="Faults">What makes things go wrong on purpose; null where that is off.</param>
/// <param name="Log">Where to log what concerns the node itself.</param>
internal sealed record Surroundings(PeerNetwork Network, NodeClock Clock, FaultInjector? Faults, ILogger Log);
