using System.Buffers;

namespace RaftStore.Kv;

/// <summary>The replicated state machine. One thread applies; any thread reads, through <see cref="Current"/>.</summary>
public sealed class KvStore
{
    /// <summary>An empty store at revision 0 and index 0.</summary>
    public KvStore() => throw new NotImplementedException();

    /// <summary>The state after the last <see cref="Publish"/>. Reading it takes no lock; any thread.</summary>
    public KvView Current => throw new NotImplementedException();

    /// <summary>Applies one entry. An empty command (a no-op) only moves the index on. Nobody sees the effect before
    /// <see cref="Publish"/>.</summary>
    /// <param name="index">One more than the last; anything else is a broken invariant.</param>
    /// <param name="clusterTimeMs">Cluster time of the entry's batch.</param>
    /// <param name="command">What <see cref="KvCommand"/> encoded. One that cannot be decoded stops the node: a newer version wrote it.</param>
    /// <returns>What the proposer is told.</returns>
    /// <exception cref="UnknownCommandException">The command is of a kind or format that this version does not know.</exception>
    public KvResult Apply(long index, long clusterTimeMs, ReadOnlySpan<byte> command) => throw new NotImplementedException();

    /// <summary>Makes what was applied since the last call visible to readers.</summary>
    public void Publish() => throw new NotImplementedException();

    /// <summary>The state hashes recorded at the last few multiples of 1,000, newest last.</summary>
    public IReadOnlyList<StateHash> RecordedHashes => throw new NotImplementedException();
}

/// <summary>The hash over all live and retained versions at one applied index.</summary>
/// <param name="Index">The applied index.</param>
/// <param name="Hash">32 lower-case hexadecimal digits.</param>
public readonly record struct StateHash(long Index, string Hash);

/// <summary>A key with one of its versions. Immutable; the memory belongs to the store.</summary>
public readonly record struct KvItem(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value, long CreateRevision, long ModRevision, long Version, long Lease);

/// <summary>What a bounded look at a range found.</summary>
/// <param name="Items">In the order asked for.</param>
/// <param name="More">True where the range goes on.</param>
public readonly record struct KvPage(IReadOnlyList<KvItem> Items, bool More);

/// <summary>A range of keys in byte order.</summary>
/// <param name="Start">Inclusive; empty for the first key there is.</param>
/// <param name="End">Exclusive; null for no end.</param>
public readonly record struct KeyRange(ReadOnlyMemory<byte> Start, ReadOnlyMemory<byte>? End)
{
    /// <summary>Every key that begins with <paramref name="prefix"/>.</summary>
    public static KeyRange Prefix(ReadOnlyMemory<byte> prefix) => throw new NotImplementedException();
}

/// <summary>The store as of one applied index: immutable, readable from any thread without a lock, for as long as it is held.</summary>
public sealed class KvView
{
    /// <summary>The revision of the store.</summary>
    public long Revision => throw new NotImplementedException();

    /// <summary>The oldest revision that can still be read.</summary>
    public long CompactedRevision => throw new NotImplementedException();

    /// <summary>The last entry applied.</summary>
    public long AppliedIndex => throw new NotImplementedException();

    /// <summary>Cluster time of that entry's batch, in milliseconds.</summary>
    public long ClusterTimeMs => throw new NotImplementedException();

    /// <summary>Live keys.</summary>
    public long KeyCount => throw new NotImplementedException();

    /// <summary>Bytes of keys and values of all live and retained versions.</summary>
    public long StoredBytes => throw new NotImplementedException();

    /// <summary>The state hash at <see cref="AppliedIndex"/>, as in <see cref="StateHash"/>.</summary>
    public string Hash => throw new NotImplementedException();

    /// <summary>The version of a key that was newest at <paramref name="revision"/>.</summary>
    /// <param name="revision">From <see cref="CompactedRevision"/> to <see cref="Revision"/>.</param>
    /// <returns>False where the key did not exist then.</returns>
    public bool TryGet(ReadOnlySpan<byte> key, long revision, out KvItem item) => throw new NotImplementedException();

    /// <summary>The keys of a range as of a revision, at most <paramref name="limit"/> of them, and at most
    /// <paramref name="bytesMax"/> bytes of keys and values but always one.</summary>
    public KvPage List(KeyRange range, long revision, int limit, long bytesMax, bool reverse) => throw new NotImplementedException();

    /// <summary>How many keys a range held at a revision.</summary>
    public long Count(KeyRange range, long revision) => throw new NotImplementedException();

    /// <summary>Writes the whole state, history and all, in an order that does not depend on anything but the state. Any thread;
    /// <paramref name="progress"/> is called now and then so that the caller can hold the rate down.</summary>
    public void WriteSnapshot(IBufferWriter<byte> target, Action<long>? progress = null) => throw new NotImplementedException();
}

/// <summary>Builds a store from the blocks that <see cref="KvView.WriteSnapshot"/> wrote, aside from any store in use.</summary>
public sealed class KvSnapshotLoader
{
    /// <summary>Takes the next bytes; blocks may be cut anywhere.</summary>
    /// <exception cref="FormatException">They are not a snapshot of a format that this version knows.</exception>
    public void Add(ReadOnlySpan<byte> block) => throw new NotImplementedException();

    /// <summary>The store, complete and published.</summary>
    /// <exception cref="FormatException">The snapshot is incomplete, or its state hash is not the one it recorded.</exception>
    public KvStore Complete() => throw new NotImplementedException();
}
