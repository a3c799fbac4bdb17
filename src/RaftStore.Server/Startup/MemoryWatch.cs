using RaftStore.Node;

namespace RaftStore.Server.Startup;

/// <summary>Tells the node when the process' memory is nearly used up and when there is enough again, so that it refuses puts before the
/// process gets no more memory and must end.</summary>
/// <remarks>What is measured is what is in use on the garbage-collected heap, where the whole store lies, and not what is resident: freed
/// memory stays resident, and after deletions and a compaction that figure would not fall. The limit is the collector's own: a container's, the
/// one that <c>DOTNET_GCHeapHardLimit</c> sets, or else the machine's memory.</remarks>
internal sealed class MemoryWatch : IDisposable
{
    /// <summary>What comes in between two readings must fit into the room that <see cref="MemoryGauge"/> keeps.</summary>
    private const int IntervalMs = 100;

    private readonly Node.Node _node;
    private readonly ILogger _log;
    private readonly MemoryGauge _gauge;
    private readonly Lock _gate = new();
    private readonly Timer _timer;

    /// <summary>Begins to look.</summary>
    public MemoryWatch(Node.Node node, ILogger log)
    {
        _node = node;
        _log = log;
        LimitBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        _gauge = new MemoryGauge(LimitBytes);
        _timer = new Timer(_ => Look(), state: null, IntervalMs, IntervalMs);
    }

    /// <summary>Bytes that the heap may have, as of the start.</summary>
    public long LimitBytes { get; }

    /// <summary>Bytes in use now, with garbage that no collection has found yet. Any thread.</summary>
    public static long UsedBytes => GC.GetTotalMemory(forceFullCollection: false);

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        lock (_gate)
        {
            bool wasLow = _gauge.IsLow;
            long usedBytes = UsedBytes;
            bool shallCollect = _gauge.Look(usedBytes, Environment.TickCount64);
            if (_gauge.IsLow != wasLow)
            {
                _node.ReportMemory(_gauge.IsLow);
                Note(usedBytes);
            }

            if (shallCollect)
            {
                // In the background: it stops nobody for longer than any other collection.
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
            }
        }
    }

    private void Note(long usedBytes)
    {
        NodeStatus status = _node.Status;
        if (_gauge.IsLow)
        {
            StartupLog.MemoryGone(_log, usedBytes, LimitBytes, status.Term, status.AppliedIndex);
        }
        else
        {
            StartupLog.MemoryBack(_log, usedBytes, LimitBytes, status.Term, status.AppliedIndex);
        }
    }
}
