namespace RaftStore.Client;

/// <summary>The answer to a read of one key.</summary>
/// <param name="Item">The key's current version; null when it does not exist.</param>
/// <param name="Revision">The store's revision at which this was read.</param>
/// <param name="Node">The name of the node that answered, where it gave one.</param>
/// <param name="Staleness">For a stale read, an upper bound of how old the answer is; null for a linearizable one, or when the node cannot tell.</param>
public sealed record GetResult(KvItem? Item, long Revision, string? Node, TimeSpan? Staleness)
{
    /// <summary>When the key does not exist: the revision that deleted it, where history still has it; otherwise null.</summary>
    public long? DeletedRevision { get; init; }
}
