using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Server.Peers;

/// <summary>What the formation of a cluster logs: event ids 2100 to 2199.</summary>
internal static partial class FormationLog
{
    [LoggerMessage(2100, LogLevel.Information, "{Name} is forming its cluster: {Detail}")]
    public static partial void Waiting(ILogger log, string name, string detail);

    [LoggerMessage(2101, LogLevel.Information, "Cluster {Cluster}: {Name} (id {Id}) is durably {State}")]
    public static partial void IdentityWritten(ILogger log, ClusterId cluster, string name, NodeId id, FormationState state);

    [LoggerMessage(2102, LogLevel.Warning, "{Name} wants to form a cluster, but this one is formed. Its data directory must be empty: if it is a member, its disk was lost; it will be refused")]
    public static partial void EmptyFounder(ILogger log, string name);
}
