namespace RaftStore.Server.Hosting;

/// <summary>What the host itself logs. Event ids are stable: 1000 to 1099 are the process, 1100 to 1199 the client API.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(1000, LogLevel.Information, "RaftStore {Version}: node {Name} starts with data in {DataPath}")]
    public static partial void Starting(ILogger logger, string version, string name, string dataPath);

    [LoggerMessage(1001, LogLevel.Information, "Clients are served on {Addresses}")]
    public static partial void Listening(ILogger logger, string addresses);

    [LoggerMessage(1002, LogLevel.Information, "Stopping: what is in flight is finished; a second signal ends the process at once")]
    public static partial void Stopping(ILogger logger);

    [LoggerMessage(1003, LogLevel.Information, "Stopped in term {Term} with entry {AppliedIndex} applied")]
    public static partial void Stopped(ILogger logger, long term, long appliedIndex);

    [LoggerMessage(1004, LogLevel.Warning, "This node is reachable from other machines without TLS and without authentication: whoever reaches it may read and write everything")]
    public static partial void Insecure(ILogger logger);

    [LoggerMessage(1100, LogLevel.Error, "A {Method} request failed in term {Term} at applied index {AppliedIndex}; the client was told that its outcome is unknown. Please report this")]
    public static partial void RequestFailed(ILogger logger, string method, long term, long appliedIndex, Exception exception);
}
