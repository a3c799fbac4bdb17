using RaftStore.Storage;

namespace RaftStore.Node;

/// <summary>Drives a <see cref="Node"/> in production: one thread for the pump, one for the log, one for snapshots.</summary>
public sealed class NodeRuntime : IDisposable
{
    /// <summary>The pump looks at its clock this often when nothing comes in.</summary>
    private const int PumpWaitMs = 10;

    /// <summary>While writes to the log are held back, how often it is looked whether they still are.</summary>
    private const int HoldMs = 10;

    /// <summary>The other two threads are woken when there is work; this only bounds how long a bug could hide.</summary>
    private const int IdleWaitMs = 1000;

    private readonly Node _node;
    private readonly LogWriter _log;
    private readonly Action<Exception> _onFatal;
    private readonly NodeClock _clock;
    private readonly ManualResetEventSlim _snapshotsStopped = new();
    private readonly Thread _pumpThread;
    private readonly Thread _logThread;
    private readonly Thread _snapshotThread;
    private int _isFatal;
    private volatile int _logStallMs;
    private volatile bool _isPumpStopping;
    private volatile bool _isLogStopping;
    private bool _isStarted;

    /// <summary>Makes the threads, without starting them.</summary>
    /// <param name="onFatal">Called once, from the thread that failed, with what it threw; afterwards this node does nothing more.
    /// The process must end.</param>
    /// <param name="clock">The node's clock; null for one that goes as the machine's.</param>
    public NodeRuntime(Node node, LogWriter log, Action<Exception> onFatal, NodeClock? clock = null)
    {
        _clock = clock ?? new NodeClock();
        _node = node;
        _log = log;
        _onFatal = onFatal;
        _node.SnapshotWorker.Wait = waitMs =>
        {
            if (_snapshotsStopped.Wait(TimeSpan.FromMilliseconds(waitMs)))
            {
                throw new OperationCanceledException("The node stops; its snapshot is not finished.");
            }
        };
        _pumpThread = MakeThread("raftstore-pump", RunPump);
        _logThread = MakeThread("raftstore-log", RunLog);
        _snapshotThread = MakeThread("raftstore-snapshot", RunSnapshots);
    }

    /// <summary>How long each write to the log is held back before it begins, in milliseconds; 0 unless somebody plays a slow disk. Lowering it
    /// lets go at once what is held. Any thread.</summary>
    public int LogStallMs
    {
        get => _logStallMs;
        set => _logStallMs = value;
    }

    private bool IsFatal => Volatile.Read(ref _isFatal) != 0;

    /// <summary>Starts the threads.</summary>
    public void Start()
    {
        _isStarted = true;
        _logThread.Start();
        _snapshotThread.Start();
        _pumpThread.Start();
    }

    /// <summary>Lets what is under way finish for at most <paramref name="timeoutMs"/>, syncs, and stops the threads.</summary>
    public void Stop(int timeoutMs)
    {
        _node.BeginShutdown();
        if (!_isStarted)
        {
            return;
        }

        long deadlineMs = NodeClock.SystemMs + timeoutMs;
        while (_node.Waiters > 0 && !IsFatal && NodeClock.SystemMs < deadlineMs)
        {
            // Once in the life of a process: a wait of its own would be more to get wrong than it saves.
            _pumpThread.Join(1);
        }

        StopSnapshots();
        _isPumpStopping = true;
        _node.EndWaiting();
        JoinUnlessSelf(_pumpThread);

        // The pump hands out nothing more; what it has handed out is written and synced before its thread ends.
        _isLogStopping = true;
        _log.Stop();
        JoinUnlessSelf(_logThread);
        JoinUnlessSelf(_snapshotThread);
        _isStarted = false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Stop(0);
        _snapshotsStopped.Dispose();
    }

    private static void JoinUnlessSelf(Thread thread)
    {
        if (thread != Thread.CurrentThread)
        {
            thread.Join();
        }
    }

    private Thread MakeThread(string name, Action run) => new(() => RunUntilFatal(run)) { Name = name, IsBackground = true };

    private void RunUntilFatal(Action run)
    {
        try
        {
            run();
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !_snapshotsStopped.IsSet)
        {
            Fail(failure);
        }
        catch (OperationCanceledException)
        {
            // The snapshot thread was stopped in the middle of a snapshot, whose unfinished file the next start removes.
        }
    }

    private void RunPump()
    {
        while (!_isPumpStopping && !IsFatal)
        {
            _node.RunOnce(_clock.NowMs);
            _node.WaitForInput(PumpWaitMs);
        }

        if (!IsFatal)
        {
            _node.RunOnce(_clock.NowMs);
            _node.AbandonWaiters();
        }
    }

    private void RunLog()
    {
        while (!IsFatal)
        {
            bool isLast = _isLogStopping;
            HoldLogBack();
            while (!IsFatal && _log.RunOnce() is LogCompletion completion)
            {
                _node.LogCompleted(completion);
                HoldLogBack();
            }

            if (isLast)
            {
                return;
            }

            _log.WaitForWork(IdleWaitMs);
        }
    }

    private void HoldLogBack()
    {
        if (_logStallMs == 0)
        {
            return;
        }

        long sinceMs = NodeClock.SystemMs;
        while (_log.HasWork && NodeClock.SystemMs - sinceMs < _logStallMs && !_snapshotsStopped.Wait(HoldMs))
        {
        }
    }

    private void RunSnapshots()
    {
        SnapshotWorker worker = _node.SnapshotWorker;
        while (!_snapshotsStopped.IsSet && !IsFatal)
        {
            if (!worker.RunOnce(_clock.NowMs))
            {
                worker.WaitForWork(IdleWaitMs);
            }
        }
    }

    private void StopSnapshots()
    {
        _snapshotsStopped.Set();
        _node.SnapshotWorker.Stop();
    }

    /// <summary>The first failure of any thread stops all of them, and is reported once.</summary>
    private void Fail(Exception failure)
    {
        if (Interlocked.Exchange(ref _isFatal, 1) != 0)
        {
            return;
        }

        _node.BeginShutdown();
        StopSnapshots();
        _node.EndWaiting();
        _log.Stop();
        _onFatal(failure);
    }
}
