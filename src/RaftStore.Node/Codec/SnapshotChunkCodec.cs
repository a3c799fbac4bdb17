using Google.Protobuf;
using RaftStore.Node.Wire;
using RaftStore.Raft;

namespace RaftStore.Node.Codec;

/// <summary>Chunks of a snapshot on the wire. The data is read from the file straight into the frame.</summary>
internal static class SnapshotChunkCodec
{
    private const int FixedBytes = 12;

    /// <summary>The metadata as it stands in every chunk of one snapshot; made once.</summary>
    public static byte[] EncodeMetadata(SnapshotMetadata metadata) => WireRecords.ToRecord(metadata).ToByteArray();

    /// <summary>One chunk's frame.</summary>
    /// <param name="fill">Fills the data; called once, on this thread.</param>
    public static PeerFrame Encode(Envelope envelope, ReadOnlySpan<byte> metadata, long offsetBytes, int dataBytes, SpanFiller fill)
    {
        FrameWriter writer = new(FrameKind.InstallSnapshot, envelope, FixedBytes + metadata.Length + dataBytes);
        writer.Int64(offsetBytes);
        writer.UInt32((uint)metadata.Length);
        metadata.CopyTo(writer.Reserve(metadata.Length));
        fill(writer.Reserve(dataBytes));
        return writer.Finish();
    }

    /// <summary>Reads what follows the envelope.</summary>
    public static InstallSnapshot? Decode(Envelope envelope, ref FrameReader reader)
    {
        long offset = reader.Number();
        ReadOnlyMemory<byte> metadataBytes = reader.Bytes(reader.UInt32());
        ReadOnlyMemory<byte> data = reader.Bytes((uint)reader.Remaining);
        if (!reader.IsComplete || ProtobufMessages.TryParse(SnapshotRecord.Parser, metadataBytes.Span) is not SnapshotRecord record
            || WireRecords.FromRecord(record) is not SnapshotMetadata metadata)
        {
            return null;
        }

        bool fits = data.Length > 0 && offset <= metadata.LengthBytes - data.Length;
        return fits ? new InstallSnapshot(envelope.From, envelope.To, envelope.Term, metadata, offset, data) : null;
    }

    /// <summary>Fills bytes of a frame.</summary>
    public delegate void SpanFiller(Span<byte> target);
}
