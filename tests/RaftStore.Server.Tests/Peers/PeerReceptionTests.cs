using System.Net.Sockets;
using System.Text;
using RaftStore.Node;
using RaftStore.Node.Handshakes;
using RaftStore.Server.Peers;

namespace RaftStore.Server.Tests.Peers;

/// <summary>What strangers and damaged peers can do on the peer port: nothing.</summary>
public sealed class PeerReceptionTests
{
    private static readonly PeerLimits Hasty = PeerNodeHarness.Limits with { HandshakeTimeoutMs = 200 };

    [Fact]
    public void Port_HelloOfAMember_IsWelcomedAndItsFramesDelivered()
    {
        using PeerNodeHarness node = Start();
        using Socket socket = node.Connect();

        socket.Send(HandshakeFrames.Encode(node.HelloFrom(2, PeerChannel.Bulk)));
        Assert.Equal(HelloRefusal.None, PeerNodeHarness.ReadWelcome(socket).Refusal);
        socket.Send(TestFrames.Make(100, 1));

        Eventually.True(() => node.Received.Count == 1, "the frame is delivered");
        Assert.Equal("http://n2", node.Transport.ClientAddresses[new(2)]);
        Assert.Equal(0, node.Meter.Snapshot.HandshakesRefused);
    }

    [Fact]
    public void Port_HelloCutAtEveryByte_IsClosedAndChangesNothing()
    {
        using PeerNodeHarness node = Start();
        byte[] hello = HandshakeFrames.Encode(node.HelloFrom(2, PeerChannel.Control));
        for (int cut = 0; cut < hello.Length; cut++)
        {
            using Socket socket = node.Connect();
            socket.Send(hello.AsSpan(0, cut));
            socket.Shutdown(SocketShutdown.Send);
            Assert.True(PeerNodeHarness.IsClosedByOtherSide(socket), $"a hello cut after {cut} bytes");
        }

        // A connection that ends without a byte is a port check, and not counted.
        Eventually.True(() => node.Meter.Snapshot.HandshakesRefused == hello.Length - 1, "every cut hello is counted");
        AssertUnchanged(node);
    }

    [Fact]
    public void Port_AnyFlippedByteInAHello_IsRefused()
    {
        using PeerNodeHarness node = Start();
        byte[] hello = HandshakeFrames.Encode(node.HelloFrom(2, PeerChannel.Control));
        for (int i = 0; i < hello.Length; i++)
        {
            byte[] damaged = (byte[])hello.Clone();
            damaged[i] ^= 0x5A;
            using Socket socket = node.Connect();
            socket.Send(damaged);
            socket.Shutdown(SocketShutdown.Send);
            Assert.True(PeerNodeHarness.IsClosedByOtherSide(socket), $"byte {i} flipped");
        }

        Eventually.True(() => node.Meter.Snapshot.HandshakesRefused == hello.Length, "every damaged hello is counted");
        AssertUnchanged(node);
    }

    [Fact]
    public void Port_RandomBytesAndForeignProtocols_AreClosedAndCounted()
    {
        using PeerNodeHarness node = Start();
        Random random = new(1);
        byte[] noise = new byte[10_000];
        random.NextBytes(noise);
        byte[][] strangers =
        [
            Encoding.ASCII.GetBytes("GET /v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
            noise,
            [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03, 0x00],
            TestFrames.Make(1000, 1),
            Announce(length: uint.MaxValue),
            Announce(length: HandshakeFrames.HelloBytesMax + 1),
        ];
        foreach (byte[] stranger in strangers)
        {
            using Socket socket = node.Connect();
            socket.Send(stranger);
            Assert.True(PeerNodeHarness.IsClosedByOtherSide(socket));
        }

        Eventually.True(() => node.Meter.Snapshot.HandshakesRefused == strangers.Length, "every stranger is counted");
        AssertUnchanged(node);
    }

    [Theory]
    [InlineData("cluster", HelloRefusal.Cluster)]
    [InlineData("target", HelloRefusal.Target)]
    [InlineData("sender", HelloRefusal.Sender)]
    public void Port_HelloThatDoesNotFit_IsToldWhyAndClosedBeforeAnyFrameCounts(string misfit, HelloRefusal refusal)
    {
        using PeerNodeHarness node = Start();
        PeerHello hello = node.HelloFrom(2, PeerChannel.Control);
        hello.ClusterId += misfit == "cluster" ? 1u : 0;
        hello.TargetName = misfit == "target" ? "n3" : hello.TargetName;
        hello.SenderName = misfit == "sender" ? "n3" : hello.SenderName;
        using Socket socket = node.Connect();

        socket.Send([.. HandshakeFrames.Encode(hello), .. TestFrames.Make(64, 1)]);

        Assert.Equal(refusal, PeerNodeHarness.ReadWelcome(socket).Refusal);
        Assert.True(PeerNodeHarness.IsClosedByOtherSide(socket));
        Eventually.True(() => node.Meter.Snapshot.HandshakesRefused == 1, "the refusal is counted");
        AssertUnchanged(node);
    }

    [Fact]
    public void Port_HelloThatTricklesIn_IsClosedAtTheDeadline()
    {
        using PeerNodeHarness node = Start(Hasty);
        byte[] hello = HandshakeFrames.Encode(node.HelloFrom(2, PeerChannel.Control));
        using Socket socket = node.Connect();
        int sent = 0;

        // A byte at a time, never silent for long, and never the last one: only a deadline for the whole can end this.
        Eventually.True(
            () =>
            {
                if (sent < hello.Length - 1)
                {
                    socket.Send(hello.AsSpan(sent++, 1));
                }

                return node.Meter.Snapshot.HandshakesRefused == 1;
            },
            "the trickle is cut off");
        Assert.True(PeerNodeHarness.IsClosedByOtherSide(socket));
        AssertUnchanged(node);
    }

    [Fact]
    public void Port_FullOfSilentStrangers_ClosesTheOldestAndWelcomesAMember()
    {
        using PeerNodeHarness node = Start();
        List<Socket> silent = [];
        try
        {
            for (int i = 0; i < PeerLimits.HandshakesMax; i++)
            {
                silent.Add(node.Connect());
            }

            Eventually.True(() => node.Meter.Snapshot.ConnectionsOpen == PeerLimits.HandshakesMax, "all allowed handshakes are open");
            using Socket member = Welcomed(node, PeerChannel.Control);

            Assert.True(PeerNodeHarness.IsClosedByOtherSide(silent[0]));
            Eventually.True(() => node.Meter.Snapshot.HandshakesRefused == 1, "the oldest is counted, and no other");
            Assert.Equal(PeerLimits.HandshakesMax, node.Meter.Snapshot.ConnectionsOpen);
        }
        finally
        {
            silent.ForEach(socket => socket.Dispose());
        }

        Eventually.True(() => node.Meter.Snapshot.ConnectionsOpen == 0, "nothing is left open");
    }

    [Fact]
    public void Port_SecondConnectionOfAMemberForAChannel_TakesThePlaceOfTheFirst()
    {
        using PeerNodeHarness node = Start();
        using Socket first = Welcomed(node, PeerChannel.Control);
        using Socket other = Welcomed(node, PeerChannel.Bulk);
        using Socket second = Welcomed(node, PeerChannel.Control);

        Assert.True(PeerNodeHarness.IsClosedByOtherSide(first));
        second.Send(TestFrames.Make(50, 1));
        other.Send(TestFrames.Make(50, 2));
        Eventually.True(() => node.Received.Count == 2, "the channels that stand deliver");
    }

    [Fact]
    public void Port_MemberThatFallsSilent_IsClosed()
    {
        using PeerNodeHarness node = Start(PeerNodeHarness.Limits with { SilenceTimeoutMs = 150 });
        using Socket socket = Welcomed(node, PeerChannel.Control);

        Assert.True(PeerNodeHarness.IsClosedByOtherSide(socket), "half open");
        Assert.Equal(0, node.Meter.Snapshot.FramesRefused);
    }

    [Fact]
    public void Port_BytesThatAreNoFrameFromAMember_CloseItsConnectionAndAreCounted()
    {
        using PeerNodeHarness node = Start();
        using Socket socket = Welcomed(node, PeerChannel.Bulk);

        socket.Send(TestFrames.Make(64, 1));
        socket.Send([0xFF, 0xFF, 0xFF, 0xFF]);

        Assert.True(PeerNodeHarness.IsClosedByOtherSide(socket));
        Eventually.True(() => node.Meter.Snapshot.FramesRefused == 1, "it is counted");
        Assert.Equal(1, TestFrames.MarkOf(Assert.Single(node.Received).Frame));
    }

    private static PeerNodeHarness Start(PeerLimits? limits = null)
    {
        PeerNodeHarness node = PeerNodeHarness.Listen(PeerNodeHarness.Members(3), id: 1, limits, addressOf: _ => "127.0.0.1:1");
        node.Dial();
        return node;
    }

    private static Socket Welcomed(PeerNodeHarness node, PeerChannel channel)
    {
        Socket socket = node.Connect();
        socket.Send(HandshakeFrames.Encode(node.HelloFrom(2, channel)));
        Assert.Equal(HelloRefusal.None, PeerNodeHarness.ReadWelcome(socket).Refusal);
        return socket;
    }

    private static byte[] Announce(uint length)
    {
        byte[] bytes = HandshakeFrames.Encode(new byte[8]);
        BitConverter.GetBytes(length).CopyTo(bytes, 4);
        return bytes;
    }

    private static void AssertUnchanged(PeerNodeHarness node)
    {
        Assert.Empty(node.Received);
        Assert.Single(node.Transport.ClientAddresses);
        Eventually.True(() => node.Meter.Snapshot.ConnectionsOpen == 0, "nothing is left open");
    }
}
