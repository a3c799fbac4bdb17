namespace RaftStore.Node;

/// <summary>Does the pump's slow work one job at a time: writes captured snapshots, reads and sends their chunks, puts received
/// ones together and loads them aside. A thread of its own drives it in production, the simulator in a simulation.</summary>
public sealed class SnapshotWorker
{
    internal SnapshotWorker()
    {
    }

    /// <summary>True where <see cref="RunOnce"/> has something to do.</summary>
    public bool HasWork => throw new NotImplementedException();

    /// <summary>Blocks until there is work, the worker was stopped, or the time is over.</summary>
    public bool WaitForWork(int timeoutMs) => throw new NotImplementedException();

    /// <summary>Ends every wait, now and later.</summary>
    public void Stop() => throw new NotImplementedException();

    /// <summary>Does the next piece of work, at most one chunk's worth or one snapshot's writing.</summary>
    public bool RunOnce(long nowMs) => throw new NotImplementedException();
}
