using RaftStore.Kv;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Server.Startup;

/// <summary>What the end of a node means to whoever started it: the contract's exit code and one last line that says what to do.</summary>
public readonly record struct NodeFailure(int ExitCode, string Line)
{
    /// <summary>Something this node was told cannot be used.</summary>
    public const int Settings = 2;

    /// <summary>The data directory cannot be used.</summary>
    public const int DataDirectory = 3;

    /// <summary>A write or a sync failed.</summary>
    public const int LogWrite = 4;

    /// <summary>A rule of the protocol is broken, or an entry could not be applied.</summary>
    public const int Invariant = 5;

    /// <summary>The failure that an exception stands for.</summary>
    public static NodeFailure From(Exception exception) => exception switch
    {
        StorageIoException { IsDiskFull: true } io => new NodeFailure(
            LogWrite,
            $"{io.Message}. Nothing was acknowledged that is not durable. Make space on that disk and start the node again; it recovers what is durable."),
        StorageIoException io => new NodeFailure(
            LogWrite,
            $"{io.Message}. Nothing was acknowledged that is not durable. Check the disk (dmesg, smartctl) and start the node again; it recovers what is durable, or says what is damaged."),
        DataDirectoryException directory => new NodeFailure(DataDirectory, directory.Message),
        RaftInvariantException broken => new NodeFailure(
            Invariant,
            $"A safety rule is broken: {broken.Message}. The node stopped before it could do harm. Please report this with its log; keep a copy of its data directory before starting it again."),
        KvInvariantException broken => new NodeFailure(
            Invariant,
            $"The state in memory cannot be trusted: {broken.Message}. The node stopped before it could hand it on. Start it again: it makes its state anew from its snapshot and its log. Where this comes back, check the machine's memory; and please report it with its log."),
        UnknownCommandException unknown => new NodeFailure(
            Invariant,
            $"An entry of the log cannot be applied: {unknown.Message}. Going on would let this node's state part from the others'. Was it written by a newer version? Start that version."),
        OutOfMemoryException => new NodeFailure(
            Invariant,
            "This process got no more memory. Nothing was acknowledged that is not durable. The whole store is held in memory: give the process more, or set a lower quota (kvctl settings), and start it again; it recovers what is durable."),
        IOException or ArgumentException or FormatException => new NodeFailure(Settings, exception.Message),
        _ => new NodeFailure(
            Invariant,
            $"An unforeseen failure ({exception.GetType().Name}): {exception.Message}. The node stopped since its state cannot be trusted any more. Please report this with its log."),
    };
}
