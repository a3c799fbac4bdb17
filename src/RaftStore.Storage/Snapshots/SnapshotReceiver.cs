using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>A snapshot that is coming from another node in chunks, in a temporary file. It grows without gaps; chunks may come twice,
/// and from more than one leader, since the checksum over the whole decides in the end.</summary>
internal sealed class SnapshotReceiver : IDisposable
{
    /// <summary>The temporary file's name.</summary>
    internal const string Name = "received" + DurableFiles.TemporarySuffix;

    private readonly IFile _file;

    private SnapshotReceiver(IFile file, SnapshotMetadata metadata, long heldBytes)
    {
        _file = file;
        Metadata = metadata;
        HeldBytes = heldBytes;
    }

    /// <summary>What is being received.</summary>
    internal SnapshotMetadata Metadata { get; }

    /// <summary>The offset up to which the file is held without a gap.</summary>
    internal long HeldBytes { get; private set; }

    /// <summary>Goes on with the file that is there, where it begins with <paramref name="header"/>; else begins one.</summary>
    internal static SnapshotReceiver Open(IFileSystem files, string path, ReadOnlySpan<byte> header, SnapshotMetadata metadata)
    {
        if (files.FileExists(path))
        {
            IFile found = files.Open(path, FileOpenMode.ReadWrite);
            byte[] start = new byte[header.Length];
            if (found.LengthBytes <= metadata.LengthBytes && found.Read(0, start) == start.Length && header.SequenceEqual(start))
            {
                return new SnapshotReceiver(found, metadata, found.LengthBytes);
            }

            found.Dispose();
        }

        return new SnapshotReceiver(DurableFiles.CreateAnew(files, path), metadata, heldBytes: 0);
    }

    /// <summary>True once every byte was read back and found to match its checksums.</summary>
    internal bool IsVerified { get; set; }

    /// <summary>True where both mean the same file.</summary>
    internal bool IsFor(SnapshotMetadata metadata)
        => Metadata.LastIncluded == metadata.LastIncluded && Metadata.ClusterTimeMs == metadata.ClusterTimeMs && Metadata.LengthBytes == metadata.LengthBytes;

    /// <summary>Adds what is new in a chunk; one that would leave a gap, or reaches past the file's length, changes nothing.</summary>
    internal void Add(long offsetBytes, ReadOnlySpan<byte> chunk)
    {
        if (offsetBytes < 0 || offsetBytes > HeldBytes || chunk.Length > Metadata.LengthBytes - offsetBytes || offsetBytes + chunk.Length <= HeldBytes)
        {
            return;
        }

        ReadOnlySpan<byte> news = chunk[(int)(HeldBytes - offsetBytes)..];
        _file.Write(HeldBytes, news);
        HeldBytes += news.Length;
    }

    /// <summary>Makes what is held durable.</summary>
    internal void DataSync() => _file.DataSync();

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
