using System.Diagnostics;
using RaftStore.Storage;

namespace RaftStore.Node;

/// <summary>Drives a <see cref="Node"/> in production: one thread for the pump, one for the log, one for snapshots.</summary>
public sealed class NodeRuntime : IDisposable
{
    /// <summary>The pump looks at its clock this often when nothing comes in.</summary>
    private const int PumpWaitMs = 10;

    /// <summary>The other two threads are woken when there is work; this only bounds how long a bug could hide.</summary>
    private const int IdleWaitMs = 1000;

    private readonly Node _node;
    private readonly LogWriter _log;
    private readonly Action<Exception> _onFatal;
    private readonly ManualResetEventSlim _snapshotsStopped = new();
    private readonly Thread _pumpThread;
    private readonly Thread _logThread;
    private readonly Thread _snapshotThread;
    private int _isFatal;
    private volatile bool _isPumpStopping;
    private volatile bool _isLogStopping;
    private bool _isStarted;

    /// <summary>Makes the threads, without starting them.</summary>
    /// <param name="onFatal">Called once, from the thread that failed, with what it threw; afterwards this node does nothing more.
    /// The process must end.</param>
    public NodeRuntime(Node node, LogWriter log, Action<Exception> onFatal)
    {
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

    /// <summary>The pump's clock: monotonic milliseconds.</summary>
    public static long NowMs => Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1000);

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

        long deadlineMs = NowMs + timeoutMs;
        while (_node.Waiters > 0 && !IsFatal && NowMs < deadlineMs)
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
            _node.RunOnce(NowMs);
            _node.WaitForInput(PumpWaitMs);
        }

        if (!IsFatal)
        {
            _node.RunOnce(NowMs);
            _node.AbandonWaiters();
        }
    }

    private void RunLog()
    {
        while (!IsFatal)
        {
            bool isLast = _isLogStopping;
            while (!IsFatal && _log.RunOnce() is LogCompletion completion)
            {
                _node.LogCompleted(completion);
            }

            if (isLast)
            {
                return;
            }

            _log.WaitForWork(IdleWaitMs);
        }
    }

    private void RunSnapshots()
    {
        SnapshotWorker worker = _node.SnapshotWorker;
        while (!_snapshotsStopped.IsSet && !IsFatal)
        {
            if (!worker.RunOnce(NowMs))
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
