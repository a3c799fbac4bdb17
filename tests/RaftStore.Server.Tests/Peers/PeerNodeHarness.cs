using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using RaftStore.Node;
using RaftStore.Node.Formation;
using RaftStore.Node.Handshakes;
using RaftStore.Raft;
using RaftStore.Server.Peers;
using RaftStore.Storage;

namespace RaftStore.Server.Tests.Peers;

/// <summary>The peer side of one formed node, on a loopback port, with a list in the node's place.</summary>
internal sealed class PeerNodeHarness : IDisposable
{
    public static readonly ClusterId Cluster = new(0xC0FFEE);

    private readonly PeerReception _reception;
    private readonly PeerListener _listener;

    private PeerNodeHarness(Configuration members, NodeId id, PeerLimits limits, Func<Member, string> addressOf, Func<PeerReception, PeerMeter, PeerListener> listen)
    {
        Applied = members;
        Member me = members.Find(id)!;
        PeerIdentity self = new(Cluster, id, me.Name, $"http://{me.Name}", me.PeerAddress);
        NodeIdentity identity = new(Cluster, id, me.Name, FormationState.Formed, members);
        FormationExchange formation = new(self, members, identity, _ => Assert.Fail("a formed node wrote its identity"), member => [member.PeerAddress], limits, Meter, NullLogger.Instance);
        _reception = new PeerReception(self, (_, _) => new NodeSighting { Name = me.Name, Stage = NodeStage.Formed, Life = 7, Cluster = Cluster, Id = id, PeerAddress = me.PeerAddress }, limits, Meter, NullLogger.Instance);
        _reception.Open(formation);
        _listener = listen(_reception, Meter);
        Port = _listener.Port;
        Transport = new PeerTransport(self, () => Applied, member => [addressOf(member)], limits, Meter, NullLogger.Instance);
        _listener.Start();
    }

    /// <summary>The members as of the last applied entry.</summary>
    public Configuration Applied { get; set; }

    /// <summary>Who said that this node was removed.</summary>
    public ConcurrentQueue<string> Removals { get; } = new();

    public static PeerLimits Limits { get; } = new() { SilenceTimeoutMs = 20_000, RedialMinMs = 5, RedialMaxMs = 50 };

    public PeerMeter Meter { get; } = new();

    public PeerTransport Transport { get; }

    /// <summary>Stays what it was after the end: others may still dial it.</summary>
    public int Port { get; }

    public ConcurrentQueue<(NodeId From, PeerChannel Channel, ReadOnlyMemory<byte> Frame)> Received { get; } = [];

    public ConcurrentQueue<(string What, NodeId Peer, PeerChannel Channel)> Events { get; } = [];

    /// <summary>What is wrong with a frame, in place of the node's own opinion.</summary>
    public Func<ReadOnlyMemory<byte>, string?> Judge { get; set; } = _ => null;

    /// <summary>A node that listens; see <see cref="Dial"/>.</summary>
    public static PeerNodeHarness Listen(Configuration members, uint id, PeerLimits? limits = null, int port = 0, Func<Member, string>? addressOf = null) =>
        new(members, new NodeId(id), limits ?? Limits, addressOf ?? (member => member.PeerAddress), (reception, meter) => new PeerListener($"127.0.0.1:{port}", reception, meter, NullLogger.Instance, failure => throw failure));

    /// <summary>Members whose addresses are only known once they listen.</summary>
    public static Configuration Members(int count) =>
        new(Enumerable.Range(1, count).Select(i => new Member(new NodeId((uint)i), $"n{i}", "127.0.0.1:1", "")));

    /// <summary>Nodes that are connected to each other, all channels both ways.</summary>
    public static PeerNodeHarness[] StartConnected(int count, PeerLimits? limits = null)
    {
        Configuration members = Members(count);
        PeerNodeHarness[] nodes = new PeerNodeHarness[count];
        for (int i = 0; i < count; i++)
        {
            nodes[i] = Listen(members, (uint)(i + 1), limits, addressOf: member => $"127.0.0.1:{nodes[member.Id.Value - 1].Port}");
        }

        foreach (PeerNodeHarness node in nodes)
        {
            node.Dial();
        }

        foreach (PeerNodeHarness node in nodes)
        {
            Eventually.True(() => node.CountEvents("connected") >= 3 * (count - 1), "every channel is connected");
        }

        return nodes;
    }

    /// <summary>Dials the other members, and takes their connections; before, they are told to come again.</summary>
    public void Dial()
    {
        Transport.Start(new PeerEvents(
            (from, channel, frame) =>
            {
                if (Judge(frame) is { } error)
                {
                    return error;
                }

                Received.Enqueue((from, channel, frame));
                return null;
            },
            (peer, channel) => Events.Enqueue(("connected", peer, channel)),
            (peer, channel) => Events.Enqueue(("lost", peer, channel)),
            Removals.Enqueue),
            Applied);
        _reception.Open(Transport);
    }

    public int CountEvents(string what) => Events.Count(happened => happened.What == what);

    public int CountEvents(string what, PeerChannel channel) => Events.Count(happened => happened.What == what && happened.Channel == channel);

    public void Dispose()
    {
        _listener.Dispose();
        Transport.Dispose();
    }

    /// <summary>A connection to this node's peer port that says nothing yet.</summary>
    public Socket Connect()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 30_000, NoDelay = true };
        socket.Connect(new IPEndPoint(IPAddress.Loopback, Port));
        return socket;
    }

    /// <summary>The hello of a member to this node.</summary>
    public PeerHello HelloFrom(uint id, PeerChannel channel)
    {
        PeerIdentity sender = new(Cluster, new NodeId(id), $"n{id}", $"http://n{id}", $"127.0.0.1:{id}");
        return HandshakeRules.MakeHello(sender, Transport.Members.Find(Transport.Self.Id)!, channel);
    }

    /// <summary>Reads the answer to a hello.</summary>
    public static PeerWelcome ReadWelcome(Socket socket)
    {
        byte[] header = new byte[HandshakeFrames.HeaderBytes];
        Fill(socket, header);
        byte[] message = new byte[BitConverter.ToInt32(header, 4)];
        Fill(socket, message);
        return PeerWelcome.Parser.ParseFrom(message);
    }

    /// <summary>True once the other side has closed; what it sent before is thrown away.</summary>
    public static bool IsClosedByOtherSide(Socket socket)
    {
        byte[] buffer = new byte[4096];
        try
        {
            while (socket.Receive(buffer) > 0)
            {
            }

            return true;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown;
        }
    }

    private static void Fill(Socket socket, Span<byte> target)
    {
        while (!target.IsEmpty)
        {
            int count = socket.Receive(target);
            Assert.True(count > 0, "the connection was closed within an answer");
            target = target[count..];
        }
    }
}
