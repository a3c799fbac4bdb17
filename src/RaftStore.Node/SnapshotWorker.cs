using RaftStore.Node.Pump;
using RaftStore.Node.Snapshots;
using RaftStore.Storage;

namespace RaftStore.Node;

/// <summary>Does the pump's slow work one job at a time: writes captured snapshots, reads and sends their chunks, puts received
/// ones together and loads them aside, keeps the mark of a quarantine. A thread of its own drives it in production, the simulator in a simulation.</summary>
public sealed class SnapshotWorker
{
    /// <summary>Chunks that wait to be written, at most; the sender repeats what is dropped.</summary>
    internal const int ChunksMax = 8;

    private readonly object _gate = new();
    private readonly Queue<object> _orders = new();
    private readonly InputQueue _reports;
    private readonly SnapshotSaver _saver;
    private readonly SnapshotSenders _senders;
    private readonly SnapshotReceiver _receiver;
    private readonly QuarantineMark _quarantine;
    private int _waitingChunks;
    private bool _isPoked;
    private bool _isStopped;

    // Whether a job can go on by itself, as of the last run; read under the gate by those who only ask.
    private bool _hasJob;

    internal SnapshotWorker(NodeOptions options, SnapshotStore store, QuarantineMark quarantine, InputQueue reports)
    {
        _quarantine = quarantine;
        _reports = reports;
        RateLimit rate = new(options.SnapshotBytesPerSecond);
        _saver = new SnapshotSaver(store, rate);
        _senders = new SnapshotSenders(options, store, rate, reports);
        _receiver = new SnapshotReceiver(store, reports);
    }

    /// <summary>Chunks that wait to be written.</summary>
    internal int WaitingChunks
    {
        get
        {
            lock (_gate)
            {
                return _waitingChunks;
            }
        }
    }

    /// <summary>True where <see cref="RunOnce"/> has something to do.</summary>
    public bool HasWork
    {
        get
        {
            lock (_gate)
            {
                return HasWorkLocked;
            }
        }
    }

    private bool HasWorkLocked => _orders.Count > 0 || _isPoked || _hasJob;

    /// <summary>Holds the writing of a snapshot down to its rate by waiting on the calling thread; without it, as in a simulation,
    /// a snapshot is written at once.</summary>
    internal Action<long>? Wait
    {
        set => _saver.Wait = value;
    }

    /// <summary>Blocks until there is work, the worker was stopped, or the time is over.</summary>
    public bool WaitForWork(int timeoutMs)
    {
        lock (_gate)
        {
            if (!HasWorkLocked && !_isStopped)
            {
                Monitor.Wait(_gate, timeoutMs);
            }

            return HasWorkLocked && !_isStopped;
        }
    }

    /// <summary>Ends every wait, now and later.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _isStopped = true;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Does the next piece of work, at most one chunk's worth or one snapshot's writing.</summary>
    /// <returns>True where anything was done.</returns>
    /// <exception cref="StorageException">The disk failed, other than by being full, or a snapshot on it is damaged: the node must stop.</exception>
    public bool RunOnce(long nowMs)
    {
        object? order = NextOrder();
        bool worked = order is not null;
        if (order is not null)
        {
            Carry(order, nowMs);
        }
        else
        {
            worked = LoadNext() || _senders.SendNext(nowMs);
        }

        lock (_gate)
        {
            _hasJob = _receiver.IsLoading || _senders.CanSend(nowMs);
        }

        return worked;
    }

    /// <summary>Queues an order of the pump.</summary>
    /// <returns>False where it was dropped: too many chunks wait already.</returns>
    internal bool Enqueue(object order)
    {
        lock (_gate)
        {
            if (order is ReceiveOrder && ++_waitingChunks > ChunksMax)
            {
                _waitingChunks--;
                return false;
            }

            _orders.Enqueue(order);
            Monitor.Pulse(_gate);
            return true;
        }
    }

    /// <summary>Time has passed: what waits for an answer or for its rate is looked at again.</summary>
    internal void Poke()
    {
        lock (_gate)
        {
            _isPoked = true;
            Monitor.Pulse(_gate);
        }
    }

    private object? NextOrder()
    {
        lock (_gate)
        {
            _isPoked = false;
            if (!_orders.TryDequeue(out object? order))
            {
                return null;
            }

            _waitingChunks -= order is ReceiveOrder ? 1 : 0;
            return order;
        }
    }

    private bool LoadNext()
    {
        bool worked = _receiver.LoadNext();
        if (worked && !_receiver.IsLoading)
        {
            _senders.SnapshotWritten();
        }

        return worked;
    }

    private void Carry(object order, long nowMs)
    {
        switch (order)
        {
            case SaveOrder save:
                SnapshotFile? file = _saver.Save(save, nowMs);
                _reports.AddEvent(file is null ? new SnapshotNotSaved(save.Metadata) : new SnapshotSaved(file.Metadata));
                _senders.SnapshotWritten();
                break;
            case SendOrder send:
                _senders.Begin(send, nowMs);
                break;
            case SendAnswer answer:
                _senders.Take(answer.Response, nowMs);
                break;
            case ResendOrder resend:
                _senders.Resend(resend.Peer, nowMs);
                break;
            case CancelSends:
                _senders.Cancel();
                break;
            case ReceiveOrder receive:
                _receiver.Take(receive);
                break;
            case MarkOrder mark:
                _reports.AddEvent(new QuarantineMarked(TryMark(mark.Note)));
                break;
            case UnmarkOrder:
                _quarantine.Remove();
                _reports.AddEvent(new QuarantineUnmarked());
                break;
            default:
                throw new NotSupportedException($"No order {order.GetType().Name} is known.");
        }
    }

    private bool TryMark(QuarantineNote note)
    {
        try
        {
            _quarantine.Write(note);
            return true;
        }
        catch (StorageIoException failure) when (failure.IsDiskFull)
        {
            return false;
        }
    }
}
