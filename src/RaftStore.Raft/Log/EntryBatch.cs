using System.Buffers.Binary;

namespace RaftStore.Raft;

/// <summary>What an entry is to the core; what a command means only the state machine knows.</summary>
public enum EntryKind : byte
{
    /// <summary>The entry that a leader appends at the start of its term (thesis §6.4, step 1). Its payload is empty.</summary>
    NoOp = 0,

    /// <summary>A command for the state machine.</summary>
    Command = 1,

    /// <summary>A configuration of the cluster (thesis §4.1), as <see cref="ConfigurationCodec"/> writes it. It is alone in its batch.</summary>
    Configuration = 2,
}

/// <summary>One entry inside a batch; the span points into the batch's bytes.</summary>
public readonly ref struct Entry(EntryId id, EntryKind kind, ReadOnlySpan<byte> payload)
{
    /// <summary>Its place and term.</summary>
    public EntryId Id { get; } = id;

    /// <summary>Its kind.</summary>
    public EntryKind Kind { get; } = kind;

    /// <summary>Its command; valid as long as the batch.</summary>
    public ReadOnlySpan<byte> Payload { get; } = payload;
}

/// <summary>A sealed run of contiguous entries of one term: the unit in which the log is written, sent and checked. Its
/// bytes are made once, by the leader that sealed it, and are the same in every log, on every disk and on the wire. A batch is
/// never split, so two logs that share one of its entries share all of them. Immutable; it owns its bytes.</summary>
/// <remarks>
/// Little-endian:
/// <code>
///  0  u32  CRC-32C of everything after it
///  4  u32  length of the whole batch in bytes, this header included
///  8  u16  format, 1
/// 10  u16  zero
/// 12  u32  number of entries, at least 1
/// 16  i64  index of the first entry, at least 1
/// 24  i64  term, at least 1
/// 32  i64  cluster time in milliseconds, at least 0
/// 40  the entries, each:  u32 payload length | u8 kind | payload
/// </code>
/// </remarks>
public sealed class EntryBatch
{
    /// <summary>Bytes before the first entry.</summary>
    public const int HeaderBytes = 40;

    /// <summary>Bytes before each entry's payload.</summary>
    public const int EntryHeaderBytes = 5;

    /// <summary>The largest batch that is accepted: the largest value that can be set (16 MiB), a key and the command's frame around
    /// it. A decoder refuses a longer one before it allocates anything.</summary>
    public const int LengthBytesMax = (16 << 20) + (64 << 10);

    /// <summary>A leader seals a batch before it grows past this; a single larger entry travels alone. Up to here one sync
    /// costs the same as for a small write.</summary>
    public const int SealBytes = 256 << 10;

    private const ushort Format = 1;

    private EntryBatch(ReadOnlyMemory<byte> bytes)
    {
        Bytes = bytes;
        ReadOnlySpan<byte> header = bytes.Span;
        Crc = BinaryPrimitives.ReadUInt32LittleEndian(header);
        Count = checked((int)BinaryPrimitives.ReadUInt32LittleEndian(header[12..]));
        FirstIndex = BinaryPrimitives.ReadInt64LittleEndian(header[16..]);
        Term = BinaryPrimitives.ReadInt64LittleEndian(header[24..]);
        ClusterTimeMs = BinaryPrimitives.ReadInt64LittleEndian(header[32..]);
    }

    /// <summary>The batch as it is written and sent.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The checksum in its first four bytes.</summary>
    public uint Crc { get; }

    /// <summary>How many entries it holds.</summary>
    public int Count { get; }

    /// <summary>The index of its first entry.</summary>
    public long FirstIndex { get; }

    /// <summary>The term of all its entries.</summary>
    public long Term { get; }

    /// <summary>Cluster time at sealing, in milliseconds; never less than that of the batch before it.</summary>
    public long ClusterTimeMs { get; }

    /// <summary>The index of its last entry.</summary>
    public long LastIndex => FirstIndex + Count - 1;

    /// <summary>The kind of its first entry; a batch of configurations holds one and nothing else.</summary>
    public EntryKind Kind => (EntryKind)Bytes.Span[HeaderBytes + sizeof(uint)];

    /// <summary>Its last entry.</summary>
    public EntryId Last => new(LastIndex, Term);

    /// <summary>Which entries it holds.</summary>
    public EntryRange Range => new(FirstIndex, Last);

    /// <summary>Its length in bytes.</summary>
    public int LengthBytes => Bytes.Length;

    /// <summary>Seals entries of one kind into a batch; the payloads are copied.</summary>
    /// <param name="first">Index of the first entry and term of all.</param>
    /// <param name="clusterTimeMs">Cluster time in milliseconds.</param>
    /// <param name="kind">The kind of every entry.</param>
    /// <param name="payloads">At least one.</param>
    public static EntryBatch Seal(EntryId first, long clusterTimeMs, EntryKind kind, ReadOnlySpan<ReadOnlyMemory<byte>> payloads)
    {
        Invariant.Check(payloads.Length > 0 && first.Index > 0 && first.Term > 0, $"a batch of {payloads.Length} entries at {first}");
        int length = HeaderBytes;
        foreach (ReadOnlyMemory<byte> payload in payloads)
        {
            length += EntryHeaderBytes + payload.Length;
        }

        Invariant.Check(length <= LengthBytesMax, $"a batch of {length} bytes, above {LengthBytesMax}");
        byte[] bytes = GC.AllocateUninitializedArray<byte>(length);
        Span<byte> header = bytes;
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], (uint)length);
        BinaryPrimitives.WriteUInt16LittleEndian(header[8..], Format);
        BinaryPrimitives.WriteUInt16LittleEndian(header[10..], 0);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], (uint)payloads.Length);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], first.Index);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], first.Term);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], clusterTimeMs);
        Span<byte> rest = header[HeaderBytes..];
        foreach (ReadOnlyMemory<byte> payload in payloads)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(rest, (uint)payload.Length);
            rest[4] = (byte)kind;
            payload.Span.CopyTo(rest[EntryHeaderBytes..]);
            rest = rest[(EntryHeaderBytes + payload.Length)..];
        }

        BinaryPrimitives.WriteUInt32LittleEndian(header, Crc32C.Compute(header[4..]));
        return new EntryBatch(bytes);
    }

    /// <summary>How long the batch is whose first eight bytes these are; -1 where they cannot begin one.</summary>
    public static int PeekLengthBytes(ReadOnlySpan<byte> start)
    {
        if (start.Length < 8)
        {
            return -1;
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(start[4..]);
        return length is >= HeaderBytes + EntryHeaderBytes and <= LengthBytesMax ? (int)length : -1;
    }

    /// <summary>Reads a batch and checks all of it: checksum, lengths and every entry. Keeps <paramref name="bytes"/>, which
    /// the caller must not change afterwards.</summary>
    /// <returns>Null, with what is wrong, where it is not a batch.</returns>
    public static EntryBatch? TryDecode(ReadOnlyMemory<byte> bytes, out string? error)
    {
        ReadOnlySpan<byte> span = bytes.Span;
        error = CheckHeader(span) ?? CheckEntries(span);
        return error is null ? new EntryBatch(bytes) : null;
    }

    /// <summary>Checks bytes as <see cref="TryDecode"/> does. Keeps nothing of them but where they are wanted: then the batch is made of a copy.</summary>
    /// <param name="wantedAfter">The batch is wanted where its last entry has a higher index than this.</param>
    /// <param name="range">Which entries it holds, where it is a batch.</param>
    /// <param name="batch">The batch; null where it is not wanted, or is none.</param>
    /// <returns>False where the bytes are not a batch.</returns>
    public static bool TryCopy(ReadOnlySpan<byte> bytes, long wantedAfter, out EntryRange range, out EntryBatch? batch)
    {
        batch = null;
        range = default;
        if ((CheckHeader(bytes) ?? CheckEntries(bytes)) is not null)
        {
            return false;
        }

        long firstIndex = BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]);
        long count = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
        range = new EntryRange(firstIndex, new EntryId(firstIndex + count - 1, BinaryPrimitives.ReadInt64LittleEndian(bytes[24..])));
        batch = range.Last.Index > wantedAfter ? new EntryBatch(bytes.ToArray()) : null;
        return true;
    }

    /// <summary>Goes through the entries in order.</summary>
    public Enumerator GetEnumerator() => new(this);

    /// <summary><c>[first..last]/term</c>.</summary>
    public override string ToString() => Range.ToString();

    private static string? CheckHeader(ReadOnlySpan<byte> span)
    {
        if (PeekLengthBytes(span) != span.Length)
        {
            return $"the batch's length is not that of its {span.Length} bytes";
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(span) != Crc32C.Compute(span[4..]))
        {
            return "the batch's checksum does not match";
        }

        if (BinaryPrimitives.ReadUInt16LittleEndian(span[8..]) != Format || BinaryPrimitives.ReadUInt16LittleEndian(span[10..]) != 0)
        {
            return "the batch has a format that this version does not know";
        }

        long count = BinaryPrimitives.ReadUInt32LittleEndian(span[12..]);
        long firstIndex = BinaryPrimitives.ReadInt64LittleEndian(span[16..]);
        long term = BinaryPrimitives.ReadInt64LittleEndian(span[24..]);
        long clusterTimeMs = BinaryPrimitives.ReadInt64LittleEndian(span[32..]);
        bool sane = count > 0 && count <= span.Length / EntryHeaderBytes && firstIndex > 0 && firstIndex <= long.MaxValue - count && term > 0 && clusterTimeMs >= 0;
        return sane ? null : $"the batch claims {count} entries from index {firstIndex} in term {term} at {clusterTimeMs} ms";
    }

    private static string? CheckEntries(ReadOnlySpan<byte> span)
    {
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(span[12..]);
        ReadOnlySpan<byte> rest = span[HeaderBytes..];
        for (uint i = 0; i < count; i++)
        {
            if (rest.Length < EntryHeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(rest) > (uint)(rest.Length - EntryHeaderBytes))
            {
                return $"entry {i} of {count} reaches past the end of its batch";
            }

            int length = (int)BinaryPrimitives.ReadUInt32LittleEndian(rest);
            if (CheckKind((EntryKind)rest[4], count, rest.Slice(EntryHeaderBytes, length)) is string fault)
            {
                return $"entry {i} of {count} {fault}";
            }

            rest = rest[(EntryHeaderBytes + length)..];
        }

        return rest.IsEmpty ? null : $"{rest.Length} bytes follow the last of {count} entries";
    }

    private static string? CheckKind(EntryKind kind, uint count, ReadOnlySpan<byte> payload) => kind switch
    {
        EntryKind.NoOp or EntryKind.Command => null,
        EntryKind.Configuration when count > 1 => "is a configuration, which must be alone in its batch",
        EntryKind.Configuration when ConfigurationCodec.TryDecode(payload) is null => "holds a configuration that this version cannot read",
        EntryKind.Configuration => null,
        _ => $"has kind {(byte)kind}, which this version does not know",
    };

    /// <summary>A cursor over a batch's entries.</summary>
    public ref struct Enumerator
    {
        private readonly EntryBatch _batch;
        private ReadOnlySpan<byte> _rest;
        private long _index;

        internal Enumerator(EntryBatch batch)
        {
            _batch = batch;
            _rest = batch.Bytes.Span[HeaderBytes..];
            _index = batch.FirstIndex - 1;
        }

        /// <summary>The entry the cursor is on.</summary>
        public Entry Current { get; private set; }

        /// <summary>Goes to the next entry; false after the last.</summary>
        public bool MoveNext()
        {
            if (_rest.IsEmpty)
            {
                return false;
            }

            int length = (int)BinaryPrimitives.ReadUInt32LittleEndian(_rest);
            _index++;
            Current = new Entry(new EntryId(_index, _batch.Term), (EntryKind)_rest[4], _rest.Slice(EntryHeaderBytes, length));
            _rest = _rest[(EntryHeaderBytes + length)..];
            return true;
        }
    }
}
