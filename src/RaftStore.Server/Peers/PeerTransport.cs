using System.Collections.Immutable;
using System.Net.Sockets;
using RaftStore.Node;
using RaftStore.Raft;

namespace RaftStore.Server.Peers;

/// <summary>The network of one running node: three channels to every other member, and whatever the other members have connected here.</summary>
/// <remarks>A connection carries frames one way only, from the node that dialled to the one that accepted. So two nodes that dial each other at the
/// same time have not to agree on which connection stays, and a connection that breaks in one direction says nothing of the other.</remarks>
internal sealed class PeerTransport : IPeerTransport, IDisposable
{
    private const int Channels = 3;

    private readonly Lock _gate = new();
    private readonly Configuration _members;
    private readonly PeerLimits _limits;
    private readonly PeerMeter _meter;
    private readonly ILogger _log;
    private readonly Func<Member, IReadOnlyList<string>> _addressesOf;

    // One place for each member and channel; those of this node itself stay empty.
    private readonly OutgoingConnection?[] _outgoing;
    private readonly PeerSocket?[] _incoming;
    private ImmutableSortedDictionary<NodeId, string> _clientAddresses;
    private PeerEvents? _events;
    private bool _isStopped;

    /// <summary>Makes the transport; nothing is dialled before <see cref="Start"/>.</summary>
    /// <param name="self">This node, a member.</param>
    /// <param name="members">The members in force.</param>
    /// <param name="addressesOf">Where a member may be reached, the likeliest first.</param>
    /// <param name="limits">Bounds and times.</param>
    /// <param name="meter">Where to count.</param>
    /// <param name="log">Where to log.</param>
    public PeerTransport(PeerIdentity self, Configuration members, Func<Member, IReadOnlyList<string>> addressesOf, PeerLimits limits, PeerMeter meter, ILogger log)
    {
        Self = self;
        _members = members;
        _addressesOf = addressesOf;
        _limits = limits;
        _meter = meter;
        _log = log;
        _outgoing = new OutgoingConnection?[members.Voters.Length * Channels];
        _incoming = new PeerSocket?[members.Voters.Length * Channels];
        _clientAddresses = ImmutableSortedDictionary<NodeId, string>.Empty.Add(self.Id, self.ClientAddress);
    }

    /// <summary>This node.</summary>
    public PeerIdentity Self { get; }

    /// <summary>The members whose connections are taken.</summary>
    public Configuration Members => _members;

    /// <summary>What the handshakes told about where clients reach the members. Any thread.</summary>
    public ImmutableSortedDictionary<NodeId, string> ClientAddresses => Volatile.Read(ref _clientAddresses);

    /// <summary>Begins to dial, and to take connections.</summary>
    public void Start(PeerEvents events)
    {
        lock (_gate)
        {
            _events = events;
            OutgoingSetting setting = new(_limits, _meter, events, LearnClientAddress, _log);
            for (int place = 0; place < _members.Voters.Length; place++)
            {
                Member member = _members.Voters[place];
                for (int channel = 0; channel < Channels && member.Id != Self.Id; channel++)
                {
                    _outgoing[(place * Channels) + channel] = new OutgoingConnection(Self, member, (PeerChannel)channel, _addressesOf(member), setting);
                }
            }
        }

        foreach (OutgoingConnection? connection in _outgoing)
        {
            connection?.Start();
        }
    }

    /// <inheritdoc/>
    public bool Send(NodeId to, PeerChannel channel, PeerFrame frame)
    {
        int place = _members.VoterIds.BinarySearch(to);
        if (place >= 0 && _outgoing[(place * Channels) + (int)channel] is { } connection)
        {
            return connection.Send(frame);
        }

        _meter.CountFramesDropped(1);
        return false;
    }

    /// <summary>Reads the frames of an accepted connection until it ends. Blocks: the connection's own thread.</summary>
    public void Serve(PeerSocket socket, NodeId from, PeerChannel channel, string clientAddress)
    {
        int place = (_members.VoterIds.BinarySearch(from) * Channels) + (int)channel;
        PeerEvents events;
        lock (_gate)
        {
            if (_isStopped || _events is null)
            {
                return;
            }

            // A peer that dials anew has given its former connection up, whether or not that is noticed here yet.
            _incoming[place]?.Dispose();
            _incoming[place] = socket;
            events = _events;
        }

        string name = _members.Find(from)!.Name;
        LearnClientAddress(from, clientAddress);
        ProbePeer(from);
        PeerLog.Accepted(_log, name, from, channel, socket.Remote);
        FrameCutter cutter = new(frame => events.Receive(from, channel, frame));
        string? error = ReadFrames(socket, cutter, out string why);
        if (error is not null)
        {
            _meter.CountFrameRefused();
            PeerLog.BadFrame(_log, name, from, channel, error);
        }
        else
        {
            PeerLog.Ended(_log, name, from, channel, why);
        }

        // A process that ends takes both directions with it; what this node has sent there is looked at before it waits for an answer.
        ProbePeer(from);
        socket.Dispose();
        lock (_gate)
        {
            if (_incoming[place] == socket)
            {
                _incoming[place] = null;
            }
        }
    }

    /// <summary>Closes everything and waits for the sending threads.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isStopped = true;
            foreach (PeerSocket? socket in _incoming)
            {
                socket?.Dispose();
            }
        }

        foreach (OutgoingConnection? connection in _outgoing)
        {
            connection?.Dispose();
        }

        foreach (OutgoingConnection? connection in _outgoing)
        {
            connection?.Join(TimeSpan.FromSeconds(1));
        }
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
        int place = _members.VoterIds.BinarySearch(peer) * Channels;
        for (int channel = 0; channel < Channels; channel++)
        {
            _outgoing[place + channel]?.Probe();
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
