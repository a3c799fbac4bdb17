using RaftStore.Kv;
using RaftStore.Node.Cluster;
using RaftStore.Node.Codec;
using RaftStore.Node.Forwarding;
using RaftStore.Raft;

namespace RaftStore.Node.Tests.Codec;

public sealed class FrameDecoderTests
{
    // The protobuf library runs over the end of its span here, and says so by no exception of its own.
    [Fact]
    public void TryDecode_RecordCutShortWithinAnother_IsRefused()
    {
        byte[] frame = Convert.FromHexString("400000004000000037D4B37933010000887766554433221102000000010000000700000000000000092B000000000000001011180222FFFFFFFF071864208020");

        string? error = FrameSamples.Decoder.TryDecode(FrameSamples.From, PeerChannel.Control, frame, out Message? message);

        Assert.Contains("malformed", error, StringComparison.Ordinal);
        Assert.Null(message);
    }

    [Fact]
    public void TryDecode_EveryMessage_GivesItBackAsItWas()
    {
        foreach (Message message in FrameSamples.Messages())
        {
            byte[] frame = FrameSamples.Bytes(MessageEncoder.Encode(FrameSamples.Cluster, message, out PeerChannel channel));
            Assert.Equal(channel, FrameSamples.ChannelOf(frame));

            Message decoded = Decode(frame);

            if (message is AppendEntries append)
            {
                AppendEntries copy = Assert.IsType<AppendEntries>(decoded);
                Assert.Equal(append with { Batches = [] }, copy with { Batches = [] });
                Assert.Equal(append.Batches.Select(batch => Convert.ToHexString(batch.Bytes.Span)), copy.Batches.Select(batch => Convert.ToHexString(batch.Bytes.Span)));
            }
            else
            {
                Assert.Equal(message, decoded);
            }
        }
    }

    [Fact]
    public void TryDecode_SnapshotChunk_GivesMetadataOffsetAndData()
    {
        InstallSnapshot chunk = Assert.IsType<InstallSnapshot>(Decode(FrameSamples.Bytes(FrameSamples.Chunk())));

        Assert.Equal((new EntryId(5, 6), 1234L, 100L), (chunk.Snapshot.LastIncluded, chunk.Snapshot.ClusterTimeMs, chunk.Snapshot.LengthBytes));
        Assert.Equal(FrameSamples.Members.Voters.AsEnumerable(), chunk.Snapshot.Configuration.Voters.AsEnumerable());
        Assert.Equal(10, chunk.OffsetBytes);
        Assert.Equal("ABABABAB", Convert.ToHexString(chunk.Data.Span));
    }

    [Fact]
    public void TryDecode_ForwardedCommands_GivesThemInOrderWithTheirIds()
    {
        ForwardRequest request = Assert.IsType<ForwardRequest>(Decode(FrameSamples.Bytes(FrameSamples.Forward("x", "yz"))));

        Assert.Equal([(1000UL, 1000U, "78"), (1001UL, 1000U, "797A")], request.Commands.Select(command => (command.Id, command.TimeoutMs, Convert.ToHexString(command.Command.Span))));
        Assert.Equal(FrameSamples.Term, request.Term);
    }

    [Fact]
    public void TryDecode_ForwardedResults_GivesOutcomesAndResults()
    {
        ForwardResponse response = Assert.IsType<ForwardResponse>(Decode(FrameSamples.Bytes(FrameSamples.Results())));

        Assert.Equal(new ForwardedResult(1000, ForwardOutcome.Applied, new KvResult(KvStatus.Done, 12, 3, 0, null)), response.Results[0]);
        Assert.Equal(new ForwardedResult(1001, ForwardOutcome.NotLeader, default), response.Results[1]);
    }

    [Fact]
    public void TryDecode_ClusterStatus_GivesTheMembers()
    {
        ClusterStatusAnswer answer = Assert.IsType<ClusterStatusAnswer>(Decode(FrameSamples.Frames().Last()));

        ClusterMemberView member = Assert.Single(answer.View!.Members);
        Assert.Equal(new ClusterMemberView(FrameSamples.Members.Voters[0], IsVoter: true, IsCaughtUp: false, 9, 8, -1, new SnapshotTransfer(5, 7)), member);
        Assert.Equal((true, FrameSamples.From, FrameSamples.Term, 9L), (answer.View.FromLeader, answer.View.Leader, answer.View.Term, answer.View.CommitIndex));
    }

    [Fact]
    public void TryDecode_Batches_AreSlicesOfTheFrame()
    {
        byte[] frame = FrameSamples.Bytes(MessageEncoder.Encode(FrameSamples.Cluster, FrameSamples.Messages().First(message => message is AppendEntries { Batches.Length: 2 }), out _));

        AppendEntries append = Assert.IsType<AppendEntries>(Decode(frame));

        Assert.All(append.Batches, batch =>
        {
            Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(batch.Bytes, out ArraySegment<byte> segment));
            Assert.Same(frame, segment.Array);
        });
    }

    [Fact]
    public void TryDecode_CutAtEveryByte_IsRefused()
    {
        foreach (byte[] frame in FrameSamples.Frames())
        {
            for (int length = 0; length < frame.Length; length++)
            {
                Assert.NotNull(ErrorOf(frame[..length], FrameSamples.ChannelOf(frame)));
            }
        }
    }

    [Fact]
    public void TryDecode_CutAtEveryByteAndSealedAnew_IsRefusedOrSomethingElseEntirely()
    {
        foreach (byte[] frame in FrameSamples.Frames())
        {
            for (int length = Envelope.MessageOffset; length < frame.Length; length++)
            {
                byte[] cut = frame[..length];
                FrameSamples.Reseal(cut, Math.Min(length, FrameSamples.HeadLengthOf(frame)));
                string? error = FrameSamples.Decoder.TryDecode(FrameSamples.From, FrameSamples.ChannelOf(frame), cut, out Message? message);

                // Protobuf bytes and chunk data may be shorter and still be some; a fixed layout may not.
                bool mayBeShorter = (FrameKind)frame[12] is FrameKind.ClusterStatusRequest or FrameKind.ClusterStatusResponse
                    or FrameKind.AdminRequest or FrameKind.AdminResponse or FrameKind.InstallSnapshot;
                Assert.True(error is not null || (mayBeShorter && message is not null), $"kind {frame[12]} cut to {length}");
            }
        }
    }

    [Fact]
    public void TryDecode_EveryBitFlipped_IsRefused()
    {
        foreach (byte[] frame in FrameSamples.Frames())
        {
            PeerChannel channel = FrameSamples.ChannelOf(frame);
            for (int bit = 0; bit < frame.Length * 8; bit++)
            {
                byte[] changed = [.. frame];
                changed[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.NotNull(ErrorOf(changed, channel));
            }
        }
    }

    [Fact]
    public void TryDecode_EveryByteSetToExtremesUnderARightChecksum_NeverThrowsNorAllocatesMuch()
    {
        foreach (byte[] frame in FrameSamples.Frames())
        {
            PeerChannel channel = FrameSamples.ChannelOf(frame);
            int headLength = FrameSamples.HeadLengthOf(frame);
            for (int place = 12; place < headLength; place++)
            {
                foreach (byte value in new byte[] { 0x00, 0x01, 0x7F, 0x80, 0xFF })
                {
                    byte[] changed = [.. frame];
                    changed[place] = value;
                    FrameSamples.Reseal(changed, headLength);
                    long before = GC.GetAllocatedBytesForCurrentThread();
                    FrameSamples.Decoder.TryDecode(FrameSamples.From, channel, changed, out _);
                    Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 10);
                }
            }
        }
    }

    [Fact]
    public void TryDecode_RandomBytesUnderARightChecksum_NeverThrows()
    {
        Random random = new(7);
        for (int round = 0; round < 20_000; round++)
        {
            byte[] frame = new byte[random.Next(Envelope.MessageOffset, 200)];
            random.NextBytes(frame);
            byte[] sample = FrameSamples.Bytes(MessageEncoder.Encode(FrameSamples.Cluster, FrameSamples.Messages().First(), out _));
            sample.AsSpan(13, Envelope.MessageOffset - 13).CopyTo(frame.AsSpan(13));
            frame[12] = (byte)random.Next(0, 52);
            int headLength = random.Next(Envelope.MessageOffset, frame.Length + 1);
            FrameSamples.Reseal(frame, headLength);
            PeerChannel channel = FrameKinds.ChannelOf((FrameKind)frame[12]) ?? PeerChannel.Control;
            FrameSamples.Decoder.TryDecode(FrameSamples.From, channel, frame, out _);
        }
    }

    [Fact]
    public void TryDecode_WrongConnection_IsRefused()
    {
        foreach (byte[] frame in FrameSamples.Frames())
        {
            foreach (PeerChannel channel in Enum.GetValues<PeerChannel>())
            {
                Assert.Equal(channel == FrameSamples.ChannelOf(frame), ErrorOf(frame, channel) is null);
            }
        }
    }

    [Fact]
    public void TryDecode_OfAnotherClusterSenderOrReceiver_IsRefused()
    {
        byte[] frame = FrameSamples.Frames().First();

        Assert.NotNull(new FrameDecoder(new ClusterId(1), FrameSamples.To).TryDecode(FrameSamples.From, PeerChannel.Control, frame, out _));
        Assert.NotNull(new FrameDecoder(FrameSamples.Cluster, new NodeId(3)).TryDecode(FrameSamples.From, PeerChannel.Control, frame, out _));
        Assert.NotNull(FrameSamples.Decoder.TryDecode(new NodeId(3), PeerChannel.Control, frame, out _));
    }

    [Fact]
    public void TryDecode_BatchesWithAGap_IsRefused()
    {
        AppendEntries append = new(FrameSamples.From, FrameSamples.To, FrameSamples.Term, new EntryId(5, 6), [FrameSamples.Batch(7, 6, "a")], 4);

        Assert.Contains("cannot follow", ErrorOf(FrameSamples.Bytes(MessageEncoder.Encode(FrameSamples.Cluster, append, out _)), PeerChannel.Bulk), StringComparison.Ordinal);
    }

    [Fact]
    public void TryDecode_BatchOfALaterTermThanItsMessage_IsRefused()
    {
        AppendEntries append = new(FrameSamples.From, FrameSamples.To, FrameSamples.Term, new EntryId(5, 6), [FrameSamples.Batch(6, 8, "a")], 4);

        Assert.NotNull(ErrorOf(FrameSamples.Bytes(MessageEncoder.Encode(FrameSamples.Cluster, append, out _)), PeerChannel.Bulk));
    }

    [Fact]
    public void TryDecode_ForwardedCommandWithoutBytes_IsRefused()
        => Assert.NotNull(ErrorOf(FrameSamples.Bytes(FrameSamples.Forward("x", "")), PeerChannel.Bulk));

    [Theory]
    [InlineData(new byte[] { 0, 0, 0 }, -1)]
    [InlineData(new byte[] { 15, 0, 0, 0 }, -1)]
    [InlineData(new byte[] { 16, 0, 0, 0 }, 16)]
    [InlineData(new byte[] { 0, 0, 2, 1 }, PeerFrames.LengthBytesMax)]
    [InlineData(new byte[] { 1, 0, 2, 1 }, -1)]
    [InlineData(new byte[] { 255, 255, 255, 255 }, -1)]
    public void PeekLengthBytes_AtItsBounds_KnowsWhatCanBeAFrame(byte[] start, int expected) => Assert.Equal(expected, PeerFrames.PeekLengthBytes(start));

    private static Message Decode(byte[] frame)
    {
        Assert.Null(FrameSamples.Decoder.TryDecode(FrameSamples.From, FrameSamples.ChannelOf(frame), frame, out Message? message));
        return message!;
    }

    private static string? ErrorOf(byte[] frame, PeerChannel channel)
    {
        string? error = FrameSamples.Decoder.TryDecode(FrameSamples.From, channel, frame, out Message? message);
        Assert.Equal(error is null, message is not null);
        return error;
    }
}
