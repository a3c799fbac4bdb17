using System.Buffers.Binary;
using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>A small preallocated file with two checksummed copies of one value, each in a block of its own: whatever happens to
/// one, the other stands. What is written when, and synced or not, is the owner's protocol.</summary>
/// <remarks>
/// Two slots, at offsets 0 and 4096, of 64 bytes each, little-endian; the rest of the 8192 bytes is zero.
/// <code>
///  0  u32  CRC-32C of the 60 bytes after it
///  4  u32  magic
///  8  u16  format, 1
/// 10  u16  zero
/// 12  u32  zero
/// 16  u64  cluster id
/// 24  u64  sequence, one more with every value written; the higher one is the newer
/// 32  32 bytes of payload
/// </code>
/// </remarks>
internal sealed class SlotFile : IDisposable
{
    internal const int SlotBytes = 64;
    internal const int PayloadBytes = 32;
    internal const int SlotCount = 2;

    /// <summary>One slot in each block of 4 KiB: a sector is never larger, so that no failed write can damage both.</summary>
    internal const int SlotStrideBytes = 4096;

    /// <summary>More than anything can be counted to in a century, and far from where counting ends.</summary>
    internal const long CountMax = 1L << 62;

    private const ushort Format = 1;
    private const int PayloadStart = 32;

    private readonly IFile _file;
    private readonly uint _magic;
    private readonly ClusterId _cluster;
    private readonly byte[] _buffer = new byte[SlotBytes];
    private long _sequence;
    private int _newest;

    private SlotFile(IFile file, string path, uint magic, ClusterId cluster)
    {
        _file = file;
        Path = path;
        _magic = magic;
        _cluster = cluster;
    }

    /// <summary>The file.</summary>
    internal string Path { get; }

    /// <summary>Makes the file durable with one value in both slots.</summary>
    internal static void Create(IFileSystem files, string directory, string name, uint magic, ClusterId cluster, ReadOnlySpan<byte> payload)
    {
        byte[] content = new byte[SlotCount * SlotStrideBytes];
        for (int slot = 0; slot < SlotCount; slot++)
        {
            Encode(content.AsSpan(slot * SlotStrideBytes, SlotBytes), magic, cluster, 1, payload);
        }

        DurableFiles.Replace(files, directory, name, content);
    }

    /// <summary>Opens the file and reads the newest value that is intact.</summary>
    /// <param name="differ">True where the slots do not hold the same.</param>
    /// <exception cref="DataDirectoryException">Neither slot is intact, or they are of another cluster or a newer format.</exception>
    internal static SlotFile Open(IFileSystem files, string path, uint magic, ClusterId cluster, Span<byte> payload, out bool differ)
    {
        SlotFile slots = new(files.Open(path, FileOpenMode.ReadWrite), path, magic, cluster);
        try
        {
            byte[][] found = [slots.ReadSlot(0), slots.ReadSlot(1)];
            long[] sequences = [slots.SequenceOf(found[0], 0), slots.SequenceOf(found[1], SlotStrideBytes)];
            if (sequences[0] < 0 && sequences[1] < 0)
            {
                throw new DataDirectoryException(path, 0,
                    "both copies of what it holds are damaged, which no crash can do. This node does not start, because it cannot know what it has promised; replace it by a new one");
            }

            int newest = sequences[1] > sequences[0] ? 1 : 0;
            slots._newest = newest;
            slots._sequence = sequences[newest];
            found[newest].AsSpan(PayloadStart, PayloadBytes).CopyTo(payload);
            differ = !found[0].AsSpan().SequenceEqual(found[1]);
            return slots;
        }
        catch
        {
            slots.Dispose();
            throw;
        }
    }

    /// <summary>Writes one value into both slots, the second only once the first is durable. The slot with the newest value comes
    /// last: while the other is damaged it holds the only copy there is.</summary>
    internal void WriteBothDurably(ReadOnlySpan<byte> payload)
    {
        _sequence++;
        WriteSlot(1 - _newest, payload);
        _file.DataSync();
        WriteSlot(_newest, payload);
        _file.DataSync();
    }

    /// <summary>Writes one value into the slot that holds the older one, without making it durable.</summary>
    internal void WriteAlternating(ReadOnlySpan<byte> payload)
    {
        _sequence++;
        _newest = 1 - _newest;
        WriteSlot(_newest, payload);
    }

    /// <summary>Makes what was written durable.</summary>
    internal void DataSync() => _file.DataSync();

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static void Encode(Span<byte> slot, uint magic, ClusterId cluster, long sequence, ReadOnlySpan<byte> payload)
    {
        slot.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(slot[4..], magic);
        BinaryPrimitives.WriteUInt16LittleEndian(slot[8..], Format);
        BinaryPrimitives.WriteUInt64LittleEndian(slot[16..], cluster.Value);
        BinaryPrimitives.WriteInt64LittleEndian(slot[24..], sequence);
        payload.CopyTo(slot[PayloadStart..]);
        BinaryPrimitives.WriteUInt32LittleEndian(slot, Crc32C.Compute(slot[4..]));
    }

    private void WriteSlot(int slot, ReadOnlySpan<byte> payload)
    {
        Encode(_buffer, _magic, _cluster, _sequence, payload);
        _file.Write((long)slot * SlotStrideBytes, _buffer);
    }

    private byte[] ReadSlot(int slot)
    {
        byte[] bytes = new byte[SlotBytes];
        _ = _file.Read((long)slot * SlotStrideBytes, bytes);
        return bytes;
    }

    /// <summary>The sequence of a slot, or -1 where it is damaged.</summary>
    private long SequenceOf(ReadOnlySpan<byte> slot, long offsetBytes)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(slot) != Crc32C.Compute(slot[4..]) || BinaryPrimitives.ReadUInt32LittleEndian(slot[4..]) != _magic)
        {
            return -1;
        }

        ushort format = BinaryPrimitives.ReadUInt16LittleEndian(slot[8..]);
        if (format != Format)
        {
            throw new DataDirectoryException(Path, offsetBytes, $"it has format {format}, and this version knows format {Format} only: start the version of RaftStore that wrote it, or a newer one");
        }

        ClusterId cluster = new(BinaryPrimitives.ReadUInt64LittleEndian(slot[16..]));
        if (cluster != _cluster)
        {
            throw new DataDirectoryException(Path, offsetBytes, $"it belongs to cluster {cluster}, and this directory to cluster {_cluster}: files of two nodes were mixed; put back the ones that belong here");
        }

        long sequence = BinaryPrimitives.ReadInt64LittleEndian(slot[24..]);
        return sequence is > 0 and <= CountMax
            ? sequence
            : throw new DataDirectoryException(Path, offsetBytes, $"its checksum is right, but it claims to be value {sequence}, which no disk lives to see. This node does not start, because it cannot know what it has promised; replace it by a new one");
    }
}
