using System.Buffers;

namespace RaftStore.Storage;

/// <summary>Reads one segment from start to end through a window, at a start of the node. It changes nothing.</summary>
internal sealed class SegmentReader : IDisposable
{
    private const int WindowBytes = 256 << 10;

    private readonly IFile _file;
    private readonly byte[] _window = ArrayPool<byte>.Shared.Rent(WindowBytes);
    private long _windowStart;
    private int _windowCount;
    private bool _isDisposed;

    internal SegmentReader(IFileSystem files, string directory, long sequence)
    {
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
            _windowCount = _file.Read(offsetBytes, _window.AsSpan(0, WindowBytes));
        }

        int start = (int)(offsetBytes - _windowStart);
        return _window.AsSpan(start, Math.Clamp(_windowCount - start, 0, count));
    }

    /// <summary>Fills <paramref name="target"/>.</summary>
    /// <returns>False where the file ends before.</returns>
    internal bool TryRead(long offsetBytes, Span<byte> target)
    {
        if (target.Length > WindowBytes)
        {
            return _file.Read(offsetBytes, target) == target.Length;
        }

        ReadOnlySpan<byte> source = Peek(offsetBytes, target.Length);
        source.CopyTo(target);
        return source.Length == target.Length;
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
