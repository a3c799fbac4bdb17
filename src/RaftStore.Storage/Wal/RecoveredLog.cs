using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>What a start found in the log.</summary>
/// <param name="HardState">Term and vote.</param>
/// <param name="Base">The entry after which <paramref name="Batches"/> go on; that of the snapshot, or (0, 0).</param>
/// <param name="Batches">Every durable batch after <paramref name="Base"/>, contiguous.</param>
/// <param name="CommitIndex">The highest commit index noted in the log, at most the last entry's index.</param>
/// <param name="TornBytes">Bytes of a record that a crash cut short and that were dropped; nobody had been told of them.</param>
public sealed record RecoveredLog(HardState HardState, EntryId Base, IReadOnlyList<EntryBatch> Batches, long CommitIndex, long TornBytes);
