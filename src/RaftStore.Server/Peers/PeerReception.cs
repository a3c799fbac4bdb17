using RaftStore.Node.Formation;
using RaftStore.Node.Handshakes;
using RaftStore.Raft;

namespace RaftStore.Server.Peers;

/// <summary>Receives connections on the peer port: shakes hands, and hands them to the formation or to the running node. Whoever is
/// neither founder nor member is closed and counted, and nothing else follows. Any thread.</summary>
/// <param name="self">This node, without a cluster.</param>
/// <param name="introduce">What it says of itself to one who asks, named by his name and the address where he says that peers reach him.</param>
/// <param name="limits">Bounds and times.</param>
/// <param name="meter">Where to count.</param>
/// <param name="log">Where to log.</param>
internal sealed class PeerReception(PeerIdentity self, Func<string, string, NodeSighting> introduce, PeerLimits limits, PeerMeter meter, ILogger log)
{
    /// <summary>One line of refusals in so many milliseconds.</summary>
    private readonly LogGate _refusals = new(intervalMs: 10_000);

    private PeerTransport? _transport;
    private FormationExchange? _formation;

    /// <summary>From now on founders are served by that exchange, and by no earlier one; before, they are told to come again.</summary>
    public void Open(FormationExchange formation) => Volatile.Write(ref _formation, formation);

    /// <summary>From now on founders are told to come again.</summary>
    public void CloseFormation() => Volatile.Write(ref _formation, null);

    /// <summary>From now on members are served; before, they are told to come again.</summary>
    public void Open(PeerTransport transport) => Volatile.Write(ref _transport, transport);

    /// <summary>Serves one connection until it ends. Blocks: the connection's own thread.</summary>
    /// <param name="socket">The connection; whoever calls disposes of it.</param>
    /// <param name="handshakeEnded">Called once the other side is known.</param>
    public void Serve(PeerSocket socket, Action handshakeEnded)
    {
        try
        {
            PeerHello? hello = HandshakeFrames.ReadHello(socket, limits.HandshakeTimeoutMs);
            if (hello is null)
            {
                return;
            }

            PeerTransport? transport = Volatile.Read(ref _transport);
            FormationExchange? formation = Volatile.Read(ref _formation);
            PeerWelcome welcome = HandshakeRules.Judge(hello, transport?.Self ?? self, transport?.Members, canForm: formation is not null);
            if (hello.Channel == HelloChannel.Inquiry && welcome.Refusal == HelloRefusal.None)
            {
                welcome = Introduction.Describe(introduce(hello.SenderName, hello.PeerAddress), welcome.Version);
            }

            socket.SendAll(HandshakeFrames.Encode(welcome), limits.HandshakeTimeoutMs);
            if (welcome.Refusal == HelloRefusal.Forming || hello.Channel == HelloChannel.Inquiry)
            {
                return;
            }

            if (welcome.Refusal != HelloRefusal.None)
            {
                NoteRefusal(socket.Remote, $"{hello.SenderName} was refused, since {welcome.Reason}");
                return;
            }

            handshakeEnded();
            if (hello.Channel == HelloChannel.Formation)
            {
                formation!.Serve(socket, hello.SenderName);
            }
            else
            {
                Member sender = new(new NodeId(hello.SenderId), hello.SenderName, hello.PeerAddress, hello.ClientAddress);
                if (!transport!.Serve(socket, sender, HandshakeRules.ToChannel(hello.Channel)))
                {
                    NoteRefusal(socket.Remote, $"{hello.SenderName} is no member that is known here, and too many such are connected");
                }
            }
        }
        catch (HandshakeException e)
        {
            NoteRefusal(socket.Remote, e.Message);
        }
    }

    /// <summary>Counts a connection that was refused, and logs it now and then.</summary>
    public void NoteRefusal(string remote, string why)
    {
        meter.CountHandshakeRefused();
        if (_refusals.TryPass(Environment.TickCount64, out int unlogged))
        {
            PeerLog.Refused(log, remote, why, unlogged);
        }
    }
}
