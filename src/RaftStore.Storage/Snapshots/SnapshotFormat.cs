using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>The bytes of a snapshot file.</summary>
/// <remarks>
/// Little-endian. The header:
/// <code>
///  0  u32  magic "RSSN"
///  4  u16  format, 2
///  6  u16  zero
///  8  u32  length of the header in bytes, its checksum included
/// 12  u32  length of the configuration in bytes
/// 16  u64  cluster id
/// 24  i64  index of the last entry included
/// 32  i64  term of that entry
/// 40  i64  cluster time in milliseconds
/// 48  the configuration, as ConfigurationCodec of RaftStore.Raft draws it
///  …  u32  CRC-32C of everything before it
/// </code>
/// Then blocks of content, each:
/// <code>
///  0  u32  length of the bytes, 1 to 262144
///  4  u32  CRC-32C, going on from that of the block before (the header's for the first), of the length and the bytes
///  8  the bytes
/// </code>
/// Then the trailer, 64 bytes:
/// <code>
///  0  u32  zero: no block has this length
///  4  u32  CRC-32C of the 56 bytes after it
///  8  u64  number of blocks
/// 16  u64  bytes of content
/// 24  32 bytes  SHA-256 of everything before the trailer
/// 56  u32  magic "RSSE"
/// 60  u32  zero
/// </code>
/// </remarks>
internal static class SnapshotFormat
{
    internal const int BlockHeaderBytes = 8;
    internal const int TrailerBytes = 64;
    internal const int HashBytes = 32;

    /// <summary>The largest block; one is read, checked and handed out at a time.</summary>
    internal const int BlockBytesMax = 256 << 10;

    /// <summary>The longest header that is read; a configuration of a thousand members fits.</summary>
    internal const int HeaderBytesMax = 1 << 20;

    private const int FixedHeaderBytes = 48;
    private const int ChecksumBytes = 4;
    private const ushort Format = 2;
    private const uint HeaderMagic = 0x4E535352;  // "RSSN"
    private const uint TrailerMagic = 0x45535352; // "RSSE"
    private const string Suffix = ".snap";

    /// <summary>The name of the file of a snapshot; in ordinal order of names, later snapshots come later.</summary>
    internal static string NameOf(EntryId last) => string.Create(CultureInfo.InvariantCulture, $"{last.Index:x16}-{last.Term:x16}{Suffix}");

    /// <summary>True for names that only complete snapshots bear.</summary>
    internal static bool IsSnapshotName(string name) => name.EndsWith(Suffix, StringComparison.Ordinal);

    /// <summary>The header's bytes.</summary>
    internal static byte[] EncodeHeader(ClusterId cluster, SnapshotMetadata metadata)
    {
        ArrayBufferWriter<byte> target = new();
        Span<byte> head = target.GetSpan(FixedHeaderBytes)[..FixedHeaderBytes];
        head.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(head, HeaderMagic);
        BinaryPrimitives.WriteUInt16LittleEndian(head[4..], Format);
        byte[] configuration = ConfigurationCodec.Encode(metadata.Configuration);
        BinaryPrimitives.WriteUInt32LittleEndian(head[12..], (uint)configuration.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(head[16..], cluster.Value);
        BinaryPrimitives.WriteInt64LittleEndian(head[24..], metadata.LastIncluded.Index);
        BinaryPrimitives.WriteInt64LittleEndian(head[32..], metadata.LastIncluded.Term);
        BinaryPrimitives.WriteInt64LittleEndian(head[40..], metadata.ClusterTimeMs);
        target.Advance(FixedHeaderBytes);
        target.Write(configuration);
        byte[] header = [.. target.WrittenSpan, 0, 0, 0, 0];
        Invariant.Check(header.Length <= HeaderBytesMax, $"a snapshot header of {header.Length} bytes");
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), (uint)header.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(header.Length - ChecksumBytes), Crc32C.Compute(header.AsSpan(0, header.Length - ChecksumBytes)));
        return header;
    }

    /// <summary>Reads and checks the header of a file.</summary>
    /// <param name="expected">The cluster it must be of; null for any.</param>
    /// <param name="cluster">The cluster it is of.</param>
    /// <param name="headerBytes">Its length.</param>
    /// <param name="headerCrc">Its checksum, from which the first block's goes on.</param>
    /// <exception cref="DataDirectoryException">It is damaged, of another cluster or of a newer format.</exception>
    internal static SnapshotMetadata ReadHeader(IFile file, string path, ClusterId? expected, out ClusterId cluster, out int headerBytes, out uint headerCrc)
    {
        cluster = ClusterId.None;
        Span<byte> start = stackalloc byte[FixedHeaderBytes];
        long fileBytes = file.LengthBytes;
        headerBytes = 0;
        headerCrc = 0;
        if (file.Read(0, start) < start.Length || BinaryPrimitives.ReadUInt32LittleEndian(start) != HeaderMagic)
        {
            throw Damaged(path, 0, "it does not begin like a snapshot");
        }

        uint claimed = BinaryPrimitives.ReadUInt32LittleEndian(start[8..]);
        if (claimed is < FixedHeaderBytes + ChecksumBytes or > HeaderBytesMax || claimed > fileBytes - TrailerBytes)
        {
            throw Damaged(path, 8, $"its header claims {claimed} bytes of a file of {fileBytes}");
        }

        byte[] header = new byte[claimed];
        headerBytes = file.Read(0, header);
        headerCrc = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(header.Length - ChecksumBytes));
        if (headerBytes < header.Length || headerCrc != Crc32C.Compute(header.AsSpan(0, header.Length - ChecksumBytes)))
        {
            throw Damaged(path, 0, "the checksum of its header does not match");
        }

        ushort format = BinaryPrimitives.ReadUInt16LittleEndian(start[4..]);
        if (format != Format)
        {
            throw new DataDirectoryException(path, 4, $"the snapshot has format {format}, and this version knows format {Format} only: start the version of RaftStore that wrote it, or a newer one");
        }

        cluster = new ClusterId(BinaryPrimitives.ReadUInt64LittleEndian(start[16..]));
        if (expected is { } own && cluster != own)
        {
            throw new DataDirectoryException(path, 16, $"the snapshot belongs to cluster {cluster}, and this directory to cluster {own}: files of two nodes were mixed; put back the ones that belong here");
        }

        return DecodeMetadata(path, header, fileBytes);
    }

    /// <summary>Writes the trailer.</summary>
    internal static void EncodeTrailer(Span<byte> target, long blockCount, long contentBytes, ReadOnlySpan<byte> hash)
    {
        target[..TrailerBytes].Clear();
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], blockCount);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], contentBytes);
        hash.CopyTo(target[24..]);
        BinaryPrimitives.WriteUInt32LittleEndian(target[56..], TrailerMagic);
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], Crc32C.Compute(target[8..TrailerBytes]));
    }

    /// <summary>Reads the trailer from the end of a file, and checks it and the lengths it claims.</summary>
    /// <param name="hash">Receives the checksum over everything before it.</param>
    /// <exception cref="DataDirectoryException">It is damaged, or the file has another length than it says.</exception>
    internal static (long BlockCount, long ContentBytes) ReadTrailer(IFile file, string path, int headerBytes, Span<byte> hash)
    {
        long offset = file.LengthBytes - TrailerBytes;
        Span<byte> trailer = stackalloc byte[TrailerBytes];
        bool isWhole = offset >= headerBytes && file.Read(offset, trailer) == TrailerBytes;
        if (!isWhole
            || BinaryPrimitives.ReadUInt32LittleEndian(trailer[4..]) != Crc32C.Compute(trailer[8..])
            || BinaryPrimitives.ReadUInt32LittleEndian(trailer[56..]) != TrailerMagic
            || BinaryPrimitives.ReadUInt32LittleEndian(trailer) != 0)
        {
            throw Damaged(path, Math.Max(0, offset), "it does not end like a snapshot");
        }

        long blockCount = BinaryPrimitives.ReadInt64LittleEndian(trailer[8..]);
        long contentBytes = BinaryPrimitives.ReadInt64LittleEndian(trailer[16..]);
        long room = offset - headerBytes;
        if (blockCount < 0 || contentBytes < blockCount || blockCount > room / BlockHeaderBytes || contentBytes != room - (blockCount * BlockHeaderBytes))
        {
            throw Damaged(path, offset + 8, $"its end claims {contentBytes} bytes in {blockCount} blocks, which is not the length of the file");
        }

        trailer.Slice(24, HashBytes).CopyTo(hash);
        return (blockCount, contentBytes);
    }

    /// <summary>The checksum of a block.</summary>
    internal static uint BlockCrc(uint chain, ReadOnlySpan<byte> content)
    {
        Span<byte> length = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)content.Length);
        return Crc32C.Append(Crc32C.Append(chain, length), content);
    }

    /// <summary>The exception for a damaged file.</summary>
    internal static DataDirectoryException Damaged(string path, long offsetBytes, string what)
        => new(path, offsetBytes, $"the snapshot is damaged: {what}", WalDirectory.Advice);

    private static SnapshotMetadata DecodeMetadata(string path, ReadOnlySpan<byte> header, long fileBytes)
    {
        EntryId last = new(BinaryPrimitives.ReadInt64LittleEndian(header[24..]), BinaryPrimitives.ReadInt64LittleEndian(header[32..]));
        long clusterTimeMs = BinaryPrimitives.ReadInt64LittleEndian(header[40..]);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
        ReadOnlySpan<byte> rest = header[FixedHeaderBytes..^ChecksumBytes];
        Configuration? configuration = length == rest.Length ? ConfigurationCodec.TryDecode(rest) : null;
        if (configuration is null || last.Index <= 0 || last.Term <= 0 || clusterTimeMs < 0)
        {
            throw Damaged(path, 24, $"its checksums are right, but it claims entry {last}, cluster time {clusterTimeMs} ms and a configuration of {length} bytes");
        }

        return new SnapshotMetadata(last, clusterTimeMs, configuration, fileBytes);
    }
}
