namespace RaftStore.Client;

/// <summary>One version of one key.</summary>
public sealed class KvItem
{
    /// <summary>The key's bytes.</summary>
    public required ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>The value's bytes; empty in a listing of keys only.</summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>The store's revision that created the key, counted from its last deletion.</summary>
    public required long CreateRevision { get; init; }

    /// <summary>The store's revision that wrote this version; what <see cref="WriteCondition.IfRevision"/> compares.</summary>
    public required long ModRevision { get; init; }

    /// <summary>How many times the key was written since it was created; 1 for a new key.</summary>
    public required long Version { get; init; }
}
