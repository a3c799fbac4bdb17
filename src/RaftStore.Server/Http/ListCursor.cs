using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using RaftStore.Kv;
using RaftStore.Raft;

namespace RaftStore.Server.Http;

/// <summary>Where a list goes on. Clients hold it as an opaque text.</summary>
/// <remarks>
/// Little-endian, base64url over all of it:
/// <code>
///  0  u8   version, 1
///  1  i64  revision of the list's first page
///  9  u64  digest of the query that the cursor belongs to
/// 17  the last key given out
///  n  u32  CRC-32C of everything before it
/// </code>
/// The checksum is against accidents: a client that forges a cursor only reads what it may read anyway.
/// </remarks>
internal readonly record struct ListCursor(long Revision, ulong QueryDigest, ReadOnlyMemory<byte> LastKey)
{
    private const byte Version = 1;
    private const int HeadBytes = 17;
    private const int ChecksumBytes = 4;
    private const int TextLengthMax = (HeadBytes + KvCommand.KeyBytesMax + ChecksumBytes + 2) / 3 * 4;

    /// <summary>The digest of what a cursor is bound to: the range, its direction, and whether values are wanted.</summary>
    public static ulong Digest(KeyRange range, bool reverse, bool keysOnly)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> head = stackalloc byte[6];
        head[0] = reverse ? (byte)1 : (byte)0;
        head[0] |= keysOnly ? (byte)2 : (byte)0;
        head[0] |= range.End is null ? (byte)4 : (byte)0;
        head[1] = Version;
        BinaryPrimitives.WriteInt32LittleEndian(head[2..], range.Start.Length);
        hash.AppendData(head);
        hash.AppendData(range.Start.Span);
        hash.AppendData(range.End.GetValueOrDefault().Span);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        return BinaryPrimitives.ReadUInt64LittleEndian(digest);
    }

    /// <summary>The cursor as a text.</summary>
    public string Encode()
    {
        byte[] bytes = new byte[HeadBytes + LastKey.Length + ChecksumBytes];
        bytes[0] = Version;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(1), Revision);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(9), QueryDigest);
        LastKey.Span.CopyTo(bytes.AsSpan(HeadBytes));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - ChecksumBytes), Crc32C.Compute(bytes.AsSpan(0, bytes.Length - ChecksumBytes)));
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Reads what <see cref="Encode"/> made, for the query with that digest.</summary>
    /// <returns>Null where all is well.</returns>
    public static Problem? TryDecode(string text, ulong queryDigest, out ListCursor cursor)
    {
        cursor = default;
        byte[] bytes = new byte[HeadBytes + KvCommand.KeyBytesMax + ChecksumBytes];
        if (text.Length > TextLengthMax
            || KeyCodec.DecodeBase64(text, bytes, out int length) != KeyDecoding.Done
            || length <= HeadBytes + ChecksumBytes
            || bytes[0] != Version
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(length - ChecksumBytes)) != Crc32C.Compute(bytes.AsSpan(0, length - ChecksumBytes)))
        {
            return new Problem(ProblemType.InvalidCursor, "The cursor is damaged: use it exactly as the page before gave it, or begin anew without it.");
        }

        cursor = new ListCursor(
            BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(1)),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(9)),
            bytes.AsMemory(HeadBytes, length - HeadBytes - ChecksumBytes));
        return cursor.QueryDigest == queryDigest && cursor.Revision >= 0
            ? null
            : new Problem(ProblemType.InvalidCursor, "The cursor belongs to another query: keep bounds, reverse and keys_only as they were, or begin anew without it.");
    }

    /// <summary>What is left of a range after the cursor.</summary>
    public KeyRange Rest(KeyRange range, bool reverse) => RestAfter(range, LastKey, reverse);

    /// <summary>What is left of a range after a key was given out.</summary>
    public static KeyRange RestAfter(KeyRange range, ReadOnlyMemory<byte> lastKey, bool reverse)
    {
        if (reverse)
        {
            return range with { End = lastKey };
        }

        // The first key behind K in byte order is K with a zero byte at its end.
        byte[] next = new byte[lastKey.Length + 1];
        lastKey.Span.CopyTo(next);
        return range with { Start = next };
    }
}
