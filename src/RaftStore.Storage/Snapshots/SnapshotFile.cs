using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>A snapshot file that is complete, verified and durable.</summary>
/// <param name="Metadata">What it stands for; its length is that of the file.</param>
/// <param name="FileName">Its name in the snapshot directory.</param>
public sealed record SnapshotFile(SnapshotMetadata Metadata, string FileName);
