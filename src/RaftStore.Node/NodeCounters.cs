namespace RaftStore.Node;

/// <summary>What a node has done since its start, for metrics.</summary>
/// <param name="Proposals">Commands appended to this node's log as leader.</param>
/// <param name="AppliedBatches">Sealed batches applied.</param>
/// <param name="AppliedEntries">Entries applied.</param>
/// <param name="ConfirmedReads">Callers told that their read may go on.</param>
/// <param name="ReadRounds">Confirmations asked for; each serves every read that waited.</param>
/// <param name="ForwardedWrites">Writes sent to the leader.</param>
/// <param name="ForwardedWritesServed">Writes proposed for other members.</param>
/// <param name="RefusedWrites">Writes refused for want of space in a queue, a table or on the disk.</param>
/// <param name="TimedOutWrites">Writes whose deadline passed.</param>
/// <param name="FramesSent">Frames handed to the transport.</param>
/// <param name="FramesDropped">Frames that the transport did not take, or that found the input queue full.</param>
/// <param name="FramesRefused">Frames that were no frames of a member.</param>
/// <param name="AppendsDropped">AppendEntries not taken because this node's log had no space.</param>
/// <param name="Campaigns">Elections this node stood in.</param>
/// <param name="LeaderChanges">Times that another leader, or none, was known than before.</param>
/// <param name="SnapshotsTaken">Snapshots written.</param>
/// <param name="SnapshotsSent">Snapshots that a follower installed.</param>
/// <param name="SnapshotsInstalled">Snapshots received and installed.</param>
/// <param name="SnapshotsRefused">Snapshots received that were damaged, and dropped.</param>
/// <param name="Waiters">Callers waiting now.</param>
public readonly record struct NodeCounters(
    long Proposals,
    long AppliedBatches,
    long AppliedEntries,
    long ConfirmedReads,
    long ReadRounds,
    long ForwardedWrites,
    long ForwardedWritesServed,
    long RefusedWrites,
    long TimedOutWrites,
    long FramesSent,
    long FramesDropped,
    long FramesRefused,
    long AppendsDropped,
    long Campaigns,
    long LeaderChanges,
    long SnapshotsTaken,
    long SnapshotsSent,
    long SnapshotsInstalled,
    long SnapshotsRefused,
    int Waiters);
