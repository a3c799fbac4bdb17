using System.Buffers;
using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>A snapshot file that is complete, verified and durable.</summary>
/// <param name="Metadata">What it stands for; its length is that of the file.</param>
/// <param name="FileName">Its name in the snapshot directory.</param>
public sealed record SnapshotFile(SnapshotMetadata Metadata, string FileName);

/// <summary>The snapshots of one data directory. A file counts only under its final name, which it gets after its bytes are
/// verified and durable (write, sync, rename, sync of the directory). One thread at a time.</summary>
public sealed class SnapshotStore
{
    /// <summary>Opens the directory, or makes it, and removes files that never got their final name.</summary>
    /// <exception cref="DataDirectoryException">A file under a final name is not a snapshot of this cluster.</exception>
    public static SnapshotStore Open(IFileSystem files, string directory, ClusterId cluster) => throw new NotImplementedException();

    /// <summary>The newest snapshot, or null.</summary>
    public SnapshotFile? Latest => throw new NotImplementedException();

    /// <summary>Begins a snapshot; <see cref="SnapshotMetadata.LengthBytes"/> is ignored.</summary>
    public SnapshotFileWriter Create(SnapshotMetadata metadata) => throw new NotImplementedException();

    /// <summary>Opens a snapshot to read its content from the start; each block's checksum is verified before it is handed out.</summary>
    public SnapshotFileReader OpenContent(SnapshotFile snapshot) => throw new NotImplementedException();

    /// <summary>Reads the file itself, for sending.</summary>
    /// <returns>How many bytes were read; fewer than asked only at the end of the file.</returns>
    public int ReadRaw(SnapshotFile snapshot, long offsetBytes, Span<byte> target) => throw new NotImplementedException();

    /// <summary>Begins, or goes on with, a file that comes from another node in chunks. One at a time: beginning another snapshot drops the first.</summary>
    /// <returns>The offset up to which it holds the file without a gap.</returns>
    public long Receive(SnapshotMetadata metadata, long offsetBytes, ReadOnlySpan<byte> chunk) => throw new NotImplementedException();

    /// <summary>Verifies a file received whole, end to end, and makes it durable under its final name.</summary>
    /// <exception cref="DataDirectoryException">It is damaged or not what its metadata says; it was dropped.</exception>
    public SnapshotFile CompleteReceived(SnapshotMetadata metadata) => throw new NotImplementedException();

    /// <summary>Removes every snapshot older than <see cref="Latest"/> that nobody reads.</summary>
    public void DeleteOlder() => throw new NotImplementedException();
}

/// <summary>Writes the content of one snapshot.</summary>
public sealed class SnapshotFileWriter : IBufferWriter<byte>, IDisposable
{
    internal SnapshotFileWriter()
    {
    }

    /// <inheritdoc/>
    public void Advance(int count) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => throw new NotImplementedException();

    /// <summary>Ends the file with its checksum and makes it durable under its final name.</summary>
    public SnapshotFile Commit() => throw new NotImplementedException();

    /// <summary>Drops the file where <see cref="Commit"/> was not called.</summary>
    public void Dispose() => throw new NotImplementedException();
}

/// <summary>Reads the content of one snapshot from start to end.</summary>
public sealed class SnapshotFileReader : IDisposable
{
    internal SnapshotFileReader()
    {
    }

    /// <summary>The next bytes of the content, verified; empty at the end, when the whole file's checksum has been verified too.
    /// Valid until the next call.</summary>
    /// <exception cref="DataDirectoryException">The file is damaged; its name and the offset are given.</exception>
    public ReadOnlyMemory<byte> ReadBlock() => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
