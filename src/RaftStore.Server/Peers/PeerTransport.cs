using System.Collections.Immutable;
using System.Net.Sockets;
using RaftStore.Node;
using RaftStore.Node.Handshakes;
using RaftStore.Raft;

namespace RaftStore.Server.Peers;

/// <summary>The network of one running node: three channels to every other member, and whatever the other members have connected here.</summary>
/// <remarks>
/// A connection carries frames one way only, from the node that dialled to the one that accepted. So two nodes that dial each other at the
/// same time have not to agree on which connection stays, and a connection that breaks in one direction says nothing of the other.
/// Members come and go with the configuration. One that has left is still reached for a while, since it has to be told. A node that is
/// no member here but speaks for this cluster is answered too: it may have joined by entries that this node lacks.
/// </remarks>
internal sealed class PeerTransport : IPeerTransport, IDisposable
{
    private const int Channels = 3;

    /// <summary>Nodes that are no members here and are answered all the same; more than ever join while one node is away.</summary>
    private const int GuestsMax = 16;

    /// <summary>How long one that has left is still reached, in milliseconds: longer than a leader tries to tell it.</summary>
    private const long FarewellMs = 30_000;

    /// <summary>How often it is looked for such, in milliseconds. One that was not told, because it was cut off, learns it from the handshake then.</summary>
    private const long FarewellLookMs = 5_000;

    private readonly Lock _gate = new();
    private readonly Func<Configuration> _members;
    private readonly PeerLimits _limits;
    private readonly PeerMeter _meter;
    private readonly ILogger _log;
    private readonly Func<Member, IReadOnlyList<string>> _addressesOf;
    private readonly Timer _farewells;
    private ImmutableSortedDictionary<NodeId, PeerLink> _links = ImmutableSortedDictionary<NodeId, PeerLink>.Empty;
    private ImmutableSortedDictionary<NodeId, string> _clientAddresses;
    private ImmutableSortedDictionary<NodeId, string> _heardAddresses = ImmutableSortedDictionary<NodeId, string>.Empty;
    private OutgoingSetting? _setting;
    private bool _isStopped;

    /// <summary>Makes the transport; nothing is dialled before <see cref="Start"/>.</summary>
    /// <param name="self">This node.</param>
    /// <param name="members">The members as of the last applied entry. Any thread.</param>
    /// <param name="addressesOf">Where a member may be reached, the likeliest first; at least one. Asked before every attempt.</param>
    /// <param name="limits">Bounds and times.</param>
    /// <param name="meter">Where to count.</param>
    /// <param name="log">Where to log.</param>
    public PeerTransport(PeerIdentity self, Func<Configuration> members, Func<Member, IReadOnlyList<string>> addressesOf, PeerLimits limits, PeerMeter meter, ILogger log)
    {
        Self = self;
        _members = members;
        _addressesOf = addressesOf;
        _limits = limits;
        _meter = meter;
        _log = log;
        _clientAddresses = ImmutableSortedDictionary<NodeId, string>.Empty.Add(self.Id, self.ClientAddress);
        _farewells = new Timer(_ => CloseLeft(), state: null, FarewellLookMs, FarewellLookMs);
    }

    /// <summary>This node.</summary>
    public PeerIdentity Self { get; }

    /// <summary>The members as of the last applied entry. Any thread.</summary>
    public Configuration Members => _members();

    /// <summary>What the handshakes told about where clients reach the members. Any thread.</summary>
    public ImmutableSortedDictionary<NodeId, string> ClientAddresses => Volatile.Read(ref _clientAddresses);

    private ImmutableSortedDictionary<NodeId, PeerLink> Links => Volatile.Read(ref _links);

    /// <summary>Begins to dial, and to take connections.</summary>
    /// <param name="events">Where to report.</param>
    /// <param name="configuration">The configuration in force.</param>
    public void Start(PeerEvents events, Configuration configuration)
    {
        lock (_gate)
        {
            _setting = new OutgoingSetting(_limits, _meter, events, LearnClientAddress, _log);
        }

        Follow(configuration);
    }

    /// <inheritdoc/>
    public void Follow(Configuration configuration)
    {
        lock (_gate)
        {
            if (_setting is null || _isStopped)
            {
                return;
            }

            foreach (Member member in configuration.Members)
            {
                if (member.Id != Self.Id)
                {
                    Reach(member, isGuest: false);
                }
            }

            foreach (PeerLink link in _links.Values)
            {
                if (!configuration.IsMember(link.Peer.Id) && !link.IsGuest && link.LeftMs < 0)
                {
                    link.LeftMs = Environment.TickCount64;
                }
            }
        }
    }

    /// <summary>The name of a node that is linked here, or null. Any thread.</summary>
    public string? NameOf(NodeId peer) => Links.GetValueOrDefault(peer)?.Peer.Name;

    /// <inheritdoc/>
    public bool Send(NodeId to, PeerChannel channel, PeerFrame frame)
    {
        if (Links.TryGetValue(to, out PeerLink? link))
        {
            return link.Outgoing[(int)channel].Send(frame);
        }

        _meter.CountFramesDropped(1);
        return false;
    }

    /// <summary>Reads the frames of an accepted connection until it ends. Blocks: the connection's own thread.</summary>
    /// <returns>False where the sender is no member that is known here, and no more such are taken.</returns>
    public bool Serve(PeerSocket socket, Member from, PeerChannel channel)
    {
        PeerEvents events;
        lock (_gate)
        {
            if (_isStopped || _setting is null)
            {
                return true;
            }

            if (!_links.ContainsKey(from.Id) && !TryWelcome(from))
            {
                return false;
            }

            // A peer that dials anew has given its former connection up, whether or not that is noticed here yet.
            PeerSocket?[] incoming = _links[from.Id].Incoming;
            incoming[(int)channel]?.Dispose();
            incoming[(int)channel] = socket;
            events = _setting.Events;
        }

        LearnClientAddress(from.Id, from.ClientAddress);
        LearnPeerAddress(from.Id, from.PeerAddress);
        ProbePeer(from.Id);
        PeerLog.Accepted(_log, from.Name, from.Id, channel, socket.Remote);
        FrameCutter cutter = new(frame => events.Receive(from.Id, channel, frame));
        string? error = ReadFrames(socket, cutter, out string why);
        if (error is not null)
        {
            _meter.CountFrameRefused();
            PeerLog.BadFrame(_log, from.Name, from.Id, channel, error);
        }
        else
        {
            PeerLog.Ended(_log, from.Name, from.Id, channel, why);
        }

        // A process that ends takes both directions with it; what this node has sent there is looked at before it waits for an answer.
        ProbePeer(from.Id);
        socket.Dispose();
        lock (_gate)
        {
            if (_links.TryGetValue(from.Id, out PeerLink? link) && link.Incoming[(int)channel] == socket)
            {
                link.Incoming[(int)channel] = null;
            }
        }

        return true;
    }

    /// <summary>Closes everything and waits for the sending threads.</summary>
    public void Dispose()
    {
        _farewells.Dispose();
        lock (_gate)
        {
            _isStopped = true;
        }

        foreach (PeerLink link in Links.Values)
        {
            link.Close();
        }

        foreach (PeerLink link in Links.Values)
        {
            foreach (OutgoingConnection connection in link.Outgoing)
            {
                connection.Join(TimeSpan.FromSeconds(1));
            }
        }
    }

    /// <summary>Makes the link to a node, or makes it anew where the node has another name now.</summary>
    private void Reach(Member peer, bool isGuest)
    {
        PeerLink? old = _links.GetValueOrDefault(peer.Id);
        if (old is not null && old.Peer.Name == peer.Name)
        {
            Redescribe(old, peer, isGuest);
            return;
        }

        OutgoingConnection[] outgoing = new OutgoingConnection[Channels];
        for (int channel = 0; channel < Channels; channel++)
        {
            outgoing[channel] = new OutgoingConnection(Self, peer, (PeerChannel)channel, () => AddressesOf(Links.GetValueOrDefault(peer.Id)?.Peer ?? peer), _setting!);
        }

        PeerLink link = new(peer, isGuest, outgoing) { Incoming = old?.Incoming ?? new PeerSocket?[Channels] };
        Volatile.Write(ref _links, _links.SetItem(peer.Id, link));
        foreach (OutgoingConnection connection in old?.Outgoing ?? [])
        {
            connection.Dispose();
        }

        foreach (OutgoingConnection connection in outgoing)
        {
            connection.Start();
        }
    }

    /// <summary>A connection that stands leads to that node wherever it is, as its handshake has proved, and what is on its way there is not to
    /// be lost: so another address is dialled only where there is none.</summary>
    private void Redescribe(PeerLink link, Member peer, bool isGuest)
    {
        if (link.Peer.PeerAddress == peer.PeerAddress && link.IsGuest == isGuest)
        {
            return;
        }

        Volatile.Write(ref _links, _links.SetItem(peer.Id, new PeerLink(peer, isGuest, link.Outgoing) { Incoming = link.Incoming, LeftMs = link.LeftMs }));
        foreach (OutgoingConnection connection in link.Outgoing)
        {
            connection.Probe();
        }
    }

    private bool TryWelcome(Member stranger)
    {
        if (stranger.PeerAddress.Length == 0 || _links.Values.Count(link => link.IsGuest) >= GuestsMax)
        {
            return false;
        }

        Reach(stranger, isGuest: true);
        return true;
    }

    /// <summary>Closes what leads to those that left long ago, and to guests that nothing came from.</summary>
    private void CloseLeft()
    {
        List<PeerLink> closed = [];
        lock (_gate)
        {
            foreach (PeerLink link in _links.Values)
            {
                bool isSilentGuest = link.IsGuest && Array.TrueForAll(link.Incoming, socket => socket is null);
                bool hasLeft = link.LeftMs >= 0 && Environment.TickCount64 - link.LeftMs >= FarewellMs;
                if (isSilentGuest || hasLeft)
                {
                    closed.Add(link);
                    Volatile.Write(ref _links, _links.Remove(link.Peer.Id));
                    Volatile.Write(ref _clientAddresses, _clientAddresses.Remove(link.Peer.Id));
                    Volatile.Write(ref _heardAddresses, _heardAddresses.Remove(link.Peer.Id));
                }
            }
        }

        closed.ForEach(link => link.Close());
    }

    /// <returns>What is wrong with the bytes, or null where the connection merely ended.</returns>
    private string? ReadFrames(PeerSocket socket, FrameCutter cutter, out string why)
    {
        try
        {
            while (true)
            {
                int count = socket.Receive(cutter.GetBuffer(), _limits.SilenceTimeoutMs);
                if (count <= 0)
                {
                    why = count == 0 ? "the other side closed it" : $"nothing was heard for {_limits.SilenceTimeoutMs} ms";
                    return null;
                }

                if (cutter.Advance(count) is { } error)
                {
                    why = error;
                    return error;
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            why = socket.IsClosed ? "this side closed it" : e.Message;
            return null;
        }
    }

    private void ProbePeer(NodeId peer)
    {
        if (Links.TryGetValue(peer, out PeerLink? link))
        {
            foreach (OutgoingConnection connection in link.Outgoing)
            {
                connection.Probe();
            }
        }
    }

    /// <summary>Where it is said to be, and last where it says itself that it is: a node that came back elsewhere must be answered before the
    /// configuration can say so. A wrong address does no harm, since the handshake names the cluster and both ids.</summary>
    private IReadOnlyList<string> AddressesOf(Member peer)
    {
        IReadOnlyList<string> said = _addressesOf(peer);
        string? heard = Volatile.Read(ref _heardAddresses).GetValueOrDefault(peer.Id);
        return heard is null || said.Contains(heard, StringComparer.OrdinalIgnoreCase) ? said : [.. said, heard];
    }

    private void LearnPeerAddress(NodeId peer, string peerAddress)
    {
        lock (_gate)
        {
            if (peerAddress.Length > 0)
            {
                Volatile.Write(ref _heardAddresses, _heardAddresses.SetItem(peer, peerAddress));
            }
        }
    }

    private void LearnClientAddress(NodeId peer, string clientAddress)
    {
        lock (_gate)
        {
            if (clientAddress.Length > 0)
            {
                Volatile.Write(ref _clientAddresses, _clientAddresses.SetItem(peer, clientAddress));
            }
        }
    }
}
