using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace RaftStore.Server.Discovery;

/// <summary>Questions and answers of DNS, as far as addresses need them (RFC 1035, section 4; RFC 3596 for AAAA; RFC 6891 for the size).</summary>
/// <remarks>
/// Big-endian:
/// <code>
///  0  u16  id            2  u16  flags           4  u16 questions
///  6  u16  answers       8  u16  authorities    10  u16 additionals
/// 12  question: name, u16 type, u16 class
///     record:   name, u16 type, u16 class, u32 time to live, u16 length, data
///     name:     labels, each a length byte (1 to 63) and its bytes, ended by a 0 or by a pointer (two bytes, the upper bits 11)
/// </code>
/// </remarks>
internal static class DnsMessage
{
    /// <summary>The record of an IPv4 address.</summary>
    public const ushort TypeA = 1;

    /// <summary>The record of an IPv6 address.</summary>
    public const ushort TypeAaaa = 28;

    /// <summary>The largest answer that is asked for, in bytes: what passes every path unfragmented (DNS flag day 2020).</summary>
    public const int DatagramBytesMax = 1232;

    private const int HeaderBytes = 12;
    private const ushort TypeOpt = 41;
    private const ushort ClassInternet = 1;
    private const ushort RecursionDesired = 0x0100;
    private const ushort IsResponse = 0x8000;
    private const ushort Truncated = 0x0200;
    private const ushort CodeMask = 0x000F;

    /// <summary>True for a name that can be asked for.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= 253 && Ascii.IsValid(name) && name.TrimEnd('.').Split('.').All(label => label.Length is >= 1 and <= 63);

    /// <summary>A question.</summary>
    /// <param name="id">To be found again in the answer.</param>
    /// <param name="name">One for which <see cref="IsName"/> holds.</param>
    /// <param name="type"><see cref="TypeA"/> or <see cref="TypeAaaa"/>.</param>
    public static byte[] Ask(ushort id, string name, ushort type)
    {
        List<byte> message = [];
        foreach (ushort field in (ushort[])[id, RecursionDesired, 1, 0, 0, 1])
        {
            Add(message, field);
        }

        foreach (string label in name.TrimEnd('.').Split('.'))
        {
            message.Add((byte)label.Length);
            message.AddRange(Encoding.ASCII.GetBytes(label));
        }

        message.Add(0);
        Add(message, type);
        Add(message, ClassInternet);

        // The one additional record says how long an answer may be: the root's name, OPT, the size in the place of the class.
        message.Add(0);
        Add(message, TypeOpt);
        Add(message, DatagramBytesMax);
        message.AddRange([0, 0, 0, 0, 0, 0]);
        return [.. message];
    }

    /// <summary>Reads an answer.</summary>
    /// <returns>False where the bytes are not the answer to that question, or damaged.</returns>
    public static bool TryRead(ReadOnlySpan<byte> message, ushort id, ushort type, out DnsAnswer answer)
    {
        answer = default;
        if (message.Length < HeaderBytes || Field(message, 0) != id || (Field(message, 2) & IsResponse) == 0 || Field(message, 4) != 1)
        {
            return false;
        }

        int place = HeaderBytes;
        if (!SkipName(message, ref place) || message.Length - place < 4 || Field(message, place) != type)
        {
            return false;
        }

        place += 4;
        List<IPAddress> addresses = [];
        for (int record = Field(message, 6); record > 0; record--)
        {
            if (!SkipName(message, ref place) || message.Length - place < 10)
            {
                return false;
            }

            ushort recordType = Field(message, place);
            ushort recordClass = Field(message, place + 2);
            int length = Field(message, place + 8);
            place += 10;
            if (message.Length - place < length)
            {
                return false;
            }

            // Aliases stand among the answers too; what they lead to follows them.
            if (recordType == type && recordClass == ClassInternet && length == (type == TypeA ? 4 : 16))
            {
                addresses.Add(new IPAddress(message.Slice(place, length)));
            }

            place += length;
        }

        ushort flags = Field(message, 2);
        answer = new DnsAnswer(flags & CodeMask, (flags & Truncated) != 0, addresses);
        return true;
    }

    private static void Add(List<byte> message, ushort value)
    {
        message.Add((byte)(value >> 8));
        message.Add((byte)(value & 0xFF));
    }

    private static ushort Field(ReadOnlySpan<byte> message, int place) => BinaryPrimitives.ReadUInt16BigEndian(message[place..]);

    /// <summary>A pointer ends a name, so it is never followed and no message can make it run in circles.</summary>
    private static bool SkipName(ReadOnlySpan<byte> message, ref int place)
    {
        while (place < message.Length)
        {
            int length = message[place++];
            switch (length >> 6)
            {
                case 0 when length == 0:
                    return true;
                case 0:
                    place += length;
                    break;
                case 3:
                    place++;
                    return place <= message.Length;
                default:
                    return false;
            }
        }

        return false;
    }
}

/// <summary>What a DNS server said.</summary>
/// <param name="Code">The response code: 0 fine, 3 no such name.</param>
/// <param name="IsTruncated">There is more than fits.</param>
/// <param name="Addresses">The addresses, in the order in which they stand.</param>
internal readonly record struct DnsAnswer(int Code, bool IsTruncated, IReadOnlyList<IPAddress> Addresses);
