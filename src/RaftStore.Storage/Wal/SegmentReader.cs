using System.Buffers;

namespace RaftStore.Storage;

/// <summary>Reads one segment from start to end through a window, at a start of the node. It changes nothing.</summary>
internal sealed class SegmentReader : IDisposable
{
    private const int WindowBytes = 256 << 10;

    private readonly IFile _file;
    private readonly int _windowBytes;
    private readonly byte[] _window;
    private long _windowStart;
    private int _windowCount;
    private bool _isDisposed;

    /// <summary>Opens a segment.</summary>
    /// <param name="windowBytes">How much is read at a time; less than by default where only the start is wanted.</param>
    internal SegmentReader(IFileSystem files, string directory, long sequence, int windowBytes = WindowBytes)
    {
        _windowBytes = windowBytes;
        _window = ArrayPool<byte>.Shared.Rent(windowBytes);
        Path = WalDirectory.SegmentPath(directory, sequence);
        Sequence = sequence;
        _file = files.Open(Path, FileOpenMode.Read);
        LengthBytes = _file.LengthBytes;
    }

    /// <summary>The file.</summary>
    internal string Path { get; }

    /// <summary>The sequence in its name.</summary>
    internal long Sequence { get; }

    /// <summary>Its length in bytes.</summary>
    internal long LengthBytes { get; }

    /// <summary>The next <paramref name="count"/> bytes, at most a window; fewer at the end of the file. Valid until the next call.</summary>
    internal ReadOnlySpan<byte> Peek(long offsetBytes, int count)
    {
        if (offsetBytes < _windowStart || offsetBytes + count > _windowStart + _windowCount)
        {
            _windowStart = offsetBytes;
            _windowCount = _file.Read(offsetBytes, _window.AsSpan(0, _windowBytes));
        }

        int start = (int)(offsetBytes - _windowStart);
        return _window.AsSpan(start, Math.Clamp(_windowCount - start, 0, count));
    }

    /// <summary>The next <paramref name="count"/> bytes, be they more than a window; fewer at the end of the file. Valid until the next call.</summary>
    internal ReadOnlySpan<byte> PeekAll(long offsetBytes, int count)
    {
        if (count <= _windowBytes)
        {
            return Peek(offsetBytes, count);
        }

        byte[] whole = GC.AllocateUninitializedArray<byte>(count);
        return whole.AsSpan(0, _file.Read(offsetBytes, whole));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose();
        if (!_isDisposed)
        {
            _isDisposed = true;
            ArrayPool<byte>.Shared.Return(_window);
        }
    }
}
