using System.Numerics;

namespace RaftStore.Storage;

/// <summary>Gathers records for one segment and writes them in as few calls as there can be: from one buffer, which grows to what is gathered at a
/// time, and a body larger than it may become from where it lies.</summary>
internal sealed class SegmentWriter
{
    /// <summary>Up to here one write costs the same as several small ones; four sealed batches of the usual largest size.</summary>
    private const int BufferBytesMax = 1 << 20;

    private const int BufferBytesMin = 4 << 10;

    private readonly int _bufferBytesMax;
    private byte[] _buffer = [];
    private IFile? _file;
    private long _bufferStart;
    private int _count;

    /// <param name="segmentBytes">The size of a segment: more than that is never gathered for one.</param>
    internal SegmentWriter(long segmentBytes) => _bufferBytesMax = (int)Math.Min(BufferBytesMax, segmentBytes);

    /// <summary>Where the next record goes in the file.</summary>
    internal long EndBytes { get; private set; }

    /// <summary>True where something appended is not durable.</summary>
    internal bool IsDirty { get; private set; }

    /// <summary>True while there is a segment.</summary>
    internal bool HasFile => _file is not null;

    /// <summary>Goes over to another segment. What was appended to the last one must be durable.</summary>
    internal void Use(IFile file, long endBytes)
    {
        _file?.Dispose();
        _file = file;
        _bufferStart = endBytes;
        EndBytes = endBytes;
        _count = 0;
    }

    /// <summary>Room for a header, to be filled before the next call.</summary>
    internal Span<byte> Reserve(int count)
    {
        if (_count + count > _bufferBytesMax)
        {
            Flush();
        }

        if (_count + count > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Min(_bufferBytesMax, Math.Max(BufferBytesMin, (int)BitOperations.RoundUpToPowerOf2((uint)(_count + count)))));
        }

        Span<byte> room = _buffer.AsSpan(_count, count);
        _count += count;
        EndBytes += count;
        IsDirty = true;
        return room;
    }

    /// <summary>Appends a body and the zeros that align what follows.</summary>
    internal void AppendBody(ReadOnlySpan<byte> body)
    {
        if (body.Length > _bufferBytesMax - _count)
        {
            Flush();
        }

        if (body.Length > _bufferBytesMax)
        {
            _file!.Write(_bufferStart, body);
            _bufferStart += body.Length;
            EndBytes += body.Length;
        }
        else
        {
            body.CopyTo(Reserve(body.Length));
        }

        int padding = (int)(-EndBytes & (RecordHeader.Alignment - 1));
        Reserve(padding).Clear();
    }

    /// <summary>Writes what was gathered and makes it durable.</summary>
    internal void DataSync()
    {
        if (IsDirty)
        {
            Flush();
            _file!.DataSync();
            IsDirty = false;
        }
    }

    /// <summary>Makes what an earlier process wrote durable.</summary>
    internal void DataSyncUnconditionally() => _file!.DataSync();

    /// <summary>Closes the file; what is not durable is lost.</summary>
    internal void Close()
    {
        _file?.Dispose();
        _file = null;
    }

    private void Flush()
    {
        _file!.Write(_bufferStart, _buffer.AsSpan(0, _count));
        _bufferStart += _count;
        _count = 0;
    }
}
