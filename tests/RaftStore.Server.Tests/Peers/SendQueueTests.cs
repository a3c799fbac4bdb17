using RaftStore.Node;
using RaftStore.Server.Peers;

namespace RaftStore.Server.Tests.Peers;

public sealed class SendQueueTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100)]
    [InlineData(100_000)]
    public void Queue_SocketTakingAnyNumberOfBytes_SendsEveryByteOnceInOrder(int takenBytes)
    {
        SendQueue queue = new(bytesMax: 1 << 20);
        List<byte> expected = [];
        for (int i = 0; i < 20; i++)
        {
            PeerFrame frame = TestFrames.WithBatches(i % 4, 10 * i, i, out byte[] wire);
            Assert.True(queue.TryAdd(frame));
            expected.AddRange(wire);
        }

        Assert.Equal(expected.Count, queue.Bytes);
        List<byte> sent = [];
        List<ArraySegment<byte>> pieces = [];
        while (queue.Count > 0)
        {
            queue.Gather(pieces);
            Assert.InRange(pieces.Count, 1, PeerSocket.GatherMax);
            byte[] gathered = [.. pieces.SelectMany(piece => piece)];
            int count = Math.Min(takenBytes, gathered.Length);
            sent.AddRange(gathered[..count]);
            queue.Advance(count);
        }

        Assert.Equal(expected, sent);
        Assert.Equal(0, queue.Bytes);
    }

    [Fact]
    public void Queue_AtItsBound_RefusesUntilThereIsRoom()
    {
        SendQueue queue = new(bytesMax: 100);
        Assert.True(queue.TryAdd(TestFrames.Whole(60, 1)));
        Assert.True(queue.TryAdd(TestFrames.Whole(40, 2)));
        Assert.False(queue.TryAdd(TestFrames.Whole(16, 3)));

        queue.Advance(30);
        Assert.True(queue.TryAdd(TestFrames.Whole(16, 3)));
        Assert.Equal(86, queue.Bytes);
    }

    [Fact]
    public void Queue_FrameLongerThanTheBound_WaitsAlone()
    {
        SendQueue queue = new(bytesMax: 100);

        Assert.True(queue.TryAdd(TestFrames.Whole(1000, 1)));
        Assert.False(queue.TryAdd(TestFrames.Whole(16, 2)));
    }

    [Fact]
    public void Queue_Cleared_HoldsNothingAndBeginsAtAFramesStart()
    {
        SendQueue queue = new(bytesMax: 1000);
        queue.TryAdd(TestFrames.Whole(50, 1));
        queue.TryAdd(TestFrames.Whole(50, 2));
        queue.Advance(20);

        Assert.Equal(2, queue.Clear());
        queue.TryAdd(TestFrames.Whole(30, 3));
        List<ArraySegment<byte>> pieces = [];
        queue.Gather(pieces);
        Assert.Equal(TestFrames.Make(30, 3), pieces.SelectMany(piece => piece));
    }
}
