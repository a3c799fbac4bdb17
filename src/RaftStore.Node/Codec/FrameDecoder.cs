using System.Buffers.Binary;
using System.Collections.Immutable;
using RaftStore.Node.Cluster;
using RaftStore.Node.Divergence;
using RaftStore.Node.Wire;
using RaftStore.Raft;

namespace RaftStore.Node.Codec;

/// <summary>The gate: makes a message of a frame, or says why not. Everything is checked here, once: behind it a message is
/// well-formed, from the peer it says, and meant for this node. Nothing is allocated before the lengths are known to be right, and
/// no input makes it throw. Any thread.</summary>
/// <param name="cluster">The only cluster that is listened to.</param>
/// <param name="self">This node.</param>
internal sealed class FrameDecoder(ClusterId cluster, NodeId self)
{
    private const byte BodyVersion = 1;

    /// <summary>Bytes of the smallest batch that can follow a head.</summary>
    private const int BatchBytesMin = EntryBatch.HeaderBytes + EntryBatch.EntryHeaderBytes;

    /// <summary>Decodes one frame. The message keeps the frame's memory.</summary>
    /// <returns>What is wrong, or null.</returns>
    public string? TryDecode(NodeId peer, PeerChannel channel, ReadOnlyMemory<byte> frame, out Message? message)
    {
        message = null;
        ReadOnlySpan<byte> span = frame.Span;
        if (span.Length < Envelope.MessageOffset || PeerFrames.PeekLengthBytes(span) != span.Length)
        {
            return $"a frame's length is not that of its {span.Length} bytes";
        }

        uint headLength = BinaryPrimitives.ReadUInt32LittleEndian(span[4..]);
        if (headLength < Envelope.MessageOffset || headLength > (uint)span.Length)
        {
            return $"a frame of {span.Length} bytes claims a head of {headLength}";
        }

        ReadOnlyMemory<byte> head = frame[..(int)headLength];
        if (BinaryPrimitives.ReadUInt32LittleEndian(span[8..]) != FrameReader.ChecksumOf(head.Span))
        {
            return "a frame's checksum does not match";
        }

        FrameKind kind = (FrameKind)span[12];
        if (span[13] != BodyVersion || BinaryPrimitives.ReadUInt16LittleEndian(span[14..]) != 0 || FrameKinds.ChannelOf(kind) is not PeerChannel home)
        {
            return $"a frame has kind {span[12]} and version {span[13]}, which this version does not know";
        }

        if (home != channel)
        {
            return $"a {kind} came on the {channel} connection";
        }

        FrameReader reader = new(head[PeerFrames.HeaderBytes..]);
        Envelope envelope = new(new ClusterId(reader.UInt64()), new NodeId(reader.UInt32()), new NodeId(reader.UInt32()), reader.Number());
        if (reader.IsBroken || envelope.Cluster != cluster || envelope.From != peer || envelope.To != self)
        {
            return $"a {kind} of cluster {envelope.Cluster} from {envelope.From} to {envelope.To} came from {peer} to {self} of cluster {cluster}";
        }

        ReadOnlyMemory<byte> tail = frame[(int)headLength..];
        if (!tail.IsEmpty && kind != FrameKind.AppendEntries)
        {
            return $"{tail.Length} bytes follow the head of a {kind}";
        }

        message = kind == FrameKind.AppendEntries ? DecodeAppend(envelope, ref reader, tail, out string? error) : Decode(kind, envelope, ref reader, out error);
        return error;
    }

    private static Message? Decode(FrameKind kind, Envelope envelope, ref FrameReader reader, out string? error)
    {
        (_, NodeId from, NodeId to, long term) = envelope;
        Message? message = kind switch
        {
            FrameKind.Heartbeat => new Heartbeat(from, to, term, reader.Number(), reader.Number(), reader.Number(-1), reader.Number(), reader.Number()),
            FrameKind.HeartbeatResponse => new HeartbeatResponse(from, to, term, reader.Number(), reader.Number(), reader.Number()),
            FrameKind.AppendEntriesResponse => new AppendEntriesResponse(from, to, term, reader.Bool(), reader.Number(), reader.Number(), reader.Entry()),
            FrameKind.ReadIndexRequest => new ReadIndexRequest(from, to, term, new ReadId(reader.Number())),
            FrameKind.ReadIndexResponse => new ReadIndexResponse(from, to, term, new ReadId(reader.Number()), reader.Number(-1)),
            FrameKind.PreVoteRequest => new PreVoteRequest(from, to, term, reader.Entry()),
            FrameKind.PreVoteResponse => new PreVoteResponse(from, to, term, reader.Bool()),
            FrameKind.VoteRequest => new VoteRequest(from, to, term, reader.Entry(), reader.Bool()),
            FrameKind.VoteResponse => new VoteResponse(from, to, term, reader.Bool()),
            FrameKind.InstallSnapshot => SnapshotChunkCodec.Decode(envelope, ref reader),
            FrameKind.InstallSnapshotResponse => new InstallSnapshotResponse(from, to, term, reader.Entry(), reader.Number()),
            FrameKind.TimeoutNow => new TimeoutNow(from, to, term),
            FrameKind.ForwardRequest => ForwardCodec.DecodeRequest(envelope, ref reader),
            FrameKind.ForwardResponse => ForwardCodec.DecodeResponse(envelope, ref reader),
            FrameKind.StateHash => StateHashCodec.Decode(envelope, ref reader),
            FrameKind.StateRequest => new StateRequest(from, to, term, reader.Number()),
            FrameKind.ClusterStatusRequest => DecodeQuestion(envelope, ref reader),
            FrameKind.ClusterStatusResponse => DecodeAnswer(envelope, ref reader),
            FrameKind.AdminRequest => AdminRecords.FromRequest(envelope, reader.Bytes((uint)reader.Remaining)),
            FrameKind.AdminResponse => AdminRecords.FromResponse(envelope, reader.Bytes((uint)reader.Remaining)),
            _ => null,
        };
        bool isSound = message is not null && reader.IsComplete;
        error = isSound ? null : $"a {kind} is malformed";
        return isSound ? message : null;
    }

    private static AppendEntries? DecodeAppend(Envelope envelope, ref FrameReader reader, ReadOnlyMemory<byte> tail, out string? error)
    {
        EntryId previous = reader.Entry();
        long leaderCommit = reader.Number();
        uint count = reader.UInt32();
        if (!reader.IsComplete || count > (uint)(tail.Length / BatchBytesMin))
        {
            error = $"an AppendEntries of {count} batches in {tail.Length} bytes is malformed";
            return null;
        }

        ImmutableArray<EntryBatch> batches = DecodeBatches(envelope.Term, previous, (int)count, tail, out error);
        return error is null ? new AppendEntries(envelope.From, envelope.To, envelope.Term, previous, batches, leaderCommit) : null;
    }

    private static ImmutableArray<EntryBatch> DecodeBatches(long term, EntryId previous, int count, ReadOnlyMemory<byte> tail, out string? error)
    {
        error = null;
        ImmutableArray<EntryBatch>.Builder batches = ImmutableArray.CreateBuilder<EntryBatch>(count);
        while (batches.Count < count)
        {
            int length = EntryBatch.PeekLengthBytes(tail.Span);
            if (length < 0 || length > tail.Length)
            {
                error = $"batch {batches.Count} of {count} is longer than the {tail.Length} bytes that are left";
                return default;
            }

            if (EntryBatch.TryDecode(tail[..length], out error) is not EntryBatch batch)
            {
                return default;
            }

            if (batch.FirstIndex != previous.Index + 1 || batch.Term < previous.Term || batch.Term > term || batch.LastIndex > FrameReader.NumberMax
                || batch.ClusterTimeMs > FrameReader.NumberMax)
            {
                error = $"the batch {batch} cannot follow {previous} in a message of term {term}";
                return default;
            }

            batches.Add(batch);
            previous = batch.Last;
            tail = tail[length..];
        }

        error = tail.IsEmpty ? null : $"{tail.Length} bytes follow the last of {count} batches";
        return batches.MoveToImmutable();
    }

    private static ClusterStatusQuestion? DecodeQuestion(Envelope envelope, ref FrameReader reader)
    {
        ReadOnlyMemory<byte> bytes = reader.Bytes((uint)reader.Remaining);
        return ProtobufMessages.TryParse(ClusterStatusRequest.Parser, bytes.Span) is ClusterStatusRequest record
            ? new ClusterStatusQuestion(envelope.From, envelope.To, envelope.Term, record.RequestId)
            : null;
    }

    private static ClusterStatusAnswer? DecodeAnswer(Envelope envelope, ref FrameReader reader)
    {
        ReadOnlyMemory<byte> bytes = reader.Bytes((uint)reader.Remaining);
        if (ProtobufMessages.TryParse(ClusterStatusResponse.Parser, bytes.Span) is not ClusterStatusResponse record)
        {
            return null;
        }

        if (!record.IsLeader)
        {
            return new ClusterStatusAnswer(envelope.From, envelope.To, envelope.Term, record.RequestId, View: null);
        }

        if (record.CommitIndex is < 0 or > FrameReader.NumberMax || WireRecords.FromRecords(record.Members) is not IReadOnlyList<ClusterMemberView> members)
        {
            return null;
        }

        ClusterView view = new(FromLeader: true, envelope.From, envelope.Term, record.CommitIndex, members);
        return new ClusterStatusAnswer(envelope.From, envelope.To, envelope.Term, record.RequestId, view);
    }
}
