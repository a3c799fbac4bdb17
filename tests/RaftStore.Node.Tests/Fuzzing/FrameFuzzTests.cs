using RaftStore.Node.Codec;
using RaftStore.Node.Formation;
using RaftStore.Node.Tests.Codec;
using RaftStore.Raft;
using RaftStore.Raft.Tests.Fuzzing;

namespace RaftStore.Node.Tests.Fuzzing;

[Trait("Category", "Fuzz")]
public sealed class FrameFuzzTests
{
    [Fact]
    public void Frames_WhateverTheBytes_AreDecodedOrRefused()
    {
        FrameDecoder decoder = FrameSamples.Decoder;
        IReadOnlyDictionary<string, int> places = Fuzzer.Of(
            11,
            FrameSamples.Frames(),
            bytes =>
            {
                PeerChannel channel = bytes.Length > 12 && FrameKinds.ChannelOf((FrameKind)bytes[12]) is { } home ? home : PeerChannel.Control;
                return decoder.TryDecode(FrameSamples.From, channel, bytes, out Message? message) ?? "decoded " + message!.GetType().Name;
            },
            Reseal).Run();

        Assert.True(places.Count >= 20, string.Join('\n', places));
    }

    [Fact]
    public void FormationMessages_WhateverTheBytes_AreDecodedOrRefused()
    {
        FormationProtocol protocol = new("n1", FrameSamples.Members, null, () => 7);
        IReadOnlyDictionary<string, int> places = Fuzzer.Of(
            12,
            [FormationCodec.Encode(protocol.StatusFor("n2"))],
            bytes => FormationCodec.TryDecode(bytes, out string? error) is null ? error! : "decoded").Run();

        Assert.True(places.Count >= 3, string.Join('\n', places));
    }

    private static byte[] Reseal(byte[] frame)
    {
        if (frame.Length < PeerFrames.HeaderBytes)
        {
            return frame;
        }

        uint head = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(frame.AsSpan(4));
        FrameSamples.Reseal(frame, head >= PeerFrames.HeaderBytes && head <= frame.Length ? (int)head : frame.Length);
        return frame;
    }
}
