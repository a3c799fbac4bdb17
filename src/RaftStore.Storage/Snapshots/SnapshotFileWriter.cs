using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>Writes the content of one snapshot. One thread at a time.</summary>
public sealed class SnapshotFileWriter : IBufferWriter<byte>, IDisposable
{
    private readonly SnapshotStore _store;
    private readonly SnapshotMetadata _metadata;
    private readonly string _temporaryName;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Content that is not yet a block, behind room for its block's header, so that both leave in one write.</summary>
    private byte[] _buffer = new byte[SnapshotFormat.BlockHeaderBytes + SnapshotFormat.BlockBytesMax];
    private IFile? _file;
    private int _count;
    private uint _chain;
    private long _blockCount;
    private long _contentBytes;

    internal SnapshotFileWriter(SnapshotStore store, IFile file, string temporaryName, ClusterId cluster, SnapshotMetadata metadata)
    {
        _store = store;
        _file = file;
        _temporaryName = temporaryName;
        _metadata = metadata;
        byte[] header = SnapshotFormat.EncodeHeader(cluster, metadata);
        _chain = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(header.Length - sizeof(uint)));
        Write(header);
    }

    /// <summary>Bytes written to the file so far, for whoever keeps to a rate.</summary>
    public long LengthBytes { get; private set; }

    private IFile File => _file ?? throw new ObjectDisposedException(nameof(SnapshotFileWriter));

    /// <inheritdoc/>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _buffer.Length - SnapshotFormat.BlockHeaderBytes - _count);
        _count += count;
        while (_count >= SnapshotFormat.BlockBytesMax)
        {
            WriteBlock(SnapshotFormat.BlockBytesMax);
        }
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        EnsureRoom(sizeHint);
        return _buffer.AsMemory(SnapshotFormat.BlockHeaderBytes + _count);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Ends the file with its checksum and makes it durable under its final name.</summary>
    /// <returns>The snapshot; the one that was there before where one of the same entry was.</returns>
    /// <exception cref="StorageIoException">It is not known to be durable. It was dropped, and it can be begun anew.</exception>
    public SnapshotFile Commit()
    {
        if (_count > 0)
        {
            WriteBlock(_count);
        }

        byte[] trailer = new byte[SnapshotFormat.TrailerBytes];
        SnapshotFormat.EncodeTrailer(trailer, _blockCount, _contentBytes, _hash.GetHashAndReset());
        File.Write(LengthBytes, trailer);
        LengthBytes += trailer.Length;
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
        _hash.Dispose();
    }

    private void EnsureRoom(int sizeHint)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        int needed = SnapshotFormat.BlockHeaderBytes + _count + Math.Max(sizeHint, 1);
        if (needed > _buffer.Length)
        {
            Array.Resize(ref _buffer, needed);
        }
    }

    private void WriteBlock(int count)
    {
        Span<byte> block = _buffer.AsSpan(0, SnapshotFormat.BlockHeaderBytes + count);
        _chain = SnapshotFormat.BlockCrc(_chain, block[SnapshotFormat.BlockHeaderBytes..]);
        BinaryPrimitives.WriteUInt32LittleEndian(block, (uint)count);
        BinaryPrimitives.WriteUInt32LittleEndian(block[4..], _chain);
        Write(block);
        _blockCount++;
        _contentBytes += count;
        _count -= count;
        _buffer.AsSpan(block.Length, _count).CopyTo(_buffer.AsSpan(SnapshotFormat.BlockHeaderBytes));
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        File.Write(LengthBytes, bytes);
        _hash.AppendData(bytes);
        LengthBytes += bytes.Length;
    }
}
