using RaftStore.Kv;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node;

/// <summary>What a node starts from: everything its disk held.</summary>
/// <param name="Initial">The core's state.</param>
/// <param name="Store">The state machine, loaded from the snapshot or empty.</param>
/// <param name="Log">The log writer.</param>
/// <param name="Snapshots">The snapshot directory; from here on the snapshot worker owns it.</param>
/// <param name="Quarantine">The mark of a state that is known to be wrong; from here on the snapshot worker owns it.</param>
public sealed record NodeStart(RaftInitialState Initial, KvStore Store, LogWriter Log, SnapshotStore Snapshots, QuarantineMark Quarantine);
