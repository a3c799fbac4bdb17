namespace RaftStore.Node;

/// <summary>Drives a <see cref="Node"/> in production: one thread for the pump, one for the log, one for snapshots.</summary>
public sealed class NodeRuntime : IDisposable
{
    /// <summary>Makes the threads, without starting them.</summary>
    /// <param name="onFatal">Called once, from the thread that failed, with what it threw; afterwards this node does nothing more.
    /// The process must end.</param>
    public NodeRuntime(Node node, Storage.LogWriter log, Action<Exception> onFatal) => throw new NotImplementedException();

    /// <summary>The pump's clock: monotonic milliseconds.</summary>
    public static long NowMs => throw new NotImplementedException();

    /// <summary>Starts the threads.</summary>
    public void Start() => throw new NotImplementedException();

    /// <summary>Lets what is under way finish for at most <paramref name="timeoutMs"/>, syncs, and stops the threads.</summary>
    public void Stop(int timeoutMs) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
