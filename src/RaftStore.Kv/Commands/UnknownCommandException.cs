namespace RaftStore.Kv;

/// <summary>An entry holds a command that this version cannot apply; going on would let this node's state part from the others'.</summary>
public sealed class UnknownCommandException(string message) : Exception(message);
