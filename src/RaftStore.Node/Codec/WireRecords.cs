using Google.Protobuf;
using RaftStore.Raft;
using RaftStore.Node.Wire;

namespace RaftStore.Node.Codec;

/// <summary>To and from the protobuf records of <c>peer.proto</c>. What comes in is checked like everything else at the gate.</summary>
internal static class WireRecords
{
    /// <summary>Names and addresses are shown to people; a longer one is nonsense.</summary>
    private const int TextLengthMax = 1024;

    /// <summary>More voters than that is nonsense, and would be work for the core.</summary>
    private const int MembersMax = 1024;

    public static MemberRecord ToRecord(Member member) => new()
    {
        Id = member.Id.Value,
        Name = member.Name,
        PeerAddress = member.PeerAddress,
        ClientAddress = member.ClientAddress,
    };

    public static ConfigurationRecord ToRecord(Configuration configuration)
    {
        ConfigurationRecord record = new();
        foreach (Member voter in configuration.Voters)
        {
            record.Voters.Add(ToRecord(voter));
        }

        return record;
    }

    public static SnapshotRecord ToRecord(SnapshotMetadata metadata) => new()
    {
        LastIndex = metadata.LastIncluded.Index,
        LastTerm = metadata.LastIncluded.Term,
        ClusterTimeMs = metadata.ClusterTimeMs,
        LengthBytes = metadata.LengthBytes,
        Configuration = ToRecord(metadata.Configuration),
    };

    public static MemberStatusRecord ToRecord(ClusterMemberView member) => new()
    {
        Member = ToRecord(member.Member),
        MatchIndex = member.MatchIndex,
        AppliedIndex = member.AppliedIndex,
        LastContactMs = member.LastContactMs,
    };

    /// <summary>Null where the bytes are no message of that type.</summary>
    public static T? TryParse<T>(MessageParser<T> parser, ReadOnlyMemory<byte> bytes)
        where T : class, IMessage<T>
    {
        try
        {
            return parser.ParseFrom(bytes.Span);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    /// <summary>Null where it makes no sense.</summary>
    public static SnapshotMetadata? FromRecord(SnapshotRecord record)
    {
        bool sane = IsNumber(record.LastIndex, 1) && IsNumber(record.LastTerm, 1) && IsNumber(record.ClusterTimeMs, 0) && IsNumber(record.LengthBytes, 1);
        if (!sane || record.Configuration is null || FromRecord(record.Configuration) is not Configuration configuration)
        {
            return null;
        }

        return new SnapshotMetadata(new EntryId(record.LastIndex, record.LastTerm), record.ClusterTimeMs, configuration, record.LengthBytes);
    }

    /// <summary>Null where it makes no sense.</summary>
    public static IReadOnlyList<ClusterMemberView>? FromRecords(IReadOnlyList<MemberStatusRecord> records)
    {
        if (records.Count > MembersMax)
        {
            return null;
        }

        List<ClusterMemberView> members = new(records.Count);
        foreach (MemberStatusRecord record in records)
        {
            bool sane = IsNumber(record.MatchIndex, -1) && IsNumber(record.AppliedIndex, -1) && IsNumber(record.LastContactMs, -1);
            if (!sane || record.Member is null || FromRecord(record.Member) is not Member member)
            {
                return null;
            }

            members.Add(new ClusterMemberView(member, record.MatchIndex, record.AppliedIndex, record.LastContactMs));
        }

        return members;
    }

    private static Configuration? FromRecord(ConfigurationRecord record)
    {
        if (record.Voters.Count is 0 or > MembersMax)
        {
            return null;
        }

        List<Member> voters = new(record.Voters.Count);
        foreach (MemberRecord voter in record.Voters)
        {
            if (FromRecord(voter) is not Member member)
            {
                return null;
            }

            voters.Add(member);
        }

        try
        {
            return new Configuration(voters);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static Member? FromRecord(MemberRecord record)
    {
        bool sane = record.Id != 0 && record.Name.Length is > 0 and <= TextLengthMax
            && record.PeerAddress.Length <= TextLengthMax && record.ClientAddress.Length <= TextLengthMax;
        return sane ? new Member(new NodeId(record.Id), record.Name, record.PeerAddress, record.ClientAddress) : null;
    }

    private static bool IsNumber(long value, long least) => value >= least && value <= FrameReader.NumberMax;
}
