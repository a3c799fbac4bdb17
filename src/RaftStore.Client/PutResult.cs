namespace RaftStore.Client;

/// <summary>The answer to a write of one key.</summary>
public sealed class PutResult
{
    /// <summary>Whether the value was written. False only where a condition was given and did not hold; nothing was changed then.</summary>
    public required bool Applied { get; init; }

    /// <summary>The revision this write made; when it was not applied, the store's revision at which the condition failed (0 if not given).</summary>
    public required long Revision { get; init; }

    /// <summary>The key's version after this write; 0 when it was not applied.</summary>
    public long Version { get; init; }

    /// <summary>The version that was replaced, if it was asked for and there was one.</summary>
    public KvItem? Previous { get; init; }

    /// <summary>When the condition failed: the key's current mod revision, 0 when the key does not exist, null when the answer did not say.</summary>
    public long? CurrentModRevision { get; init; }
}
