namespace RaftStore.Node.Handshakes;

/// <summary>The other side of a connection is not who it has to be, or does not speak as it has to. The connection is closed; nothing
/// else follows from it.</summary>
/// <param name="message">What is wrong with it.</param>
/// <param name="refusal">Where the other side refused: why.</param>
public sealed class HandshakeException(string message, HelloRefusal refusal = HelloRefusal.None) : Exception(message)
{
    /// <summary>Why the other side refused; none where it was this side that did.</summary>
    public HelloRefusal Refusal { get; } = refusal;
}
