using System.Buffers.Text;
using System.Text;

namespace RaftStore.Kvctl.Bench;

/// <summary>What the bytes fed to a <see cref="ResponseParser"/> came to.</summary>
internal enum ParseProgress
{
    /// <summary>The answer is not complete yet.</summary>
    NeedMore,

    /// <summary>The answer is complete, and nothing follows it.</summary>
    Complete,

    /// <summary>The bytes are no HTTP/1.1 answer to one request; the connection is of no further use.</summary>
    Malformed,
}

/// <summary>
/// Reads the answers on one connection, one at a time, however the network cuts them: the status, where the body ends,
/// and the front of the body where someone will look at it. Everything else is skipped.
/// </summary>
internal sealed class ResponseParser
{
    /// <summary>Room for the head of any answer that a node, etcd or Kestrel gives.</summary>
    private const int HeadBytesMax = 16 * 1024;

    /// <summary>Enough for the problem documents of errors, and for what etcd says before the items it found.</summary>
    private const int CaptureBytesMax = 1024;

    private readonly byte[] _head = new byte[HeadBytesMax];
    private readonly byte[] _capture = new byte[CaptureBytesMax];
    private readonly byte[] _chunkLine = new byte[64];
    private readonly bool _capturesSuccess;
    private State _state;
    private int _headLength;
    private int _captured;
    private int _chunkLineLength;
    private long _bodyLeft;

    /// <param name="capturesSuccess">Whether the front of the body of a success is wanted, too.</param>
    public ResponseParser(bool capturesSuccess = false) => _capturesSuccess = capturesSuccess;

    private enum State
    {
        Head,
        Body,
        ChunkSize,
        ChunkData,
        ChunkEnd,
        Trailers,
        Done,
    }

    /// <summary>The status of the answer; valid once its head is complete.</summary>
    public int Status { get; private set; }

    /// <summary>Whether the server closes the connection after this answer.</summary>
    public bool Closes { get; private set; }

    /// <summary>The front of the body of an error, or of any answer if that was asked for.</summary>
    public ReadOnlySpan<byte> BodyFront => _capture.AsSpan(0, _captured);

    /// <summary>Makes ready for the next answer.</summary>
    public void Reset()
    {
        _state = State.Head;
        _headLength = 0;
        _captured = 0;
        _chunkLineLength = 0;
        Status = 0;
        Closes = false;
    }

    /// <summary>Takes the next bytes of the connection.</summary>
    public ParseProgress Feed(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int taken = _state switch
            {
                State.Head => TakeHead(bytes),
                State.Body => TakeBody(bytes, State.Done),
                State.ChunkData => TakeBody(bytes, State.ChunkEnd),
                State.ChunkSize or State.ChunkEnd or State.Trailers => TakeChunkLine(bytes),
                State.Done => -1,
                _ => throw new InvalidOperationException($"state {_state}"),
            };
            if (taken < 0)
            {
                return ParseProgress.Malformed;
            }

            bytes = bytes[taken..];
        }

        return _state == State.Done ? ParseProgress.Complete : ParseProgress.NeedMore;
    }

    private int TakeHead(ReadOnlySpan<byte> bytes)
    {
        if (_headLength == 0)
        {
            int end = bytes.IndexOf("\r\n\r\n"u8);
            if (end >= 0)
            {
                return ReadHead(bytes[..(end + 2)]) ? end + 4 : -1;
            }
        }

        // The end of the head may lie across two receipts: look again from three bytes before what is new.
        int room = Math.Min(bytes.Length, HeadBytesMax - _headLength);
        bytes[..room].CopyTo(_head.AsSpan(_headLength));
        int from = Math.Max(0, _headLength - 3);
        int found = _head.AsSpan(from, _headLength + room - from).IndexOf("\r\n\r\n"u8);
        if (found < 0)
        {
            _headLength += room;
            return _headLength == HeadBytesMax ? -1 : room;
        }

        int length = from + found + 4;
        int taken = length - _headLength;
        return ReadHead(_head.AsSpan(0, length - 2)) ? taken : -1;
    }

    /// <summary>Reads a head whose every line ends in CR LF, and decides how the body ends. False where that cannot be known.</summary>
    private bool ReadHead(ReadOnlySpan<byte> head)
    {
        _headLength = 0;
        if (head.Length < 14 || !head.StartsWith("HTTP/1.1 "u8) || !Utf8Parser.TryParse(head.Slice(9, 3), out int status, out int digits) || digits != 3)
        {
            return false;
        }

        if (status is >= 100 and < 200)
        {
            // An interim answer; the real one follows.
            return status != 101;
        }

        Status = status;
        long? length = null;
        bool isChunked = false;
        head = head[(head.IndexOf("\r\n"u8) + 2)..];
        while (!head.IsEmpty)
        {
            int end = head.IndexOf("\r\n"u8);
            ReadOnlySpan<byte> line = head[..end];
            head = head[(end + 2)..];
            if (ValueOf(line, "content-length"u8) is { IsEmpty: false } lengthText)
            {
                if (!Utf8Parser.TryParse(lengthText, out long value, out int taken) || taken != lengthText.Length || value < 0)
                {
                    return false;
                }

                length = value;
            }
            else if (ValueOf(line, "transfer-encoding"u8) is { IsEmpty: false } encoding)
            {
                isChunked = Ascii.EqualsIgnoreCase(encoding, "chunked"u8);
            }
            else if (ValueOf(line, "connection"u8) is { IsEmpty: false } connection)
            {
                Closes = Ascii.EqualsIgnoreCase(connection, "close"u8);
            }
        }

        return BeginBody(length, isChunked);
    }

    private bool BeginBody(long? length, bool isChunked)
    {
        if (Status is 204 or 304)
        {
            _state = State.Done;
            return true;
        }

        if (isChunked)
        {
            _state = State.ChunkSize;
            return true;
        }

        _bodyLeft = length ?? -1;
        _state = _bodyLeft == 0 ? State.Done : State.Body;
        return _bodyLeft >= 0;
    }

    private static ReadOnlySpan<byte> ValueOf(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name) =>
        line.Length > name.Length && line[name.Length] == (byte)':' && Ascii.EqualsIgnoreCase(line[..name.Length], name)
            ? line[(name.Length + 1)..].Trim(" \t"u8)
            : default;

    private int TakeBody(ReadOnlySpan<byte> bytes, State next)
    {
        int taken = (int)Math.Min(bytes.Length, _bodyLeft);
        if (_captured < CaptureBytesMax && (_capturesSuccess || Status is < 200 or >= 300))
        {
            int copied = Math.Min(taken, CaptureBytesMax - _captured);
            bytes[..copied].CopyTo(_capture.AsSpan(_captured));
            _captured += copied;
        }

        _bodyLeft -= taken;
        if (_bodyLeft == 0)
        {
            _state = next;
        }

        return taken;
    }

    /// <summary>Collects one line of the chunked framing, and acts when it is complete.</summary>
    private int TakeChunkLine(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)'\n');
        int taken = end < 0 ? bytes.Length : end + 1;
        if (_chunkLineLength + taken > _chunkLine.Length)
        {
            return -1;
        }

        bytes[..taken].CopyTo(_chunkLine.AsSpan(_chunkLineLength));
        _chunkLineLength += taken;
        if (end < 0)
        {
            return taken;
        }

        ReadOnlySpan<byte> line = _chunkLine.AsSpan(0, _chunkLineLength);
        _chunkLineLength = 0;
        return line.EndsWith("\r\n"u8) && ActOnChunkLine(line[..^2]) ? taken : -1;
    }

    private bool ActOnChunkLine(ReadOnlySpan<byte> line)
    {
        switch (_state)
        {
            case State.ChunkEnd:
                _state = State.ChunkSize;
                return line.IsEmpty;
            case State.Trailers:
                _state = line.IsEmpty ? State.Done : State.Trailers;
                return true;
            default:
                int semicolon = line.IndexOf((byte)';');
                ReadOnlySpan<byte> digits = (semicolon < 0 ? line : line[..semicolon]).Trim(" \t"u8);
                if (digits.Length > 8 || !Utf8Parser.TryParse(digits, out long size, out int taken, 'x') || taken != digits.Length)
                {
                    return false;
                }

                _bodyLeft = size;
                _state = size == 0 ? State.Trailers : State.ChunkData;
                return true;
        }
    }
}
