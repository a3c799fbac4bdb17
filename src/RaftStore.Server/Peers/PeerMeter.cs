namespace RaftStore.Server.Peers;

/// <summary>Counts for <see cref="PeerCounters"/>. Any thread.</summary>
internal sealed class PeerMeter
{
    private long _handshakesRefused;
    private long _framesRefused;
    private long _framesDropped;
    private long _bytesSent;
    private long _bytesReceived;
    private int _connectionsOpen;

    public PeerCounters Snapshot => new(
        Interlocked.Read(ref _handshakesRefused),
        Interlocked.Read(ref _framesRefused),
        Interlocked.Read(ref _framesDropped),
        Interlocked.Read(ref _bytesSent),
        Interlocked.Read(ref _bytesReceived),
        Volatile.Read(ref _connectionsOpen));

    public void CountHandshakeRefused() => Interlocked.Increment(ref _handshakesRefused);

    public void CountFrameRefused() => Interlocked.Increment(ref _framesRefused);

    public void CountFramesDropped(int frames) => Interlocked.Add(ref _framesDropped, frames);

    public void CountSent(int bytes) => Interlocked.Add(ref _bytesSent, bytes);

    public void CountReceived(int bytes) => Interlocked.Add(ref _bytesReceived, bytes);

    public void CountOpened() => Interlocked.Increment(ref _connectionsOpen);

    public void CountClosed() => Interlocked.Decrement(ref _connectionsOpen);
}
