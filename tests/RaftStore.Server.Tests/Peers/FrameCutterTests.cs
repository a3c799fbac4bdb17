using RaftStore.Node;
using RaftStore.Server.Peers;

namespace RaftStore.Server.Tests.Peers;

public sealed class FrameCutterTests
{
    private static readonly int[] Lengths =
    [
        PeerFrames.HeaderBytes, 60, 4096, FrameCutter.SharedFrameBytesMax, FrameCutter.SharedFrameBytesMax + 1, FrameCutter.ChunkBytes, 300_000, 61, 17,
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    [InlineData(8191)]
    [InlineData(65536)]
    public void Cutter_BytesInPiecesOfAnySize_DeliversTheFrames(int pieceBytes)
    {
        List<ReadOnlyMemory<byte>> frames = [];
        FrameCutter cutter = Collect(frames);

        Assert.Null(Feed(cutter, Stream(Lengths), pieceBytes));

        Assert.Equal(Lengths, frames.Select(frame => frame.Length));
        Assert.All(frames, frame => Assert.True(TestFrames.IsIntact(frame), "a frame that was delivered was changed afterwards"));
    }

    [Fact]
    public void Cutter_StreamCutAtEveryByte_DeliversTheFrames()
    {
        byte[] stream = Stream([16, 100, 20, 33]);
        for (int cut = 1; cut < stream.Length; cut++)
        {
            List<ReadOnlyMemory<byte>> frames = [];
            FrameCutter cutter = Collect(frames);
            Assert.Null(Feed(cutter, stream.AsSpan(..cut), cut));
            Assert.Null(Feed(cutter, stream.AsSpan(cut..), stream.Length));
            Assert.Equal(4, frames.Count);
            Assert.All(frames, frame => Assert.True(TestFrames.IsIntact(frame)));
        }
    }

    [Fact]
    public void Cutter_KeepAlivesBetweenFrames_AreNoFrames()
    {
        byte[] keepAlive = FrameCutter.KeepAlive.ToArray();
        byte[] stream = [.. keepAlive, .. TestFrames.Make(50, 1), .. keepAlive, .. keepAlive, .. TestFrames.Make(20_000, 2), .. keepAlive, .. TestFrames.Make(16, 3)];
        for (int pieceBytes = 1; pieceBytes < 20; pieceBytes++)
        {
            List<ReadOnlyMemory<byte>> frames = [];
            Assert.Null(Feed(Collect(frames), stream, pieceBytes));
            Assert.Equal([1, 2, 3], frames.Select(TestFrames.MarkOf));
        }
    }

    [Theory]
    [InlineData(1u)]
    [InlineData(15u)]
    [InlineData((uint)PeerFrames.LengthBytesMax + 1)]
    [InlineData(uint.MaxValue)]
    [InlineData(0x20544547u)]
    public void Cutter_LengthThatNoFrameHas_IsRefusedBeforeAnythingIsAllocated(uint length)
    {
        FrameCutter cutter = Collect([]);
        long before = GC.GetAllocatedBytesForCurrentThread();

        string? error = Feed(cutter, BitConverter.GetBytes(length), 4);

        Assert.NotNull(error);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096);
    }

    [Fact]
    public void Cutter_FrameThatReceiverRefuses_StopsThere()
    {
        int delivered = 0;
        FrameCutter cutter = new(frame => ++delivered == 2 ? "no" : null);

        Assert.Equal("no", Feed(cutter, Stream([20, 21, 22]), 63));
        Assert.Equal(2, delivered);
    }

    [Fact]
    public void Cutter_LongestFrame_IsDelivered()
    {
        List<ReadOnlyMemory<byte>> frames = [];

        Assert.Null(Feed(Collect(frames), TestFrames.Make(PeerFrames.LengthBytesMax, 5), 1 << 20));

        Assert.True(TestFrames.IsIntact(Assert.Single(frames)));
    }

    private static FrameCutter Collect(List<ReadOnlyMemory<byte>> frames) => new(frame =>
    {
        frames.Add(frame);
        return null;
    });

    private static byte[] Stream(int[] lengths) => [.. lengths.SelectMany((length, i) => TestFrames.Make(length, i))];

    private static string? Feed(FrameCutter cutter, ReadOnlySpan<byte> bytes, int pieceBytes)
    {
        while (!bytes.IsEmpty)
        {
            Span<byte> buffer = cutter.GetBuffer();
            Assert.False(buffer.IsEmpty);
            int count = Math.Min(Math.Min(pieceBytes, bytes.Length), buffer.Length);
            bytes[..count].CopyTo(buffer);
            bytes = bytes[count..];
            if (cutter.Advance(count) is { } error)
            {
                return error;
            }
        }

        return null;
    }
}
