using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace RaftStore.Raft;

/// <summary>The bytes of a configuration: the same in the log, in snapshot files and on the wire.</summary>
/// <remarks>
/// Little-endian:
/// <code>
///  0  u8   format, 1
///  1  u8   zero
///  2  u16  number of members, at least 1
///  4  u32  the next id
///  8  the members in order of their ids, each:
///      0  u32  id
///      4  u8   1 votes | 2 voted before the change that is under way | 4 is promoted by itself; 0 for a learner that is not
///      5  u32  id of the member it replaces, or 0
///      9  u64  instance, or 0
///     17  three texts: name, peer address, client address, each u16 length in bytes | UTF-8
/// </code>
/// A reader accounts for every byte.
/// </remarks>
public static class ConfigurationCodec
{
    /// <summary>Members of a configuration at most; more is nonsense, and would be work for every reader.</summary>
    public const int MembersMax = 1024;

    /// <summary>Characters of a name or an address at most.</summary>
    public const int TextLengthMax = 1024;

    private const byte Format = 1;
    private const int HeaderBytes = 8;
    private const int MemberHeaderBytes = 17;
    private const byte Votes = 1;
    private const byte VotedBefore = 2;
    private const byte PromotesItself = 4;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The configuration's bytes.</summary>
    public static byte[] Encode(Configuration configuration)
    {
        ArrayBufferWriter<byte> target = new();
        Span<byte> header = target.GetSpan(HeaderBytes)[..HeaderBytes];
        header[0] = Format;
        header[1] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(header[2..], checked((ushort)configuration.Members.Length));
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], configuration.NextId.Value);
        target.Advance(HeaderBytes);
        foreach (Member member in configuration.Members)
        {
            Span<byte> record = target.GetSpan(MemberHeaderBytes)[..MemberHeaderBytes];
            bool votes = configuration.KeepsVote(member.Id);
            bool votedBefore = configuration.OutgoingIds.AsSpan().BinarySearch(member.Id) >= 0;
            BinaryPrimitives.WriteUInt32LittleEndian(record, member.Id.Value);
            record[4] = (byte)((votes ? Votes : 0) | (votedBefore ? VotedBefore : 0) | (member.PromotesItself ? PromotesItself : 0));
            BinaryPrimitives.WriteUInt32LittleEndian(record[5..], member.Replaces.Value);
            BinaryPrimitives.WriteUInt64LittleEndian(record[9..], member.Instance);
            target.Advance(MemberHeaderBytes);
            WriteText(target, member.Name);
            WriteText(target, member.PeerAddress);
            WriteText(target, member.ClientAddress);
        }

        return target.WrittenSpan.ToArray();
    }

    /// <summary>Reads a configuration; null where the bytes are none.</summary>
    public static Configuration? TryDecode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderBytes || bytes[0] != Format || bytes[1] != 0)
        {
            return null;
        }

        int count = BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]);
        NodeId nextId = new(BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]));
        bytes = bytes[HeaderBytes..];
        if (count is 0 or > MembersMax)
        {
            return null;
        }

        List<Member> voters = [];
        List<Member> outgoing = [];
        List<Member> learners = [];
        NodeId last = NodeId.None;
        for (int i = 0; i < count; i++)
        {
            if (!TryReadMember(ref bytes, out Member? member, out byte flags) || member.Id <= last)
            {
                return null;
            }

            last = member.Id;
            if ((flags & Votes) != 0)
            {
                voters.Add(member);
            }

            if ((flags & VotedBefore) != 0)
            {
                outgoing.Add(member);
            }

            if ((flags & (Votes | VotedBefore)) == 0)
            {
                learners.Add(member);
            }
        }

        return bytes.IsEmpty && nextId > last ? TryMake(voters, outgoing, learners, nextId) : null;
    }

    private static Configuration? TryMake(List<Member> voters, List<Member> outgoing, List<Member> learners, NodeId nextId)
    {
        try
        {
            return new Configuration(voters, outgoing, learners, nextId);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static bool TryReadMember(ref ReadOnlySpan<byte> bytes, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Member? member, out byte flags)
    {
        member = null;
        flags = 0;
        if (bytes.Length < MemberHeaderBytes)
        {
            return false;
        }

        NodeId id = new(BinaryPrimitives.ReadUInt32LittleEndian(bytes));
        flags = bytes[4];
        NodeId replaces = new(BinaryPrimitives.ReadUInt32LittleEndian(bytes[5..]));
        ulong instance = BinaryPrimitives.ReadUInt64LittleEndian(bytes[9..]);
        bytes = bytes[MemberHeaderBytes..];
        if ((flags & ~(Votes | VotedBefore | PromotesItself)) != 0
            || !TryReadText(ref bytes, out string? name) || !TryReadText(ref bytes, out string? peer) || !TryReadText(ref bytes, out string? client) || name.Length == 0)
        {
            return false;
        }

        member = new Member(id, name, peer, client) { Instance = instance, PromotesItself = (flags & PromotesItself) != 0, Replaces = replaces };
        return true;
    }

    private static void WriteText(ArrayBufferWriter<byte> target, string text)
    {
        int length = StrictUtf8.GetByteCount(text);
        Span<byte> span = target.GetSpan(sizeof(ushort) + length);
        BinaryPrimitives.WriteUInt16LittleEndian(span, checked((ushort)length));
        StrictUtf8.GetBytes(text, span[sizeof(ushort)..]);
        target.Advance(sizeof(ushort) + length);
    }

    private static bool TryReadText(ref ReadOnlySpan<byte> bytes, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? text)
    {
        text = null;
        if (bytes.Length < sizeof(ushort))
        {
            return false;
        }

        int length = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        bytes = bytes[sizeof(ushort)..];
        if (length > bytes.Length)
        {
            return false;
        }

        try
        {
            text = StrictUtf8.GetString(bytes[..length]);
        }
        catch (DecoderFallbackException)
        {
            return false;
        }

        bytes = bytes[length..];
        return text.Length <= TextLengthMax;
    }
}
