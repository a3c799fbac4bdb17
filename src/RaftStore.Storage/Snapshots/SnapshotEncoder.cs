using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>Takes the next bytes of a snapshot file, in order.</summary>
public delegate void SnapshotSink(ReadOnlySpan<byte> bytes);

/// <summary>Puts header, blocks and trailer of a snapshot file around its content, whatever becomes of the bytes: a file, or an answer
/// to somebody who keeps the file elsewhere. One thread at a time.</summary>
public sealed class SnapshotEncoder : IBufferWriter<byte>, IDisposable
{
    /// <summary>Room at first; it doubles up to a block. Most snapshots of a young cluster are small.</summary>
    private const int FirstRoomBytes = 16 << 10;

    private readonly SnapshotSink _sink;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Content that is not yet a block, behind room for its block's header, so that both leave in one write.</summary>
    private byte[] _buffer = new byte[SnapshotFormat.BlockHeaderBytes + FirstRoomBytes];
    private int _count;
    private uint _chain;
    private long _blockCount;
    private long _contentBytes;

    /// <summary>Writes the header.</summary>
    /// <param name="cluster">The cluster whose state it is.</param>
    /// <param name="metadata">What it stands for; <see cref="SnapshotMetadata.LengthBytes"/> is ignored.</param>
    /// <param name="sink">Gets every byte once.</param>
    public SnapshotEncoder(ClusterId cluster, SnapshotMetadata metadata, SnapshotSink sink)
    {
        _sink = sink;
        byte[] header = SnapshotFormat.EncodeHeader(cluster, metadata);
        _chain = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(header.Length - sizeof(uint)));
        Write(header);
    }

    /// <summary>Bytes given to the sink so far, for whoever keeps to a rate.</summary>
    public long LengthBytes { get; private set; }

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

    /// <summary>Ends the content and writes the trailer with its checksum. Once.</summary>
    public void Complete()
    {
        if (_count > 0)
        {
            WriteBlock(_count);
        }

        byte[] trailer = new byte[SnapshotFormat.TrailerBytes];
        SnapshotFormat.EncodeTrailer(trailer, _blockCount, _contentBytes, _hash.GetHashAndReset());
        _sink(trailer);
        LengthBytes += trailer.Length;
    }

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();

    private void EnsureRoom(int sizeHint)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        int needed = SnapshotFormat.BlockHeaderBytes + _count + Math.Max(sizeHint, 1);
        if (needed > _buffer.Length)
        {
            int doubled = Math.Min(2 * _buffer.Length, SnapshotFormat.BlockHeaderBytes + SnapshotFormat.BlockBytesMax);
            Array.Resize(ref _buffer, Math.Max(needed, doubled));
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
        _sink(bytes);
        _hash.AppendData(bytes);
        LengthBytes += bytes.Length;
    }
}
