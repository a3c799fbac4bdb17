using RaftStore.Node;
using RaftStore.Raft;
using RaftStore.Server.Peers;

namespace RaftStore.Server.Faults;

/// <summary>Makes things go wrong on one node, as its operator asks: frames to and from other members are lost or late, writes to the log are
/// slow, the clock is fast or slow. It stands before the node's own seams, and the node does not know of it. Any thread.</summary>
/// <remarks>Only frames between members are touched. Connections stand, so that neither side can see the fault but by silence, which is what
/// a cut network looks like.</remarks>
internal sealed class FaultInjector : IDisposable
{
    private readonly Lock _gate = new();
    private readonly DelayLine _delays = new();
    private readonly NodeClock _clock;
    private readonly PeerMeter _meter;
    private readonly ILogger _log;
    private FaultPlan _plan = FaultPlan.None;
    private NodeRuntime? _runtime; // under _gate
    private PeerTransport? _transport;
    private long _framesDropped;
    private long _framesDelayed;

    /// <summary>Makes one under which nothing goes wrong yet.</summary>
    /// <param name="clock">The node's clock.</param>
    /// <param name="meter">Where frames that are refused after a delay are counted.</param>
    /// <param name="log">Where to say what goes wrong on purpose.</param>
    public FaultInjector(NodeClock clock, PeerMeter meter, ILogger log)
    {
        _clock = clock;
        _meter = meter;
        _log = log;
    }

    /// <summary>What goes wrong now.</summary>
    public FaultPlan Plan => Volatile.Read(ref _plan);

    /// <summary>Frames that were lost on purpose since the start.</summary>
    public long FramesDropped => Interlocked.Read(ref _framesDropped);

    /// <summary>Frames that were late on purpose since the start.</summary>
    public long FramesDelayed => Interlocked.Read(ref _framesDelayed);

    /// <summary>Changes what goes wrong; it holds for every frame from now on. Frames that are late already still come when they are due.</summary>
    /// <param name="change">Makes the new plan of the one in force.</param>
    /// <returns>The plan in force afterwards.</returns>
    public FaultPlan Change(Func<FaultPlan, FaultPlan> change)
    {
        lock (_gate)
        {
            FaultPlan plan = change(_plan);
            Volatile.Write(ref _plan, plan);
            Apply(plan);
            FaultLog.Changed(_log, FaultsJson.Describe(plan));
            return plan;
        }
    }

    /// <summary>The transport as the node is to see it.</summary>
    public IPeerTransport Over(PeerTransport transport)
    {
        Volatile.Write(ref _transport, transport);
        return new FaultyTransport(this, transport);
    }

    /// <summary>The way for what comes in, as the transport is to see it.</summary>
    public Func<NodeId, PeerChannel, ReadOnlyMemory<byte>, string?> Before(Func<NodeId, PeerChannel, ReadOnlyMemory<byte>, string?> receive) => (from, channel, frame) =>
    {
        if (!TryFind(Plan.From, from, out PeerFault fault))
        {
            return receive(from, channel, frame);
        }

        Meet(fault, frame.Length, () =>
        {
            if (receive(from, channel, frame) is not null)
            {
                _meter.CountFrameRefused();
            }
        });
        return null;
    };

    /// <summary>From now on the log of that runtime is slow where the plan says so.</summary>
    public void Drive(NodeRuntime runtime)
    {
        lock (_gate)
        {
            _runtime = runtime;
            Apply(_plan);
        }
    }

    /// <summary>Nothing that is late happens any more.</summary>
    public void Dispose() => _delays.Dispose();

    private void Apply(FaultPlan plan)
    {
        if (_clock.Factor != plan.TickFactor)
        {
            _clock.Factor = plan.TickFactor;
        }

        if (_runtime is not null)
        {
            _runtime.LogStallMs = plan.LogStallMs;
        }
    }

    private bool TryFind(System.Collections.Immutable.ImmutableSortedDictionary<string, PeerFault> faults, NodeId peer, out PeerFault fault)
    {
        fault = default;
        return !faults.IsEmpty && Volatile.Read(ref _transport)?.NameOf(peer) is { } name && faults.TryGetValue(name, out fault);
    }

    /// <returns>False where the frame is lost.</returns>
    private bool Meet(PeerFault fault, int bytes, Action happen)
    {
        if (!fault.Drops && _delays.TryAdd(fault.DelayMs, bytes, happen))
        {
            Interlocked.Increment(ref _framesDelayed);
            return true;
        }

        Interlocked.Increment(ref _framesDropped);
        return false;
    }

    private sealed class FaultyTransport(FaultInjector injector, PeerTransport transport) : IPeerTransport
    {
        public bool Send(NodeId to, PeerChannel channel, PeerFrame frame)
        {
            if (!injector.TryFind(injector.Plan.To, to, out PeerFault fault))
            {
                return transport.Send(to, channel, frame);
            }

            // A network that loses a frame tells nobody.
            injector.Meet(fault, frame.LengthBytes, () => transport.Send(to, channel, frame));
            return true;
        }

        public void Follow(Configuration configuration) => transport.Follow(configuration);
    }
}
