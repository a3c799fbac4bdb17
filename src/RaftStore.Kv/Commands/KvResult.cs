using System.Buffers.Binary;

namespace RaftStore.Kv;

/// <summary>How a command ended.</summary>
public enum KvStatus : byte
{
    /// <summary>It was carried out.</summary>
    Done = 0,

    /// <summary>Its condition did not hold; nothing changed. <see cref="KvResult.Previous"/> is what the key holds.</summary>
    ConditionFailed = 1,

    /// <summary>The range holds more than <see cref="KvLimits.RangeKeysMax"/> keys; nothing changed.</summary>
    RangeTooLarge = 2,

    /// <summary>The store's quota is reached; nothing changed.</summary>
    QuotaReached = 3,

    /// <summary>The key or the value is longer than the replicated settings allow; nothing changed.</summary>
    TooLarge = 4,

    /// <summary>A compaction: the revision cannot be read any more, or is already the oldest one that can; nothing changed.</summary>
    AlreadyCompacted = 5,

    /// <summary>A compaction: the store has not reached the revision; nothing changed.</summary>
    FutureRevision = 6,
}

/// <summary>What applying a command told its proposer.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Revision">The store's revision after it.</param>
/// <param name="Version">A put: the key's version after it.</param>
/// <param name="Deleted">A delete: how many keys it removed.</param>
/// <param name="Previous">The item that the key held before, where it was asked for or the condition failed, and there was one.</param>
/// <remarks>
/// Encoded, little-endian:
/// <code>
///  0  u8   format, 1
///  1  u8   status
///  2  u8   1 where an item follows, else 0
///  3  u8   zero
///  4  u32  zero
///  8  i64  revision
/// 16  i64  version
/// 24  i64  deleted
/// 32  the item, where there is one:
///       32  u32  bytes of the key, at least 1
///       36  u32  bytes of the value
///       40  i64  create revision
///       48  i64  mod revision
///       56  i64  version
///       64  i64  lease
///       72  the key, and right after it the value
/// </code>
/// </remarks>
public readonly record struct KvResult(KvStatus Status, long Revision, long Version, long Deleted, KvItem? Previous)
{
    private const byte Format = 1;
    private const int HeaderBytes = 32;
    private const int ItemHeaderBytes = 40;

    /// <summary>Bytes that <see cref="Write"/> needs.</summary>
    public int EncodedBytes => HeaderBytes + (Previous is { } item ? ItemHeaderBytes + item.Key.Length + item.Value.Length : 0);

    /// <summary>Writes the result for the node that forwarded the command.</summary>
    /// <exception cref="ArgumentException"><paramref name="target"/> is shorter than <see cref="EncodedBytes"/>.</exception>
    public void Write(Span<byte> target)
    {
        if (target.Length < EncodedBytes)
        {
            throw new ArgumentException(FormattableString.Invariant($"A result of {EncodedBytes} bytes does not fit into {target.Length}."), nameof(target));
        }

        target[0] = Format;
        target[1] = (byte)Status;
        target[2] = Previous is null ? (byte)0 : (byte)1;
        target[3] = 0;
        BinaryPrimitives.WriteInt32LittleEndian(target[4..], 0);
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], Revision);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], Version);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], Deleted);
        if (Previous is not { } item)
        {
            return;
        }

        Span<byte> rest = target[HeaderBytes..];
        BinaryPrimitives.WriteInt32LittleEndian(rest, item.Key.Length);
        BinaryPrimitives.WriteInt32LittleEndian(rest[4..], item.Value.Length);
        BinaryPrimitives.WriteInt64LittleEndian(rest[8..], item.CreateRevision);
        BinaryPrimitives.WriteInt64LittleEndian(rest[16..], item.ModRevision);
        BinaryPrimitives.WriteInt64LittleEndian(rest[24..], item.Version);
        BinaryPrimitives.WriteInt64LittleEndian(rest[32..], item.Lease);
        item.Key.Span.CopyTo(rest[ItemHeaderBytes..]);
        item.Value.Span.CopyTo(rest[(ItemHeaderBytes + item.Key.Length)..]);
    }

    /// <summary>Reads what <see cref="Write"/> wrote; the item's memory is copied.</summary>
    /// <returns>False where the bytes are not a result.</returns>
    public static bool TryRead(ReadOnlySpan<byte> source, out KvResult result)
    {
        result = default;
        if (source.Length < HeaderBytes || source[0] != Format || source[1] > (byte)KvStatus.FutureRevision || source[2] > 1 || source[3] != 0
            || BinaryPrimitives.ReadInt32LittleEndian(source[4..]) != 0)
        {
            return false;
        }

        KvItem? previous = null;
        ReadOnlySpan<byte> rest = source[HeaderBytes..];
        if (source[2] == 1)
        {
            if (!TryReadItem(rest, out KvItem item))
            {
                return false;
            }

            previous = item;
        }
        else if (!rest.IsEmpty)
        {
            return false;
        }

        KvResult read = new(
            (KvStatus)source[1],
            Revision: BinaryPrimitives.ReadInt64LittleEndian(source[8..]),
            Version: BinaryPrimitives.ReadInt64LittleEndian(source[16..]),
            Deleted: BinaryPrimitives.ReadInt64LittleEndian(source[24..]),
            previous);
        if (read is not { Revision: >= 0, Version: >= 0, Deleted: >= 0 })
        {
            return false;
        }

        result = read;
        return true;
    }

    private static bool TryReadItem(ReadOnlySpan<byte> source, out KvItem item)
    {
        item = default;
        if (source.Length < ItemHeaderBytes)
        {
            return false;
        }

        // Both lengths are checked against the bytes that are there before anything is allocated.
        long keyBytes = BinaryPrimitives.ReadUInt32LittleEndian(source);
        long valueBytes = BinaryPrimitives.ReadUInt32LittleEndian(source[4..]);
        ReadOnlySpan<byte> rest = source[ItemHeaderBytes..];
        if (keyBytes == 0 || keyBytes + valueBytes != rest.Length)
        {
            return false;
        }

        byte[] keyAndValue = rest.ToArray();
        item = new KvItem(
            keyAndValue.AsMemory(0, (int)keyBytes),
            keyAndValue.AsMemory((int)keyBytes),
            CreateRevision: BinaryPrimitives.ReadInt64LittleEndian(source[8..]),
            ModRevision: BinaryPrimitives.ReadInt64LittleEndian(source[16..]),
            Version: BinaryPrimitives.ReadInt64LittleEndian(source[24..]),
            Lease: BinaryPrimitives.ReadInt64LittleEndian(source[32..]));
        return item is { CreateRevision: > 0, ModRevision: > 0, Version: > 0, Lease: >= 0 };
    }
}
