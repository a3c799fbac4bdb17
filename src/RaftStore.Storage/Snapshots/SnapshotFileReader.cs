using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>Reads the content of one snapshot from start to end. One thread at a time.</summary>
public sealed class SnapshotFileReader : IDisposable
{
    private readonly IFile _file;
    private readonly string _path;
    private readonly Action? _onClose;
    private readonly Action? _onVerified;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _expectedHash = new byte[SnapshotFormat.HashBytes];
    private readonly byte[] _block = ArrayPool<byte>.Shared.Rent(SnapshotFormat.BlockHeaderBytes + SnapshotFormat.BlockBytesMax);
    private readonly long _trailerStart;
    private readonly long _expectedBlocks;
    private long _offset;
    private long _blocks;
    private uint _chain;
    private bool _closed;

    /// <summary>Checks header and trailer.</summary>
    /// <param name="file">Belongs to the reader from here on, even where this throws.</param>
    /// <param name="path">Its name, for messages.</param>
    /// <param name="cluster">The cluster it must be of; null for any.</param>
    /// <param name="onClose">Called once, when the file is closed.</param>
    /// <param name="onVerified">Called when the whole of it has been read and matches its checksums.</param>
    internal SnapshotFileReader(IFile file, string path, ClusterId? cluster, Action? onClose = null, Action? onVerified = null)
    {
        _file = file;
        _path = path;
        _onClose = onClose;
        _onVerified = onVerified;
        try
        {
            Metadata = SnapshotFormat.ReadHeader(file, path, cluster, out ClusterId found, out int headerBytes, out _chain);
            Cluster = found;
            (_expectedBlocks, _) = SnapshotFormat.ReadTrailer(file, path, headerBytes, _expectedHash);
            _trailerStart = file.LengthBytes - SnapshotFormat.TrailerBytes;
            HashHeader(headerBytes);
            _offset = headerBytes;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What the file says it stands for.</summary>
    public SnapshotMetadata Metadata { get; }

    /// <summary>The cluster it is of.</summary>
    public ClusterId Cluster { get; }

    /// <summary>Opens a snapshot file that somebody keeps outside of any data directory.</summary>
    /// <exception cref="DataDirectoryException">Its beginning or its end is damaged.</exception>
    /// <exception cref="StorageIoException">It cannot be read.</exception>
    public static SnapshotFileReader OpenKept(IFileSystem files, string path) => new(files.Open(path, FileOpenMode.Read), path, cluster: null);

    /// <summary>The next bytes of the content, verified; empty at the end, when the whole file's checksum has been verified too.
    /// Valid until the next call, of whatever method.</summary>
    /// <exception cref="DataDirectoryException">The file is damaged; its name and the offset are given.</exception>
    public ReadOnlyMemory<byte> ReadBlock()
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        if (_offset == _trailerStart)
        {
            CheckEnd();
            return default;
        }

        Span<byte> head = _block.AsSpan(0, SnapshotFormat.BlockHeaderBytes);
        uint length = _file.Read(_offset, head) == head.Length ? BinaryPrimitives.ReadUInt32LittleEndian(head) : 0;
        if (length is 0 or > SnapshotFormat.BlockBytesMax || length > _trailerStart - _offset - SnapshotFormat.BlockHeaderBytes)
        {
            throw SnapshotFormat.Damaged(_path, _offset, $"block {_blocks} claims {length} bytes");
        }

        Memory<byte> content = _block.AsMemory(SnapshotFormat.BlockHeaderBytes, (int)length);
        int count = _file.Read(_offset + SnapshotFormat.BlockHeaderBytes, content.Span);
        uint crc = SnapshotFormat.BlockCrc(_chain, content.Span);
        if (count < content.Length || crc != BinaryPrimitives.ReadUInt32LittleEndian(head[4..]))
        {
            throw SnapshotFormat.Damaged(_path, _offset, $"the checksum of block {_blocks} does not match");
        }

        _hash.AppendData(_block, 0, SnapshotFormat.BlockHeaderBytes + content.Length);
        _chain = crc;
        _offset += SnapshotFormat.BlockHeaderBytes + content.Length;
        _blocks++;
        return content;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_closed)
        {
            _closed = true;
            _file.Dispose();
            _hash.Dispose();
            ArrayPool<byte>.Shared.Return(_block);
            _onClose?.Invoke();
        }
    }

    private void HashHeader(int headerBytes)
    {
        for (int done = 0; done < headerBytes;)
        {
            int count = _file.Read(done, _block.AsSpan(0, Math.Min(_block.Length, headerBytes - done)));
            if (count == 0)
            {
                throw SnapshotFormat.Damaged(_path, done, "it ends within its header");
            }

            _hash.AppendData(_block, 0, count);
            done += count;
        }
    }

    private void CheckEnd()
    {
        if (_blocks != _expectedBlocks)
        {
            throw SnapshotFormat.Damaged(_path, _trailerStart + 8, $"it has {_blocks} blocks and claims {_expectedBlocks}");
        }

        Span<byte> hash = stackalloc byte[SnapshotFormat.HashBytes];
        _ = _hash.GetCurrentHash(hash);
        if (!hash.SequenceEqual(_expectedHash))
        {
            throw SnapshotFormat.Damaged(_path, _trailerStart + 24, "the checksum of the whole file does not match");
        }

        _onVerified?.Invoke();
    }
}
