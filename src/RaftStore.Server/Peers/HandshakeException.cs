namespace RaftStore.Server.Peers;

/// <summary>The other side of a connection is not who it has to be, or does not speak as it has to. The connection is closed; nothing
/// else follows from it.</summary>
internal sealed class HandshakeException(string message) : Exception(message);
