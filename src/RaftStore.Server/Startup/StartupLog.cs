using RaftStore.Raft;

namespace RaftStore.Server.Startup;

/// <summary>What start-up, shutdown and the changes of a running node log: event ids 2200 to 2399.</summary>
internal static partial class StartupLog
{
    [LoggerMessage(2200, LogLevel.Information, "Node {Name}: data in {Path}, peers on {PeerListen}, founders {Founders}")]
    public static partial void Starting(ILogger log, string name, string path, string peerListen, string founders);

    [LoggerMessage(2201, LogLevel.Information, "Recovered cluster {Cluster}, node {Name} (id {Id}): snapshot up to index {SnapshotIndex}, log up to index {LastIndex}, {Entries} entries, known committed up to index {CommitIndex}, term {Term}, in {ElapsedMs} ms")]
    public static partial void Recovered(ILogger log, ClusterId cluster, string name, NodeId id, long snapshotIndex, long lastIndex, long entries, long commitIndex, long term, long elapsedMs);

    [LoggerMessage(2202, LogLevel.Warning, "Dropped {Bytes} bytes at the end of the log that a crash cut short; nobody had been told of them (last index {LastIndex}, term {Term})")]
    public static partial void TornTail(ILogger log, long bytes, long lastIndex, long term);

    [LoggerMessage(2203, LogLevel.Warning, "--cluster is not what this cluster was founded with: {Difference}. The data directory rules; --cluster only adds addresses to dial")]
    public static partial void ListDiffers(ILogger log, string difference);

    [LoggerMessage(2204, LogLevel.Information, "Node {Name} (id {Id}) of cluster {Cluster} is running, term {Term}, last index {LastIndex}")]
    public static partial void Running(ILogger log, string name, NodeId id, ClusterId cluster, long term, long lastIndex);

    [LoggerMessage(2205, LogLevel.Information, "Stopping: finishing what is under way for at most {LimitMs} ms")]
    public static partial void Stopping(ILogger log, long limitMs);

    [LoggerMessage(2206, LogLevel.Information, "Stopped after {ElapsedMs} ms")]
    public static partial void Stopped(ILogger log, long elapsedMs);

    [LoggerMessage(2207, LogLevel.Critical, "The node ends with exit code {ExitCode}: {Reason}")]
    public static partial void Fatal(ILogger log, int exitCode, string reason, Exception? exception);

    [LoggerMessage(2300, LogLevel.Information, "{Role} in term {Term} (commit index {CommitIndex}, durable index {DurableIndex})")]
    public static partial void RoleChanged(ILogger log, RaftRole role, long term, long commitIndex, long durableIndex);

    [LoggerMessage(2301, LogLevel.Information, "{Leader} leads in term {Term} (applied index {AppliedIndex})")]
    public static partial void LeaderChanged(ILogger log, string leader, long term, long appliedIndex);

    [LoggerMessage(2302, LogLevel.Warning, "No leader is known in term {Term} (applied index {AppliedIndex}): writes and linearizable reads wait or are refused")]
    public static partial void LeaderLost(ILogger log, long term, long appliedIndex);

    [LoggerMessage(2303, LogLevel.Information, "The newest snapshot now reaches up to index {SnapshotIndex} (term {Term}, applied index {AppliedIndex})")]
    public static partial void SnapshotChanged(ILogger log, long snapshotIndex, long term, long appliedIndex);

    [LoggerMessage(2315, LogLevel.Error, "The snapshot of entry {LastIncluded} that node {Sender} sent is damaged and was dropped: {Reason} (term {Term}, applied index {AppliedIndex}). It is fetched anew; where that goes on, look at that node's disk and memory, or hand the leadership to another")]
    public static partial void SnapshotRefused(ILogger log, EntryId lastIncluded, NodeId sender, string reason, long term, long appliedIndex);

    [LoggerMessage(2318, LogLevel.Error, "The snapshot of entry {LastIncluded} on this node's own disk is damaged: {Reason} (term {Term}, applied index {AppliedIndex}). It is taken anew from memory; until that is done this node could not be started again. Check the disk (dmesg, smartctl)")]
    public static partial void SnapshotDamaged(ILogger log, EntryId lastIncluded, string reason, long term, long appliedIndex);

    [LoggerMessage(2304, LogLevel.Error, "The log's disk is full (durable index {DurableIndex}, term {Term}): new entries are refused, votes and reads go on. Make space on it")]
    public static partial void LogSpaceGone(ILogger log, long durableIndex, long term);

    [LoggerMessage(2316, LogLevel.Error, "Memory is nearly used up, {UsedBytes} of {LimitBytes} bytes (term {Term}, applied index {AppliedIndex}): while this node leads, it refuses puts. Delete keys and compact, or give the process more")]
    public static partial void MemoryGone(ILogger log, long usedBytes, long limitBytes, long term, long appliedIndex);

    [LoggerMessage(2317, LogLevel.Information, "There is enough memory again, {UsedBytes} of {LimitBytes} bytes are used (term {Term}, applied index {AppliedIndex})")]
    public static partial void MemoryBack(ILogger log, long usedBytes, long limitBytes, long term, long appliedIndex);

    [LoggerMessage(2309, LogLevel.Information, "Joining: {Detail}")]
    public static partial void Joining(ILogger log, string detail);

    [LoggerMessage(2310, LogLevel.Information, "Taken into cluster {Cluster} as {Name} (id {Id}), without a vote at first")]
    public static partial void Joined(ILogger log, ClusterId cluster, string name, NodeId id);

    [LoggerMessage(2306, LogLevel.Information, "Members: voters {Voters}; learners {Learners}; a change of voters is under way: {IsJoint} (term {Term}, applied index {AppliedIndex})")]
    public static partial void MembersChanged(ILogger log, string voters, string learners, bool isJoint, long term, long appliedIndex);

    [LoggerMessage(2307, LogLevel.Warning, "This node was removed from its cluster ({Source}). It ends with exit code 0; its data directory is of no use any more, and its id is never given again")]
    public static partial void RemovedFromCluster(ILogger log, string source);

    [LoggerMessage(2308, LogLevel.Information, "Handing the leadership over before stopping: {Result} (member {Member})")]
    public static partial void HandedOver(ILogger log, RaftStore.Node.AdminResult result, RaftStore.Raft.NodeId member);

    [LoggerMessage(2305, LogLevel.Information, "The log has space again (durable index {DurableIndex}, term {Term})")]
    public static partial void LogSpaceBack(ILogger log, long durableIndex, long term);

    [LoggerMessage(2311, LogLevel.Error, "This node's state differs from the others' at applied index {Index} ({OwnHash} here, {OtherHash} there; term {Term}, applied index {AppliedIndex}): it serves nobody and does not lead until it is repaired, and a restart changes nothing of that. Keep a copy of its data directory, report this, and run kvctl member repair with its name")]
    public static partial void Diverged(ILogger log, long index, string ownHash, string otherHash, long term, long appliedIndex);

    [LoggerMessage(2312, LogLevel.Error, "This node is still quarantined: at applied index {Index} its state differed from the others' ({OwnHash} here, {OtherHash} there; term {Term}, applied index {AppliedIndex}). It serves nobody and does not lead until it is repaired: run kvctl member repair with its name")]
    public static partial void StillDiverged(ILogger log, long index, string ownHash, string otherHash, long term, long appliedIndex);

    [LoggerMessage(2313, LogLevel.Warning, "Repair: {Stage}, snapshot up to index {SnapshotIndex}, {ReceivedBytes} of {LengthBytes} bytes (term {Term}, applied index {AppliedIndex})")]
    public static partial void Repairing(ILogger log, RaftStore.Node.RepairStage stage, long snapshotIndex, long receivedBytes, long lengthBytes, long term, long appliedIndex);

    [LoggerMessage(2314, LogLevel.Warning, "The quarantine is over: this node serves again (term {Term}, applied index {AppliedIndex}, repaired by a snapshot up to index {SnapshotIndex}, 0 where its state was trusted as it is)")]
    public static partial void Repaired(ILogger log, long term, long appliedIndex, long snapshotIndex);
}
