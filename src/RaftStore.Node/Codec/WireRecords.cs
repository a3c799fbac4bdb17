using Google.Protobuf;
using RaftStore.Raft;
using RaftStore.Node.Wire;

namespace RaftStore.Node.Codec;

/// <summary>To and from the protobuf records of <c>peer.proto</c>. What comes in is checked like everything else at the gate.</summary>
internal static class WireRecords
{
    public static MemberRecord ToRecord(Member member) => new()
    {
        Id = member.Id.Value,
        Name = member.Name,
        PeerAddress = member.PeerAddress,
        ClientAddress = member.ClientAddress,
        Instance = member.Instance,
        PromotesItself = member.PromotesItself,
        Replaces = member.Replaces.Value,
    };

    public static SnapshotRecord ToRecord(SnapshotMetadata metadata) => new()
    {
        LastIndex = metadata.LastIncluded.Index,
        LastTerm = metadata.LastIncluded.Term,
        ClusterTimeMs = metadata.ClusterTimeMs,
        LengthBytes = metadata.LengthBytes,
        Configuration = UnsafeByteOperations.UnsafeWrap(ConfigurationCodec.Encode(metadata.Configuration)),
    };

    public static MemberStatusRecord ToRecord(ClusterMemberView member) => new()
    {
        Member = ToRecord(member.Member),
        MatchIndex = member.MatchIndex,
        AppliedIndex = member.AppliedIndex,
        LastContactMs = member.LastContactMs,
        IsVoter = member.IsVoter,
        IsCaughtUp = member.IsCaughtUp,
        SnapshotHeldBytes = member.Snapshot?.HeldBytes ?? 0,
        SnapshotBytes = member.Snapshot?.LengthBytes ?? 0,
    };

    /// <summary>Null where it makes no sense.</summary>
    public static SnapshotMetadata? FromRecord(SnapshotRecord record)
    {
        bool sane = IsNumber(record.LastIndex, 1) && IsNumber(record.LastTerm, 1) && IsNumber(record.ClusterTimeMs, 0) && IsNumber(record.LengthBytes, 1);
        if (!sane || ConfigurationCodec.TryDecode(record.Configuration.Span) is not Configuration configuration)
        {
            return null;
        }

        return new SnapshotMetadata(new EntryId(record.LastIndex, record.LastTerm), record.ClusterTimeMs, configuration, record.LengthBytes);
    }

    /// <summary>Null where it makes no sense.</summary>
    public static IReadOnlyList<ClusterMemberView>? FromRecords(IReadOnlyList<MemberStatusRecord> records)
    {
        if (records.Count > ConfigurationCodec.MembersMax)
        {
            return null;
        }

        List<ClusterMemberView> members = new(records.Count);
        foreach (MemberStatusRecord record in records)
        {
            bool sane = IsNumber(record.MatchIndex, -1) && IsNumber(record.AppliedIndex, -1) && IsNumber(record.LastContactMs, -1)
                && IsNumber(record.SnapshotBytes, 0) && record.SnapshotHeldBytes >= 0 && record.SnapshotHeldBytes <= record.SnapshotBytes;
            if (!sane || record.Member is null || FromRecord(record.Member) is not Member member)
            {
                return null;
            }

            members.Add(new ClusterMemberView(member, record.IsVoter, record.IsCaughtUp, record.MatchIndex, record.AppliedIndex, record.LastContactMs)
            {
                Snapshot = record.SnapshotBytes > 0 ? new SnapshotTransfer(record.SnapshotHeldBytes, record.SnapshotBytes) : null,
            });
        }

        return members;
    }

    private static Member? FromRecord(MemberRecord record)
    {
        bool sane = record.Id != 0 && record.Name.Length is > 0 and <= ConfigurationCodec.TextLengthMax
            && record.PeerAddress.Length <= ConfigurationCodec.TextLengthMax && record.ClientAddress.Length <= ConfigurationCodec.TextLengthMax;
        return sane
            ? new Member(new NodeId(record.Id), record.Name, record.PeerAddress, record.ClientAddress)
            {
                Instance = record.Instance,
                PromotesItself = record.PromotesItself,
                Replaces = new NodeId(record.Replaces),
            }
            : null;
    }

    private static bool IsNumber(long value, long least) => value >= least && value <= FrameReader.NumberMax;
}
