using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>What the log writer tells the pump.</summary>
/// <param name="Token">The newest request that is durable; every earlier one is too.</param>
/// <param name="ReservedBytes">Bytes that can be written without asking the file system for more space.</param>
/// <param name="LogBytes">Bytes of the log since the last purge.</param>
/// <param name="SyncMicroseconds">How long the write and the sync took.</param>
public readonly record struct LogCompletion(BatchToken Token, long ReservedBytes, long LogBytes, long SyncMicroseconds);

/// <summary>Group commit: takes whatever is queued, writes it, syncs once, reports once. The queue is bounded by what the core
/// lets be unapplied. <see cref="Enqueue"/> and <see cref="RequestPurge"/> from any thread, <see cref="RunOnce"/> from one: a
/// thread of its own in production, the simulator's in a simulation.</summary>
public sealed class LogWriter
{
    /// <summary>Writes to <paramref name="log"/>; <paramref name="microseconds"/> is a monotonic clock.</summary>
    public LogWriter(WriteAheadLog log, Func<long> microseconds) => throw new NotImplementedException();

    /// <summary>True where <see cref="RunOnce"/> has something to do.</summary>
    public bool HasWork => throw new NotImplementedException();

    /// <summary>Queues a request and wakes whoever is in <see cref="WaitForWork"/>.</summary>
    public void Enqueue(PersistRequest request) => throw new NotImplementedException();

    /// <summary>Asks for entries up to <paramref name="index"/> to be purged before the next write.</summary>
    public void RequestPurge(long index) => throw new NotImplementedException();

    /// <summary>Blocks until there is work, the writer was stopped, or the time is over.</summary>
    /// <returns>True where there is work.</returns>
    public bool WaitForWork(int timeoutMs) => throw new NotImplementedException();

    /// <summary>Ends every wait, now and later.</summary>
    public void Stop() => throw new NotImplementedException();

    /// <summary>Writes and syncs what was queued when it began.</summary>
    /// <returns>Null where there was nothing to write.</returns>
    /// <exception cref="StorageIoException">A write or a sync failed: the node must stop (exit code 4).</exception>
    public LogCompletion? RunOnce() => throw new NotImplementedException();
}
