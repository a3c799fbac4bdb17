using RaftStore.Node.Codec;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node.Snapshots;

/// <summary>One snapshot on its way to one follower: a window of chunks, resumed where the follower says. Snapshot thread.</summary>
internal sealed class SnapshotSend(NodeId peer, long term, SnapshotFile file, int chunkBytes, long nowMs)
{
    /// <summary>Chunks on the way at once: enough to keep the follower's disk busy during a round trip.</summary>
    private const int WindowChunks = 4;

    /// <summary>Without an answer for this long, what was sent is taken for lost.</summary>
    private const long ResendMs = 500;

    /// <summary>A follower that says nothing for this long is given up; if it is there, the core asks for a snapshot again.</summary>
    private const long SilentMs = 30_000;

    /// <summary>A follower that answers but comes no further for this long is given up. Loading the largest snapshot takes less.</summary>
    private const long StuckMs = 600_000;

    private long _nextOffset;
    private long _answeredOffset;
    private long _heldOffset;
    private long _lastAnswerMs = nowMs;
    private long _lastProgressMs = nowMs;
    private long _resendAtMs = nowMs + ResendMs;

    public NodeId Peer { get; } = peer;

    public long Term { get; } = term;

    public SnapshotFile File { get; } = file;

    /// <summary>The metadata as it stands in every chunk.</summary>
    public byte[] Metadata { get; } = SnapshotChunkCodec.EncodeMetadata(file.Metadata);

    /// <summary>Where the next chunk begins.</summary>
    public long NextOffset => _nextOffset;

    /// <summary>Bytes of the next chunk.</summary>
    public int NextBytes => (int)Math.Min(chunkBytes, LengthBytes - _nextOffset);

    /// <summary>True where the window has room for another chunk.</summary>
    public bool CanSend => _nextOffset < LengthBytes && _nextOffset - _heldOffset < (long)WindowChunks * chunkBytes;

    /// <summary>True where the follower has dropped it after all of it was sent: it was damaged on the way or by its disk, or is here.</summary>
    public bool IsRefused => _answeredOffset == 0 && _nextOffset == LengthBytes;

    /// <summary>True once this node's own file has been read from end to end, and was whole.</summary>
    public bool IsVerified { get; set; }

    /// <summary>True where the follower has installed it, or does not need it.</summary>
    public bool IsInstalled => _heldOffset == LengthBytes;

    /// <summary>How far it has come.</summary>
    public SnapshotTransfer Progress => new(_heldOffset, LengthBytes);

    private long LengthBytes => File.Metadata.LengthBytes;

    /// <summary>True where there is no hope left.</summary>
    public bool IsHopeless(long nowMs) => nowMs - _lastAnswerMs > SilentMs || nowMs - _lastProgressMs > StuckMs;

    /// <summary>A chunk was sent.</summary>
    public void Sent(int bytes, long nowMs)
    {
        _nextOffset += bytes;
        _resendAtMs = nowMs + ResendMs;
    }

    /// <summary>The follower holds the file up to <paramref name="offset"/> without a gap.</summary>
    public void Answered(long offset, long nowMs)
    {
        _lastAnswerMs = nowMs;
        _answeredOffset = Math.Min(offset, LengthBytes);
        if (_answeredOffset > _heldOffset)
        {
            _heldOffset = _answeredOffset;
            _nextOffset = Math.Max(_nextOffset, _heldOffset);
            _lastProgressMs = nowMs;
            _resendAtMs = nowMs + ResendMs;
        }
    }

    /// <summary>Goes back to where the follower is, when nothing has come from it for a while.</summary>
    public void ResendWhenDue(long nowMs)
    {
        if (nowMs >= _resendAtMs)
        {
            Resend(nowMs);
        }
    }

    /// <summary>Goes back to where the follower is: it may even have had to begin anew.</summary>
    public void Resend(long nowMs)
    {
        _heldOffset = _answeredOffset;
        _nextOffset = _answeredOffset;
        _resendAtMs = nowMs + ResendMs;
    }
}
