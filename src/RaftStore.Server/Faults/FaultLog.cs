namespace RaftStore.Server.Faults;

/// <summary>What fault injection logs: event ids 2500 to 2599.</summary>
internal static partial class FaultLog
{
    [LoggerMessage(2500, LogLevel.Warning, "Fault injection is on (--enable-fault-injection): whoever reaches this node's client port can cut it off")]
    public static partial void Enabled(ILogger log);

    [LoggerMessage(2501, LogLevel.Warning, "Faults on purpose: {Plan}")]
    public static partial void Changed(ILogger log, string plan);
}
