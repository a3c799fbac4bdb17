namespace RaftStore.Server.Peers;

/// <summary>What the peer connections counted since the start. Any thread.</summary>
/// <param name="HandshakesRefused">Connections closed because the other side was not who it had to be.</param>
/// <param name="FramesRefused">Connections closed because of bytes that were no frame.</param>
/// <param name="FramesDropped">Frames not sent because a queue was full or a connection was missing.</param>
/// <param name="BytesSent">Bytes written to peers.</param>
/// <param name="BytesReceived">Bytes read from peers.</param>
/// <param name="ConnectionsOpen">Connections open now.</param>
public readonly record struct PeerCounters(long HandshakesRefused, long FramesRefused, long FramesDropped, long BytesSent, long BytesReceived, int ConnectionsOpen);
