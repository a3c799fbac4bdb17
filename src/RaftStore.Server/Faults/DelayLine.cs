using RaftStore.Node;

namespace RaftStore.Server.Faults;

/// <summary>Does things later, each after its own delay; of those due at the same time, the first that was added is the first. One thread of
/// its own, which does them.</summary>
internal sealed class DelayLine : IDisposable
{
    /// <summary>As much as may wait, in bytes: more is not taken, as a network's own buffers would not take it.</summary>
    public const long BytesMax = 64 << 20;

    private readonly object _gate = new();
    private readonly PriorityQueue<(Action Happen, int Bytes), (long DueMs, long Number)> _waiting = new();
    private readonly Thread _thread;
    private long _added;
    private long _bytes;
    private bool _isStopped;

    /// <summary>Starts the thread.</summary>
    public DelayLine()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "raftstore-delays" };
        _thread.Start();
    }

    /// <summary>Plans something. Any thread.</summary>
    /// <param name="delayMs">In milliseconds from now on.</param>
    /// <param name="bytes">What it holds meanwhile.</param>
    /// <param name="happen">What to do; it must not wait.</param>
    /// <returns>False where too much waits already.</returns>
    public bool TryAdd(int delayMs, int bytes, Action happen)
    {
        lock (_gate)
        {
            if (_isStopped || _bytes + bytes > BytesMax)
            {
                return false;
            }

            _bytes += bytes;
            _waiting.Enqueue((happen, bytes), (NodeClock.SystemMs + delayMs, _added++));
            Monitor.Pulse(_gate);
            return true;
        }
    }

    /// <summary>Ends the thread; what still waits does not happen.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isStopped = true;
            Monitor.Pulse(_gate);
        }

        _thread.Join();
    }

    private void Run()
    {
        while (Take() is { } happen)
        {
            happen();
        }
    }

    private Action? Take()
    {
        lock (_gate)
        {
            while (!_isStopped)
            {
                if (!_waiting.TryPeek(out (Action Happen, int Bytes) next, out (long DueMs, long Number) at))
                {
                    Monitor.Wait(_gate);
                    continue;
                }

                long leftMs = at.DueMs - NodeClock.SystemMs;
                if (leftMs > 0)
                {
                    Monitor.Wait(_gate, (int)leftMs);
                    continue;
                }

                _waiting.Dequeue();
                _bytes -= next.Bytes;
                return next.Happen;
            }

            return null;
        }
    }
}
