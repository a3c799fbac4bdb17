using System.Buffers;
using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>Writes the content of one snapshot to a file. One thread at a time.</summary>
public sealed class SnapshotFileWriter : IBufferWriter<byte>, IDisposable
{
    private readonly SnapshotStore _store;
    private readonly SnapshotMetadata _metadata;
    private readonly string _temporaryName;
    private readonly SnapshotEncoder _encoder;
    private IFile? _file;

    internal SnapshotFileWriter(SnapshotStore store, IFile file, string temporaryName, ClusterId cluster, SnapshotMetadata metadata)
    {
        _store = store;
        _file = file;
        _temporaryName = temporaryName;
        _metadata = metadata;
        long writtenBytes = 0;
        _encoder = new SnapshotEncoder(cluster, metadata, bytes =>
        {
            File.Write(writtenBytes, bytes);
            writtenBytes += bytes.Length;
        });
    }

    /// <summary>Bytes written to the file so far, for whoever keeps to a rate.</summary>
    public long LengthBytes => _encoder.LengthBytes;

    private IFile File => _file ?? throw new ObjectDisposedException(nameof(SnapshotFileWriter));

    /// <inheritdoc/>
    public void Advance(int count) => _encoder.Advance(count);

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0) => _encoder.GetMemory(sizeHint);

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => _encoder.GetSpan(sizeHint);

    /// <summary>Ends the file with its checksum and makes it durable under its final name.</summary>
    /// <returns>The snapshot; the one that was there before where one of the same entry was.</returns>
    /// <exception cref="StorageIoException">It is not known to be durable. It was dropped, and it can be begun anew.</exception>
    public SnapshotFile Commit()
    {
        _encoder.Complete();
        File.DataSync();
        CloseFile();
        return _store.Publish(_temporaryName, _metadata with { LengthBytes = LengthBytes });
    }

    /// <summary>Drops the file where <see cref="Commit"/> was not called.</summary>
    public void Dispose()
    {
        if (_file is not null)
        {
            CloseFile();
            _store.Drop(_temporaryName);
        }
    }

    private void CloseFile()
    {
        _file?.Dispose();
        _file = null;
        _encoder.Dispose();
    }
}
