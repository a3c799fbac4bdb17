using RaftStore.Node;

namespace RaftStore.Server.Peers;

/// <summary>Bounds and times of the peer connections. Tests make the times shorter, nobody else changes them.</summary>
internal sealed record PeerLimits
{
    /// <summary>Connections in their handshake at most; one more, and the oldest of them is closed. Enough for every member of a large
    /// cluster to reconnect all its channels at the same time, and a bound on what strangers can make this node hold. A member is
    /// through in milliseconds, so what is oldest is a stranger that says nothing.</summary>
    public const int HandshakesMax = 32;

    /// <summary>A frame up to this many bytes may be sent by the thread that made it, where nothing is queued before it: a kernel copy
    /// of this size costs less than waking another thread (10–25 µs).</summary>
    public int DirectBytesMax { get; init; } = 64 << 10;

    /// <summary>Time for the whole handshake, in milliseconds.</summary>
    public int HandshakeTimeoutMs { get; init; } = 5000;

    /// <summary>Time for one TCP connection to come about, in milliseconds.</summary>
    public int ConnectTimeoutMs { get; init; } = 2000;

    /// <summary>A peer that takes no byte for so long, while there is something to send, has stopped reading.</summary>
    public int StallTimeoutMs { get; init; } = 5000;

    /// <summary>An idle connection carries a keep-alive this often. Heartbeats flow between a leader and its followers alone, so
    /// without one, silence between two followers would mean nothing.</summary>
    public int KeepAliveMs { get; init; } = 500;

    /// <summary>A connection on which nothing arrives for so long is half open: three times the upper election timeout.</summary>
    public required int SilenceTimeoutMs { get; init; }

    /// <summary>The first wait before dialling again, in milliseconds; it doubles up to <see cref="RedialMaxMs"/>.</summary>
    public int RedialMinMs { get; init; } = 50;

    /// <summary>The longest wait before dialling again, in milliseconds: a node that comes back is found within about this.</summary>
    public int RedialMaxMs { get; init; } = 1000;

    /// <summary>Bytes that may wait to be sent on a channel, beyond which a frame is dropped; a single longer frame may wait alone.
    /// What is dropped the core sends again.</summary>
    /// <remarks>Control: more than ten thousand heartbeats, far beyond what can be useful. Bulk: twice the bytes of entries that the core
    /// lets be unanswered on the way to one follower, so that the core's window holds first, and the other half for forwarded requests.
    /// Snapshot: sixteen chunks, which cover the path at any rate that the snapshot worker sends.</remarks>
    public static int QueueBytesMax(PeerChannel channel) => channel switch
    {
        PeerChannel.Control => 1 << 20,
        PeerChannel.Bulk => 16 << 20,
        PeerChannel.Snapshot => 4 << 20,
        _ => throw new ArgumentOutOfRangeException(nameof(channel), channel, "An unknown channel."),
    };
}
