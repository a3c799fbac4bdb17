using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>Sizes of a write-ahead log.</summary>
public sealed class WalOptions
{
    /// <summary>Bytes of one segment file. A power of two of at least 64 KiB.</summary>
    public int SegmentBytes { get; init; } = 64 << 20;

    /// <summary>Used-up segments kept for reuse at most, besides the spare one that always stands ready.</summary>
    public int RecycledSegmentsMax { get; init; } = 2;
}

/// <summary>What a start found in the log.</summary>
/// <param name="HardState">Term and vote.</param>
/// <param name="Base">The entry after which <paramref name="Batches"/> go on; that of the snapshot, or (0, 0).</param>
/// <param name="Batches">Every durable batch after <paramref name="Base"/>, contiguous.</param>
/// <param name="CommitIndex">The highest commit index noted in the log, at most the last entry's index.</param>
/// <param name="TornBytes">Bytes of a record that a crash cut short and that were dropped; nobody had been told of them.</param>
public sealed record RecoveredLog(HardState HardState, EntryId Base, IReadOnlyList<EntryBatch> Batches, long CommitIndex, long TornBytes);

/// <summary>The log on disk. Not thread-safe; in production the log thread owns it.</summary>
public sealed class WriteAheadLog : IDisposable
{
    /// <summary>Opens the log of a data directory, or makes an empty one, and recovers what it holds after
    /// <paramref name="snapshot"/>, the last entry of the newest valid snapshot ((0, 0) for none).</summary>
    /// <exception cref="DataDirectoryException">It is corrupt, foreign or of a newer format, or there is a gap between it and the snapshot.</exception>
    public static WriteAheadLog Open(IFileSystem files, string directory, ClusterId cluster, WalOptions options, EntryId snapshot, out RecoveredLog recovered)
        => throw new NotImplementedException();

    /// <summary>Bytes that can still be written without asking the file system for more space.</summary>
    public long ReservedBytes => throw new NotImplementedException();

    /// <summary>Bytes of records since the last entry that was purged: what decides when to take a snapshot.</summary>
    public long LengthBytes => throw new NotImplementedException();

    /// <summary>Adds a request to what the next <see cref="Sync"/> writes.</summary>
    public void Append(PersistRequest request) => throw new NotImplementedException();

    /// <summary>Writes everything appended since the last call, hard state first, and returns once it is durable.</summary>
    /// <exception cref="StorageIoException">Nothing of it may be acknowledged, now or later: the node must stop.</exception>
    public void Sync() => throw new NotImplementedException();

    /// <summary>Segments that hold only entries up to <paramref name="index"/> are recycled; a durable snapshot covers them.</summary>
    public void Purge(long index) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
