using System.Net;
using System.Net.Sockets;
using RaftStore.Node;
using RaftStore.Node.Handshakes;
using RaftStore.Raft;
using RaftStore.Server.Peers;

namespace RaftStore.Server.Tests.Peers;

public sealed class PeerTransportTests
{
    private static readonly NodeId One = new(1);
    private static readonly NodeId Two = new(2);

    [Fact]
    public void Nodes_Connected_CarryFramesOnEveryChannelBothWays()
    {
        PeerNodeHarness[] nodes = PeerNodeHarness.StartConnected(3);
        try
        {
            foreach (PeerNodeHarness from in nodes)
            {
                foreach (PeerNodeHarness to in nodes.Where(to => to != from))
                {
                    foreach (PeerChannel channel in Enum.GetValues<PeerChannel>())
                    {
                        Assert.True(from.Transport.Send(to.Transport.Self.Id, channel, TestFrames.Whole(100, (int)from.Transport.Self.Id.Value)));
                    }
                }
            }

            foreach (PeerNodeHarness node in nodes)
            {
                Eventually.True(() => node.Received.Count == 6, "two peers sent on three channels each");
                Assert.All(node.Received, received => Assert.Equal((int)received.From.Value, TestFrames.MarkOf(received.Frame)));
                Assert.Equal(6, node.Received.Select(received => (received.From, received.Channel)).Distinct().Count());
                Assert.Equal(["http://n1", "http://n2", "http://n3"], node.Transport.ClientAddresses.Values);
            }
        }
        finally
        {
            Stop(nodes);
        }
    }

    [Fact]
    public void Channel_FramesOfEverySize_ArriveWholeAndInOrder()
    {
        PeerNodeHarness[] nodes = PeerNodeHarness.StartConnected(2);
        try
        {
            Random random = new(2);
            int[] lengths = [.. Enumerable.Range(0, 400).Select(i => i % 50 == 7 ? random.Next(100_000, 1_500_000) : random.Next(PeerFrames.HeaderBytes, 3000))];
            for (int i = 0; i < lengths.Length; i++)
            {
                PeerFrame frame = TestFrames.Whole(lengths[i], i);
                Eventually.True(() => nodes[0].Transport.Send(Two, PeerChannel.Bulk, frame), "the queue takes the frame");
            }

            Eventually.True(() => nodes[1].Received.Count == lengths.Length, "everything arrives");
            Assert.Equal(lengths, nodes[1].Received.Select(received => received.Frame.Length));
            Assert.All(nodes[1].Received, received => Assert.True(TestFrames.IsIntact(received.Frame)));
            Assert.Equal(0, nodes[0].CountEvents("lost"));
        }
        finally
        {
            Stop(nodes);
        }
    }

    [Fact]
    public void Channel_FrameWithManyBatches_ArrivesAsItsPiecesStand()
    {
        PeerNodeHarness[] nodes = PeerNodeHarness.StartConnected(2);
        try
        {
            PeerFrame frame = TestFrames.WithBatches(batches: 100, payloadBytes: 5000, mark: 1, out byte[] wire);
            Assert.True(nodes[0].Transport.Send(Two, PeerChannel.Bulk, frame));

            Eventually.True(() => nodes[1].Received.Count == 1, "it arrives");
            Assert.True(nodes[1].Received.TryPeek(out var received) && received.Frame.Span.SequenceEqual(wire));
        }
        finally
        {
            Stop(nodes);
        }
    }

    [Fact]
    public void Channel_Idle_IsKeptAlive()
    {
        PeerLimits limits = PeerNodeHarness.Limits with { KeepAliveMs = 20, SilenceTimeoutMs = 4000 };
        PeerNodeHarness[] nodes = PeerNodeHarness.StartConnected(2, limits);
        try
        {
            // So many keep-alives take longer than the silence that is allowed.
            long enough = nodes[1].Meter.Snapshot.BytesReceived + (3 * sizeof(int) * (limits.SilenceTimeoutMs / limits.KeepAliveMs));
            Eventually.True(() => nodes[1].Meter.Snapshot.BytesReceived > enough, "keep-alives flow");

            Assert.Equal(0, nodes[0].CountEvents("lost"));
            Assert.Empty(nodes[1].Received);
        }
        finally
        {
            Stop(nodes);
        }
    }

    [Fact]
    public void Channel_ToAPeerThatRestarts_IsLostAndMadeAnew()
    {
        PeerNodeHarness[] nodes = PeerNodeHarness.StartConnected(2);
        int port = nodes[1].Port;
        nodes[1].Dispose();
        Eventually.True(() => nodes[0].CountEvents("lost") == 3, "every channel notices");
        Assert.False(nodes[0].Transport.Send(Two, PeerChannel.Control, TestFrames.Whole(20, 1)));
        Assert.Equal(1, nodes[0].Meter.Snapshot.FramesDropped);

        nodes[1] = PeerNodeHarness.Listen(PeerNodeHarness.Members(2), id: 2, port: port, addressOf: _ => $"127.0.0.1:{nodes[0].Port}");
        nodes[1].Dial();
        try
        {
            Eventually.True(() => nodes[0].CountEvents("connected") == 6, "every channel is back");
            Assert.True(nodes[0].Transport.Send(Two, PeerChannel.Control, TestFrames.Whole(20, 2)));
            Eventually.True(() => nodes[1].Received.Count == 1, "frames flow again");
        }
        finally
        {
            Stop(nodes);
        }
    }

    [Fact]
    public void Channel_OnWhichAFrameIsRefused_IsClosedAndMadeAnew()
    {
        PeerNodeHarness[] nodes = PeerNodeHarness.StartConnected(2);
        try
        {
            nodes[1].Judge = frame => TestFrames.MarkOf(frame) == 13 ? "an unlucky number" : null;
            nodes[0].Transport.Send(Two, PeerChannel.Bulk, TestFrames.Whole(20, 13));

            Eventually.True(() => nodes[0].CountEvents("lost", PeerChannel.Bulk) == 1, "the sender notices");
            Eventually.True(() => nodes[0].CountEvents("connected", PeerChannel.Bulk) == 2, "and dials again");
            Assert.Equal(0, nodes[0].CountEvents("lost", PeerChannel.Control));
            Assert.Equal(1, nodes[1].Meter.Snapshot.FramesRefused);
        }
        finally
        {
            Stop(nodes);
        }
    }

    [Fact]
    public void Channel_ToAPeerThatStopsReading_IsBoundedDroppedAndProbedAgain()
    {
        using TcpListener deaf = new(IPAddress.Loopback, 0);
        deaf.Server.ReceiveBufferSize = 16 << 10;
        deaf.Start();
        string address = deaf.LocalEndpoint.ToString()!;
        PeerLimits limits = PeerNodeHarness.Limits with { StallTimeoutMs = 300 };
        using PeerNodeHarness node = PeerNodeHarness.Listen(PeerNodeHarness.Members(2), id: 1, limits, addressOf: _ => address);
        node.Dial();
        List<Socket> deafEnds = [.. Enumerable.Range(0, 3).Select(_ => WelcomeAndStopReading(deaf))];
        try
        {
            Eventually.True(() => node.CountEvents("connected") == 3, "connected");
            int mark = 0;
            Eventually.True(() => !node.Transport.Send(Two, PeerChannel.Bulk, TestFrames.Whole(200_000, mark++)), "the queue reaches its bound");
            Assert.True(mark * 200_000L < 64 << 20, $"{mark} frames were taken");
            Assert.True(node.Transport.Send(Two, PeerChannel.Control, TestFrames.Whole(20, 1)), "the other channels are not in its way");

            Eventually.True(() => node.CountEvents("lost", PeerChannel.Bulk) == 1, "the deaf peer is dropped");
            Assert.False(node.Transport.Send(Two, PeerChannel.Bulk, TestFrames.Whole(20, 1)), "nothing is queued for it");
            deafEnds.Add(WelcomeAndStopReading(deaf));
            Eventually.True(() => node.CountEvents("connected", PeerChannel.Bulk) == 2, "it is probed again");
        }
        finally
        {
            deafEnds.ForEach(end => end.Dispose());
        }
    }

    [Theory]
    [InlineData("cluster")]
    [InlineData("name")]
    public void Dialler_ReachingSomebodyElse_NeverCallsItConnected(string misfit)
    {
        using TcpListener impostor = new(IPAddress.Loopback, 0);
        impostor.Start();
        string address = impostor.LocalEndpoint.ToString()!;
        using PeerNodeHarness node = PeerNodeHarness.Listen(PeerNodeHarness.Members(2), id: 1, addressOf: _ => address);
        node.Dial();
        for (int i = 0; i < 6; i++)
        {
            using Socket end = impostor.AcceptSocket();
            PeerHello hello = ReadHello(end);
            PeerWelcome welcome = new() { Version = 1, ClusterId = hello.ClusterId, NodeId = hello.TargetId, Name = hello.TargetName };
            welcome.ClusterId += misfit == "cluster" ? 1u : 0;
            welcome.Name = misfit == "name" ? "n3" : welcome.Name;
            end.Send(HandshakeFrames.Encode(welcome));
            Assert.True(PeerNodeHarness.IsClosedByOtherSide(end));
        }

        Assert.Empty(node.Events);
        Assert.False(node.Transport.Send(Two, PeerChannel.Control, TestFrames.Whole(20, 1)));
    }

    [Fact]
    public void Dialler_WithASecondAddress_FindsThePeerThere()
    {
        Configuration members = PeerNodeHarness.Members(2);
        using PeerNodeHarness two = PeerNodeHarness.Listen(members, id: 2);
        PeerIdentity self = new(PeerNodeHarness.Cluster, One, "n1", "", "127.0.0.1:7501");
        using PeerTransport transport = new(self, () => members, _ => ["127.0.0.1:1", $"127.0.0.1:{two.Port}"], PeerNodeHarness.Limits, new PeerMeter(), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        two.Dial();
        int connected = 0;
        transport.Start(new PeerEvents((_, _, _) => null, (_, _) => Interlocked.Increment(ref connected), (_, _) => { }, _ => { }), members);

        Eventually.True(() => Volatile.Read(ref connected) == 3, "the second address is tried");
    }

    [Fact]
    public void Send_ToNobody_IsDroppedAndCounted()
    {
        using PeerNodeHarness node = PeerNodeHarness.Listen(PeerNodeHarness.Members(2), id: 1);
        node.Dial();

        Assert.False(node.Transport.Send(One, PeerChannel.Control, TestFrames.Whole(20, 1)));
        Assert.False(node.Transport.Send(new NodeId(9), PeerChannel.Control, TestFrames.Whole(20, 1)));
        Assert.Equal(2, node.Meter.Snapshot.FramesDropped);
    }

    private static Socket WelcomeAndStopReading(TcpListener listener)
    {
        Socket end = listener.AcceptSocket();
        PeerHello hello = ReadHello(end);
        end.Send(HandshakeFrames.Encode(new PeerWelcome { Version = 1, ClusterId = hello.ClusterId, NodeId = hello.TargetId, Name = hello.TargetName }));
        return end;
    }

    private static PeerHello ReadHello(Socket end)
    {
        end.ReceiveTimeout = 30_000;
        byte[] header = new byte[HandshakeFrames.HeaderBytes];
        Assert.Equal(header.Length, end.Receive(header));
        byte[] message = new byte[BitConverter.ToInt32(header, 4)];
        Assert.Equal(message.Length, end.Receive(message));
        return PeerHello.Parser.ParseFrom(message);
    }

    private static void Stop(PeerNodeHarness[] nodes)
    {
        foreach (PeerNodeHarness node in nodes)
        {
            node.Dispose();
        }
    }
}
