namespace RaftStore.Kv;

/// <summary>A key with one of its versions. Immutable; the memory belongs to the store.</summary>
public readonly record struct KvItem(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value, long CreateRevision, long ModRevision, long Version, long Lease);

/// <summary>What a bounded look at a range found.</summary>
/// <param name="Items">In the order asked for.</param>
/// <param name="More">True where the range goes on.</param>
public readonly record struct KvPage(IReadOnlyList<KvItem> Items, bool More);
