using RaftStore.Node.Divergence;
using RaftStore.Kv;
using RaftStore.Node.Cluster;
using RaftStore.Node.Codec;
using RaftStore.Node.Forwarding;
using RaftStore.Node.Membership;
using RaftStore.Node.Waiters;
using RaftStore.Raft;

namespace RaftStore.Node.Tests.Codec;

/// <summary>One frame of every kind, as it stands on the wire.</summary>
internal static class FrameSamples
{
    public static readonly ClusterId Cluster = new(0x1122334455667788);
    public static readonly NodeId From = new(2);
    public static readonly NodeId To = new(1);
    public const long Term = 7;

    public static readonly Configuration Members = new(
    [
        new Member(new NodeId(1), "n1", "h1:1", "http://c1"),
        new Member(new NodeId(2), "n2", "h2:2", ""),
    ]);

    public static FrameDecoder Decoder => new(Cluster, To);

    public static EntryBatch Batch(long firstIndex, long term, params string[] payloads)
        => EntryBatch.Seal(new EntryId(firstIndex, term), 1234, EntryKind.Command, [.. payloads.Select(text => new ReadOnlyMemory<byte>(System.Text.Encoding.UTF8.GetBytes(text)))]);

    public static IEnumerable<Message> Messages()
    {
        yield return new PreVoteRequest(From, To, Term, new EntryId(5, 6));
        yield return new PreVoteResponse(From, To, Term, true);
        yield return new VoteRequest(From, To, Term, EntryId.Zero);
        yield return new VoteRequest(From, To, Term, new EntryId(5, 6), IsTransfer: true);
        yield return new TimeoutNow(From, To, Term);
        yield return new VoteResponse(From, To, Term, false);
        yield return new AppendEntries(From, To, Term, new EntryId(5, 6), [], 4);
        yield return new AppendEntries(From, To, Term, new EntryId(5, 6), [Batch(6, 6, "a", "bc"), Batch(8, 7, "")], 4);
        yield return new AppendEntriesResponse(From, To, Term, true, 5, 8, EntryId.Zero);
        yield return new AppendEntriesResponse(From, To, Term, false, 9, 0, new EntryId(3, 2));
        yield return new Heartbeat(From, To, Term, 4, 11, -1, 0, 12);
        yield return new HeartbeatResponse(From, To, Term, 11, 99, 3);
        yield return new ReadIndexRequest(From, To, Term, new ReadId(77));
        yield return new ReadIndexResponse(From, To, Term, new ReadId(77), -1);
        yield return new InstallSnapshotResponse(From, To, Term, new EntryId(5, 6), 4096);
        yield return new ClusterStatusQuestion(From, To, Term, 42);
        yield return new ClusterStatusAnswer(From, To, Term, 42, View: null);
        yield return new StateHashReport(From, To, Term, new StateHash(3000, "0102030405060708090a0b0c0d0e0f10"), 2, WantsAnswer: true);
        yield return new StateRequest(From, To, Term, 3000);
        yield return new AdminQuestion(From, To, Term, 43, 5000, false, new ChangeMembership(new AddLearner("n4", "h4:4", "http://c4", true, new NodeId(2), 0x1122334455667788)));
        yield return new AdminQuestion(From, To, Term, 43, 5000, false, new ChangeMembership(new PromoteLearner(new NodeId(4))));
        yield return new AdminQuestion(From, To, Term, 43, 5000, false, new ChangeMembership(new RemoveMember(new NodeId(4), Force: true)));
        yield return new AdminQuestion(From, To, Term, 43, 5000, false, new ChangeMembership(new UpdateMember(new NodeId(4), null, "http://c5", 9)));
        yield return new AdminQuestion(From, To, Term, 43, 5000, false, new TransferLeadership(NodeId.None));
        yield return new AdminQuestion(From, To, Term, 43, 5000, true, new ChangeMembership(new PromoteLearner(new NodeId(4))));
        yield return new AdminQuestion(From, To, Term, 43, 5000, false, new RepairState(new NodeId(4), Trusts: true));
        yield return new AdminAnswer(From, To, Term, 43, new AdminOutcome(AdminResult.NameOrAddressTaken, new NodeId(2)));
        yield return new AdminAnswer(From, To, Term, 43, new AdminOutcome(AdminResult.Repairing, new NodeId(2), new RepairStatus(RepairStage.Receiving, 7, 100, 4096)));
        yield return new AdminAnswer(From, To, Term, 43, Outcome: null);
    }

    public static IEnumerable<byte[]> Frames()
    {
        foreach (Message message in Messages())
        {
            yield return Bytes(MessageEncoder.Encode(Cluster, message, out _));
        }

        yield return Bytes(Chunk());
        yield return Bytes(Forward("x", "yz"));
        yield return Bytes(Results());
        ClusterView view = new(true, From, Term, 9, [new ClusterMemberView(Members.Voters[0], IsVoter: true, IsCaughtUp: false, 9, 8, -1, new SnapshotTransfer(5, 7))]);
        yield return Bytes(MessageEncoder.Encode(Cluster, new ClusterStatusAnswer(From, To, Term, 42, view), out _));
    }

    public static PeerFrame Chunk()
    {
        byte[] metadata = SnapshotChunkCodec.EncodeMetadata(new SnapshotMetadata(new EntryId(5, 6), 1234, Members, 100));
        return SnapshotChunkCodec.Encode(new Envelope(Cluster, From, To, Term), metadata, 10, 4, target => target.Fill(0xAB));
    }

    public static PeerFrame Forward(params string[] commands)
    {
        WaiterPool<WriteWaiter> pool = new(own => new WriteWaiter(own));
        List<WriteWaiter> writes = [];
        foreach (string command in commands)
        {
            WriteWaiter write = pool.Rent();
            write.Command = System.Text.Encoding.UTF8.GetBytes(command);
            write.DeadlineMs = 1500;
            writes.Add(write);
        }

        return ForwardCodec.Encode(new Envelope(Cluster, From, To, Term), writes, firstId: 1000, nowMs: 500);
    }

    public static PeerFrame Results()
    {
        ForwardedResult[] results =
        [
            new(1000, ForwardOutcome.Applied, new KvResult(KvStatus.Done, 12, 3, 0, null)),
            new(1001, ForwardOutcome.NotLeader, default),
        ];
        return ForwardCodec.Encode(new Envelope(Cluster, From, To, Term), results);
    }

    public static byte[] Bytes(PeerFrame frame)
    {
        byte[] bytes = new byte[frame.LengthBytes];
        frame.Head.Span.CopyTo(bytes);
        int offset = frame.Head.Length;
        foreach (EntryBatch batch in frame.Batches)
        {
            batch.Bytes.Span.CopyTo(bytes.AsSpan(offset));
            offset += batch.LengthBytes;
        }

        return bytes;
    }

    public static PeerChannel ChannelOf(byte[] frame) => FrameKinds.ChannelOf((FrameKind)frame[12])!.Value;

    /// <summary>Makes head and checksum right again after a change, so that only the change is looked at.</summary>
    public static void Reseal(byte[] frame, int headLength)
    {
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(frame, (uint)frame.Length);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(4), (uint)headLength);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(8), FrameReader.ChecksumOf(frame.AsSpan(0, headLength)));
    }

    public static int HeadLengthOf(byte[] frame) => (int)System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(frame.AsSpan(4));
}
