using RaftStore.Kv;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node.Snapshots;

/// <summary>Write this state to a snapshot file.</summary>
/// <param name="View">The state, captured in constant time.</param>
/// <param name="Metadata">What it stands for; the length is not known yet.</param>
internal sealed record SaveOrder(KvView View, SnapshotMetadata Metadata);

/// <summary>Send the newest snapshot to a follower.</summary>
/// <param name="Peer">To whom.</param>
/// <param name="Term">As leader of this term.</param>
/// <param name="LeastIndex">The least index that is of any use to it.</param>
internal sealed record SendOrder(NodeId Peer, long Term, long LeastIndex);

/// <summary>A follower said how far it holds the file.</summary>
internal sealed record SendAnswer(InstallSnapshotResponse Response);

/// <summary>The snapshot connection to a follower was made anew: what was on the way is gone.</summary>
internal sealed record ResendOrder(NodeId Peer);

/// <summary>This node leads no longer: stop sending.</summary>
internal sealed record CancelSends;

/// <summary>A chunk came that passed the core's checks, or is of the state that a quarantined node asked for.</summary>
/// <param name="Replaces">True where the snapshot may take the place of one up to the same entry, which is known to be wrong.</param>
internal sealed record ReceiveOrder(InstallSnapshot Chunk, bool Replaces = false);

/// <summary>Mark this node as quarantined.</summary>
internal sealed record MarkOrder(QuarantineNote Note);

/// <summary>Remove that mark.</summary>
internal sealed record UnmarkOrder;

/// <summary>The mark is durable, or could not be written because the disk is full.</summary>
internal sealed record QuarantineMarked(bool IsDurable);

/// <summary>The mark is gone, durably.</summary>
internal sealed record QuarantineUnmarked;

/// <summary>A snapshot is written and durable.</summary>
internal sealed record SnapshotSaved(SnapshotMetadata Metadata);

/// <summary>A snapshot could not be written: the disk is full.</summary>
internal sealed record SnapshotNotSaved(SnapshotMetadata Metadata);

/// <summary>The newest snapshot on this node's own disk is damaged.</summary>
internal sealed record SnapshotDamaged(SnapshotMetadata Metadata, string Reason);

/// <summary>A chunk is ready to be sent.</summary>
internal sealed record ChunkReady(NodeId Peer, long Term, PeerFrame Frame, SnapshotTransfer Progress);

/// <summary>Sending to a follower has ended.</summary>
/// <param name="IsInstalled">True where the follower has it; false where it was given up.</param>
internal sealed record SendEnded(NodeId Peer, long Term, bool IsInstalled);

/// <summary>How far a snapshot that is being received is complete, for its sender.</summary>
internal sealed record ReceiveProgress(NodeId Sender, long Term, EntryId LastIncluded, long NextOffsetBytes);

/// <summary>A received snapshot is verified, durable, and loaded aside.</summary>
internal sealed record SnapshotLoaded(NodeId Sender, long Term, SnapshotMetadata Metadata, KvStore Store);
