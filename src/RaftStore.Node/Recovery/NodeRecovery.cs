using RaftStore.Kv;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node;

/// <summary>Everything that a data directory held, read and checked.</summary>
/// <param name="Start">What a <see cref="Node"/> starts from.</param>
/// <param name="Log">The open log; whoever drives the log writer disposes of it.</param>
/// <param name="Found">What the log held.</param>
public sealed record RecoveredNode(NodeStart Start, WriteAheadLog Log, RecoveredLog Found);

/// <summary>Reads a data directory at a node's start: newest snapshot, then the log after it. The same in production and in
/// simulation.</summary>
public static class NodeRecovery
{
    /// <summary>Recovers a node whose cluster is formed.</summary>
    /// <param name="nowMs">Monotonic milliseconds, on the clock that <see cref="Node.RunOnce"/> will be given.</param>
    /// <param name="microseconds">A monotonic clock for the log writer's measurements.</param>
    /// <exception cref="DataDirectoryException">Something in the directory is damaged: the file and the offset are named.</exception>
    public static RecoveredNode Recover(IFileSystem files, DataDirectory directory, NodeIdentity identity, WalOptions wal, long nowMs, Func<long> microseconds)
    {
        SnapshotStore snapshots = SnapshotStore.Open(files, directory.SnapshotPath, identity.Cluster);
        SnapshotMetadata? snapshot = snapshots.Latest?.Metadata;
        KvStore store = snapshots.Latest is { } file ? LoadSnapshot(snapshots, file) : new KvStore();
        WriteAheadLog log = WriteAheadLog.Open(files, directory.WalPath, identity.Cluster, wal, snapshot?.LastIncluded ?? EntryId.Zero, out RecoveredLog found);
        RaftInitialState initial = new()
        {
            Configuration = snapshot?.Configuration ?? identity.Founders,
            HardState = found.HardState,
            SnapshotLast = found.Base,
            SnapshotClusterTimeMs = snapshot?.ClusterTimeMs ?? 0,
            Batches = found.Batches,
            CommitIndex = found.CommitIndex,
            NowMs = nowMs,
        };
        return new RecoveredNode(new NodeStart(initial, store, new LogWriter(log, microseconds), snapshots, directory.Quarantine), log, found);
    }

    /// <summary>Builds the state machine from a snapshot file, aside from any store in use.</summary>
    /// <exception cref="DataDirectoryException">The file is damaged, or its content is not what it says.</exception>
    public static KvStore LoadSnapshot(SnapshotStore snapshots, SnapshotFile file)
    {
        KvSnapshotLoader loader = new();
        try
        {
            using SnapshotFileReader reader = snapshots.OpenContent(file);
            for (ReadOnlyMemory<byte> block = reader.ReadBlock(); !block.IsEmpty; block = reader.ReadBlock())
            {
                loader.Add(block.Span);
            }

            return loader.Complete();
        }
        catch (FormatException exception)
        {
            throw new DataDirectoryException(snapshots.PathOf(file), -1, exception.Message);
        }
    }
}
