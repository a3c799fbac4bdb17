using RaftStore.Kv;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node;

/// <summary>What one data directory holds of a cluster, read without starting a node and without changing a byte: for the day on which
/// a majority of the members is gone for good.</summary>
public sealed record SurvivingState
{
    /// <summary>Whose directory it is.</summary>
    public required NodeIdentity Identity { get; init; }

    /// <summary>The members in force at the last entry.</summary>
    public required Configuration Members { get; init; }

    /// <summary>The node's term.</summary>
    public required long Term { get; init; }

    /// <summary>The last entry that the snapshot covers; (0, 0) without one.</summary>
    public required EntryId Snapshot { get; init; }

    /// <summary>The last entry that is durable here. Nothing is known of any behind it.</summary>
    public required EntryId Last { get; init; }

    /// <summary>The last entry that this node knew to be committed. It learns of that late: entries behind it may have been committed too.</summary>
    public required long CommitIndex { get; init; }

    /// <summary>The store's revision at <see cref="CommitIndex"/>.</summary>
    public required long CommittedRevision { get; init; }

    /// <summary>Bytes of a record that a crash cut short; nobody had been told of it by this node.</summary>
    public required long TornBytes { get; init; }

    /// <summary>Why this node is quarantined; null where its state is not known to be wrong.</summary>
    public QuarantineNote? Quarantine { get; init; }

    /// <summary>The state with every entry up to <see cref="Last"/> applied, whether it is known to be committed or not: what may have been
    /// acknowledged is kept.</summary>
    public required KvStore Store { get; init; }

    /// <summary>Reads a directory whose cluster is formed.</summary>
    /// <exception cref="DataDirectoryException">Something in it is damaged, or its cluster was never formed.</exception>
    /// <exception cref="UnknownCommandException">A newer version wrote an entry.</exception>
    public static SurvivingState Read(IFileSystem files, DataDirectory directory)
    {
        if (directory.Identity is not { State: FormationState.Formed } identity)
        {
            throw new DataDirectoryException(directory.Path, -1, "no cluster was ever formed in this directory, so it holds nothing to recover");
        }

        SnapshotStore snapshots = SnapshotStore.OpenUnchanged(files, directory.SnapshotPath, identity.Cluster);
        SnapshotMetadata? snapshot = snapshots.Latest?.Metadata;
        KvStore store = snapshots.Latest is { } file ? NodeRecovery.LoadSnapshot(snapshots, file) : new KvStore();
        RecoveredLog log = WriteAheadLog.Read(files, directory.WalPath, identity.Cluster, new WalOptions(), snapshot?.LastIncluded ?? EntryId.Zero);
        Configuration members = snapshot?.Configuration ?? identity.Founders;
        long committedRevision = store.Current.Revision;
        foreach (EntryBatch batch in log.Batches)
        {
            foreach (Entry entry in batch)
            {
                members = entry.Kind == EntryKind.Configuration ? ConfigurationCodec.TryDecode(entry.Payload) ?? members : members;
                ReadOnlySpan<byte> command = entry.Kind == EntryKind.Command ? entry.Payload : default;
                KvResult result = store.Apply(entry.Id.Index, batch.ClusterTimeMs, command);
                committedRevision = entry.Id.Index <= log.CommitIndex ? result.Revision : committedRevision;
            }
        }

        store.Publish();
        return new SurvivingState
        {
            Identity = identity,
            Members = members,
            Term = log.HardState.Term,
            Snapshot = log.Base,
            Last = log.Batches.Count > 0 ? log.Batches[^1].Last : log.Base,
            CommitIndex = log.CommitIndex,
            CommittedRevision = committedRevision,
            TornBytes = log.TornBytes,
            Quarantine = directory.Quarantine.Read(),
            Store = store,
        };
    }

    /// <summary>Makes a new cluster of one of it in the same directory; what stood there is kept aside. A crash leaves one or the other.</summary>
    /// <param name="directory">The directory that was read, still locked.</param>
    /// <param name="plan">The new cluster.</param>
    /// <returns>The new revision.</returns>
    /// <exception cref="StorageIoException">The disk is full or failed. Either everything is as it was, or the next start completes the exchange.</exception>
    public long Replace(IFileSystem files, DataDirectory directory, NewCluster plan)
    {
        directory.DiscardReplacement();
        long revision = plan.Write(files, directory.ReplacementPath, Store, Last.Term);
        directory.TakeReplacement();
        return revision;
    }
}
