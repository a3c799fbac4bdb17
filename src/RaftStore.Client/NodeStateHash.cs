namespace RaftStore.Client;

/// <summary>The hash of all live and retained versions at one applied index.</summary>
public sealed class NodeStateHash
{
    /// <summary>The applied index the hash belongs to; hashes are comparable at equal indexes only.</summary>
    public long Index { get; init; }

    /// <summary>The hash in hexadecimal.</summary>
    public string? Hash { get; init; }
}
