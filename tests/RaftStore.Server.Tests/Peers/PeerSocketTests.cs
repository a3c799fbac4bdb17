using System.Net;
using System.Net.Sockets;
using RaftStore.Server.Peers;

namespace RaftStore.Server.Tests.Peers;

public sealed class PeerSocketTests
{
    [Fact]
    public void TrySend_MoreThanTheKernelTakes_SaysHowMuchItTook()
    {
        (PeerSocket sender, Socket receiver) = Pair(smallBuffers: true);
        using (sender)
        using (receiver)
        {
            byte[] data = new byte[8 << 20];
            new Random(1).NextBytes(data);
            int sent = sender.TrySend([data], out bool broke);
            Assert.False(broke);
            Assert.InRange(sent, 1, data.Length - 1);
            Assert.Equal(0, sender.TrySend([data], out broke));
            Assert.False(broke);
            Assert.False(sender.WaitWritable(timeoutMs: 1));

            // Received and sent in turns, each a little at a time.
            byte[] received = new byte[data.Length];
            int have = 0;
            int rounds = 0;
            while (have < data.Length)
            {
                have += receiver.Receive(received.AsSpan(have));
                if (sent < data.Length)
                {
                    int half = (data.Length - sent) / 2;
                    sent += sender.TrySend([new ArraySegment<byte>(data, sent, half), new ArraySegment<byte>(data, sent + half, data.Length - sent - half)], out broke);
                    Assert.False(broke);
                    rounds++;
                }
            }

            Assert.Equal(data, received);
            Assert.True(rounds > 3, $"{rounds} rounds: the kernel took too much at a time for this test to mean anything");
        }
    }

    [Fact]
    public void TrySend_AfterTheOtherSideWentAway_SaysThatItBroke()
    {
        (PeerSocket sender, Socket receiver) = Pair();
        using (sender)
        {
            receiver.LingerState = new LingerOption(enable: true, seconds: 0);
            receiver.Dispose();

            Eventually.True(
                () =>
                {
                    sender.TrySend([new byte[100]], out bool broke);
                    return broke;
                },
                "the connection is seen to be broken");
            Assert.True(sender.IsOverForSender());
        }
    }

    [Fact]
    public void IsOverForSender_OnAnOpenConnection_IsFalseUntilTheOtherSideCloses()
    {
        (PeerSocket sender, Socket receiver) = Pair();
        using (sender)
        {
            Assert.False(sender.IsOverForSender());
            receiver.Dispose();
            Eventually.True(sender.IsOverForSender, "the end of the other side is seen");
        }
    }

    [Fact]
    public void Receive_WithNothingToReceive_EndsInTime()
    {
        (PeerSocket sender, Socket receiver) = Pair();
        using PeerSocket accepted = new(receiver, new PeerMeter());
        using (sender)
        {
            Assert.Equal(-1, accepted.Receive(new byte[10], timeoutMs: 20));
            Assert.Equal(-1, sender.Receive(new byte[10], timeoutMs: 20));
            sender.SendAll([1, 2, 3], timeoutMs: 30_000);
            Assert.Equal(3, accepted.Receive(new byte[10], timeoutMs: 30_000));
        }
    }

    [Fact]
    public void Dispose_WhileAnotherThreadReceives_EndsItsWait()
    {
        (PeerSocket sender, Socket receiver) = Pair();
        using PeerSocket accepted = new(receiver, new PeerMeter());
        using (sender)
        {
            int result = int.MinValue;
            Thread reader = new(() =>
            {
                try
                {
                    result = accepted.Receive(new byte[10], timeoutMs: 60_000);
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    result = 0;
                }
            });
            reader.Start();
            Eventually.True(() => reader.ThreadState.HasFlag(ThreadState.WaitSleepJoin) || reader.ThreadState == ThreadState.Running, "the reader runs");

            accepted.Dispose();

            Assert.True(reader.Join(TimeSpan.FromSeconds(30)), "the reader still waits");
            Assert.Equal(0, result);
        }
    }

    [Fact]
    public void Connect_WhereNobodyListens_Fails()
    {
        using Socket taken = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        PeerMeter meter = new();

        SocketException e = Assert.Throws<SocketException>(() => PeerSocket.Connect((IPEndPoint)taken.LocalEndPoint!, 30_000, meter));

        Assert.Equal(SocketError.ConnectionRefused, e.SocketErrorCode);
        Assert.Equal(0, meter.Snapshot.ConnectionsOpen);
    }

    private static (PeerSocket Sender, Socket Receiver) Pair(bool smallBuffers = false)
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        if (smallBuffers)
        {
            listener.ReceiveBufferSize = 16 << 10;
        }

        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        PeerSocket sender = PeerSocket.Connect((IPEndPoint)listener.LocalEndPoint!, 30_000, new PeerMeter());
        Socket receiver = listener.Accept();
        receiver.ReceiveTimeout = 30_000;
        return (sender, receiver);
    }
}
