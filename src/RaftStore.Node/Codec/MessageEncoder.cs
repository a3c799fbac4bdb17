using Google.Protobuf;
using RaftStore.Node.Cluster;
using RaftStore.Node.Divergence;
using RaftStore.Node.Membership;
using RaftStore.Node.Wire;
using RaftStore.Raft;

namespace RaftStore.Node.Codec;

/// <summary>Makes frames of messages. Forwarded commands, their results and snapshot chunks have encoders of their own.</summary>
internal static class MessageEncoder
{
    /// <summary>The frame of a message, and the channel it goes on.</summary>
    public static PeerFrame Encode(ClusterId cluster, Message message, out PeerChannel channel)
    {
        Envelope envelope = new(cluster, message.From, message.To, message.Term);
        channel = message is AppendEntries ? PeerChannel.Bulk : PeerChannel.Control;
        return message switch
        {
            AppendEntries append => Encode(envelope, append),
            AppendEntriesResponse response => Encode(envelope, response),
            Heartbeat heartbeat => Encode(envelope, heartbeat),
            HeartbeatResponse response => Encode(envelope, response),
            ReadIndexRequest request => Encode(envelope, request),
            ReadIndexResponse response => Encode(envelope, response),
            PreVoteRequest request => EncodeVote(FrameKind.PreVoteRequest, envelope, request.LastLog),
            PreVoteResponse response => EncodeVote(FrameKind.PreVoteResponse, envelope, response.VoteGranted),
            VoteRequest request => Encode(envelope, request),
            VoteResponse response => EncodeVote(FrameKind.VoteResponse, envelope, response.VoteGranted),
            InstallSnapshotResponse response => Encode(envelope, response),
            TimeoutNow => new FrameWriter(FrameKind.TimeoutNow, envelope, 0).Finish(),
            ClusterStatusQuestion question => EncodeRecord(FrameKind.ClusterStatusRequest, envelope, new ClusterStatusRequest { RequestId = question.Id }),
            ClusterStatusAnswer answer => EncodeRecord(FrameKind.ClusterStatusResponse, envelope, ToRecord(answer)),
            AdminQuestion question => EncodeRecord(FrameKind.AdminRequest, envelope, AdminRecords.ToRecord(question)),
            AdminAnswer answer => EncodeRecord(FrameKind.AdminResponse, envelope, AdminRecords.ToRecord(answer)),
            StateHashReport report => StateHashCodec.Encode(envelope, report),
            StateRequest request => Encode(envelope, request),
            _ => throw new NotSupportedException($"No frame is known for {message.GetType().Name}."),
        };
    }

    private static PeerFrame Encode(Envelope envelope, AppendEntries append)
    {
        FrameWriter writer = new(FrameKind.AppendEntries, envelope, 28);
        writer.Entry(append.PrevLog);
        writer.Int64(append.LeaderCommit);
        writer.UInt32((uint)append.Batches.Length);
        return writer.Finish(append.Batches);
    }

    private static PeerFrame Encode(Envelope envelope, AppendEntriesResponse response)
    {
        FrameWriter writer = new(FrameKind.AppendEntriesResponse, envelope, 33);
        writer.Bool(response.Success);
        writer.Int64(response.PrevLogIndex);
        writer.Int64(response.MatchIndex);
        writer.Entry(response.Hint);
        return writer.Finish();
    }

    private static PeerFrame Encode(Envelope envelope, Heartbeat heartbeat)
    {
        FrameWriter writer = new(FrameKind.Heartbeat, envelope, 40);
        writer.Int64(heartbeat.LeaderCommit);
        writer.Int64(heartbeat.ReadRound);
        writer.Int64(heartbeat.EchoedStampMs);
        writer.Int64(heartbeat.QuorumAgeMs);
        writer.Int64(heartbeat.CommitAtEcho);
        return writer.Finish();
    }

    private static PeerFrame Encode(Envelope envelope, HeartbeatResponse response)
    {
        FrameWriter writer = new(FrameKind.HeartbeatResponse, envelope, 24);
        writer.Int64(response.ReadRound);
        writer.Int64(response.StampMs);
        writer.Int64(response.AppliedIndex);
        return writer.Finish();
    }

    private static PeerFrame Encode(Envelope envelope, ReadIndexRequest request)
    {
        FrameWriter writer = new(FrameKind.ReadIndexRequest, envelope, 8);
        writer.Int64(request.Id.Value);
        return writer.Finish();
    }

    private static PeerFrame Encode(Envelope envelope, ReadIndexResponse response)
    {
        FrameWriter writer = new(FrameKind.ReadIndexResponse, envelope, 16);
        writer.Int64(response.Id.Value);
        writer.Int64(response.Index);
        return writer.Finish();
    }

    private static PeerFrame Encode(Envelope envelope, InstallSnapshotResponse response)
    {
        FrameWriter writer = new(FrameKind.InstallSnapshotResponse, envelope, 24);
        writer.Entry(response.LastIncluded);
        writer.Int64(response.NextOffsetBytes);
        return writer.Finish();
    }

    private static PeerFrame Encode(Envelope envelope, StateRequest request)
    {
        FrameWriter writer = new(FrameKind.StateRequest, envelope, 8);
        writer.Int64(request.LeastIndex);
        return writer.Finish();
    }

    private static PeerFrame Encode(Envelope envelope, VoteRequest request)
    {
        FrameWriter writer = new(FrameKind.VoteRequest, envelope, 17);
        writer.Entry(request.LastLog);
        writer.Bool(request.IsTransfer);
        return writer.Finish();
    }

    private static PeerFrame EncodeVote(FrameKind kind, Envelope envelope, EntryId lastLog)
    {
        FrameWriter writer = new(kind, envelope, 16);
        writer.Entry(lastLog);
        return writer.Finish();
    }

    private static PeerFrame EncodeVote(FrameKind kind, Envelope envelope, bool voteGranted)
    {
        FrameWriter writer = new(kind, envelope, 1);
        writer.Bool(voteGranted);
        return writer.Finish();
    }

    private static PeerFrame EncodeRecord(FrameKind kind, Envelope envelope, IMessage record)
    {
        int length = record.CalculateSize();
        FrameWriter writer = new(kind, envelope, length);
        record.WriteTo(writer.Reserve(length));
        return writer.Finish();
    }

    private static ClusterStatusResponse ToRecord(ClusterStatusAnswer answer)
    {
        ClusterStatusResponse record = new() { RequestId = answer.Id, IsLeader = answer.View is not null };
        if (answer.View is ClusterView view)
        {
            record.CommitIndex = view.CommitIndex;
            foreach (ClusterMemberView member in view.Members)
            {
                record.Members.Add(WireRecords.ToRecord(member));
            }
        }

        return record;
    }
}
