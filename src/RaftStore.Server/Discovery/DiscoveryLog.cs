using RaftStore.Raft;

namespace RaftStore.Server.Discovery;

/// <summary>What discovery, and following one's own address, log: event ids 2400 to 2499.</summary>
internal static partial class DiscoveryLog
{
    [LoggerMessage(2400, LogLevel.Information, "{Name} looks for others at {Target}: {Detail}")]
    public static partial void Searching(ILogger log, string name, string target, string detail);

    [LoggerMessage(2401, LogLevel.Information, "{Name} founds a cluster with {Founders}, as every node at {Target} says")]
    public static partial void Founding(ILogger log, string name, string founders, string target);

    [LoggerMessage(2402, LogLevel.Information, "The members say that this node (id {Id}) is at {OldPeer}, clients at {OldClient}; now they are told {NewPeer}, clients at {NewClient}")]
    public static partial void Moving(ILogger log, NodeId id, string oldPeer, string oldClient, string newPeer, string newClient);

    [LoggerMessage(2403, LogLevel.Information, "The members know this node's addresses (id {Id}, term {Term}, applied index {AppliedIndex})")]
    public static partial void Moved(ILogger log, NodeId id, long term, long appliedIndex);

    [LoggerMessage(2404, LogLevel.Warning, "The members could not be told this node's addresses (id {Id}): {Result}; trying again. Where another member has the address in the configuration, change that one first (kvctl member update)")]
    public static partial void NotMoved(ILogger log, NodeId id, RaftStore.Node.AdminResult result);
}
