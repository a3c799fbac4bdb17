using System.Buffers.Binary;
using RaftStore.Node;
using RaftStore.Raft;

namespace RaftStore.Server.Tests.Peers;

/// <summary>Frames of which only the length is meant: all that the connections look at.</summary>
internal static class TestFrames
{
    /// <summary>A frame of that many bytes, each of which depends on its place and on <paramref name="mark"/>.</summary>
    public static byte[] Make(int length, int mark)
    {
        byte[] frame = new byte[length];
        for (int i = 0; i < length; i++)
        {
            frame[i] = unchecked((byte)((i * 31) + (mark * 7)));
        }

        BinaryPrimitives.WriteInt32LittleEndian(frame, length);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(4), mark);
        return frame;
    }

    public static int MarkOf(ReadOnlyMemory<byte> frame) => BinaryPrimitives.ReadInt32LittleEndian(frame.Span[4..]);

    /// <summary>True where the frame is what <see cref="Make"/> made with its own mark.</summary>
    public static bool IsIntact(ReadOnlyMemory<byte> frame) => frame.Span.SequenceEqual(Make(frame.Length, MarkOf(frame)));

    public static PeerFrame Whole(int length, int mark) => new(Make(length, mark), []);

    /// <summary>A head with batches behind it, and the bytes of both as they stand on the wire.</summary>
    public static PeerFrame WithBatches(int batches, int payloadBytes, int mark, out byte[] wire)
    {
        EntryBatch[] sealedBatches = [.. Enumerable.Range(0, batches).Select(i =>
            EntryBatch.Seal(new EntryId(i + 1, 1), 0, EntryKind.Command, [new byte[payloadBytes]]))];
        byte[] head = Make(40, mark);
        BinaryPrimitives.WriteInt32LittleEndian(head, head.Length + sealedBatches.Sum(batch => batch.LengthBytes));
        wire = [.. head, .. sealedBatches.SelectMany(batch => batch.Bytes.ToArray())];
        return new PeerFrame(head, [.. sealedBatches]);
    }
}
