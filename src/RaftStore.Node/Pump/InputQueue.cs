using RaftStore.Node.Forwarding;
using RaftStore.Node.Waiters;

namespace RaftStore.Node.Pump;

/// <summary>Everything that is waiting for the pump, in the order in which it came. Any thread adds; the pump takes all of it at
/// once, by exchanging two arrays under a short lock. Bounded: callers by number and by bytes, frames by bytes; what else comes
/// in is bounded by the work that it reports on.</summary>
internal sealed class InputQueue(NodeOptions options)
{
    /// <summary>Bytes of peers' frames that wait: eight peers with a full window of 8 MiB each. More is dropped, which the
    /// protocol survives like any loss.</summary>
    public const long FrameBytesMax = 64L << 20;

    /// <summary>Questions about the cluster that wait; nobody needs more answers than that a millisecond.</summary>
    public const int InquiriesMax = 256;

    // A plain object rather than a Lock: the pump waits on it.
    private readonly object _gate = new();
    private object[] _filling = new object[256];
    private object[] _taken = new object[256];
    private int _filled;
    private int _takenCount;
    private int _waiters;
    private long _heldBytes;
    private long _frameBytes;
    private int _inquiries;
    private bool _isClosed;
    private bool _isStopped;
    private bool _isPumpWaiting;

    /// <summary>Callers on this node and elsewhere whose requests are not finished.</summary>
    public int Waiters
    {
        get
        {
            lock (_gate)
            {
                return _waiters;
            }
        }
    }

    /// <summary>All that has a bound.</summary>
    public InputLoad Load
    {
        get
        {
            lock (_gate)
            {
                return new InputLoad(_waiters, _heldBytes, _frameBytes, _inquiries);
            }
        }
    }

    /// <summary>Takes a caller's write, unless there is a reason not to.</summary>
    public RefusalReason TryAdd(WriteWaiter write)
    {
        lock (_gate)
        {
            RefusalReason reason = Admit(1, write.HeldBytes);
            if (reason == RefusalReason.None)
            {
                Add(write);
            }

            return reason;
        }
    }

    /// <summary>Takes a caller's read, unless there is a reason not to.</summary>
    public RefusalReason TryAdd(ReadWaiter read)
    {
        lock (_gate)
        {
            RefusalReason reason = Admit(1, 0);
            if (reason == RefusalReason.None)
            {
                Add(read);
            }

            return reason;
        }
    }

    /// <summary>Takes another member's writes, which came in a frame of that length; where there is a reason not to, the pump
    /// refuses them.</summary>
    /// <returns>False where they were dropped: too many bytes wait.</returns>
    public bool TryAdd(ForwardRequest request, int frameBytes)
    {
        long bytes = 0;
        foreach (ForwardedCommand command in request.Commands)
        {
            bytes += command.Command.Length;
        }

        lock (_gate)
        {
            if (_frameBytes + frameBytes > FrameBytesMax)
            {
                return false;
            }

            _frameBytes += frameBytes;
            Add(new ForwardArrival(request, Admit(request.Commands.Count, bytes)));
            return true;
        }
    }

    /// <summary>Takes what came in a frame of that length.</summary>
    /// <returns>False where it was dropped: too many bytes wait.</returns>
    public bool TryAddFrame(object content, int frameBytes)
    {
        lock (_gate)
        {
            if (_frameBytes + frameBytes > FrameBytesMax)
            {
                return false;
            }

            _frameBytes += frameBytes;
            Add(content);
            return true;
        }
    }

    /// <summary>Takes an input that is bounded by what it reports on.</summary>
    public void AddEvent(object input)
    {
        lock (_gate)
        {
            Add(input);
        }
    }

    /// <summary>Takes a question, unless too many wait or nobody will answer any more.</summary>
    public bool TryAdd(ClusterInquiry inquiry) => TryAddQuestion(inquiry);

    /// <inheritdoc cref="TryAdd(ClusterInquiry)"/>
    public bool TryAdd(AdminInquiry inquiry) => TryAddQuestion(inquiry);

    /// <inheritdoc cref="TryAdd(ClusterInquiry)"/>
    public bool TryAdd(StateCapture capture) => TryAddQuestion(capture);

    /// <summary>Everything that came since the last call, valid until the next. Pump thread.</summary>
    public ReadOnlySpan<object> TakeAll()
    {
        Array.Clear(_taken, 0, _takenCount);
        lock (_gate)
        {
            (_taken, _filling) = (_filling, _taken);
            _takenCount = _filled;
            _filled = 0;
            _frameBytes = 0;
            _inquiries = 0;
        }

        return _taken.AsSpan(0, _takenCount);
    }

    /// <summary>So many callers wait no longer, and so many bytes of commands are held no longer.</summary>
    public void Release(int waiters, long heldBytes)
    {
        lock (_gate)
        {
            _waiters -= waiters;
            _heldBytes -= heldBytes;
        }
    }

    /// <summary>Waits for an input, the end, or the time to be over. Pump thread.</summary>
    /// <returns>True where there is input.</returns>
    public bool Wait(int timeoutMs)
    {
        lock (_gate)
        {
            if (_filled == 0 && !_isStopped && timeoutMs != 0)
            {
                _isPumpWaiting = true;
                Monitor.Wait(_gate, timeoutMs);
                _isPumpWaiting = false;
            }

            return _filled > 0;
        }
    }

    /// <summary>Refuses callers from now on.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
        }
    }

    /// <summary>Refuses callers, and ends every wait, now and later.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _isClosed = true;
            _isStopped = true;
            Monitor.PulseAll(_gate);
        }
    }

    private bool TryAddQuestion(object question)
    {
        lock (_gate)
        {
            if (_isStopped || _inquiries == InquiriesMax)
            {
                return false;
            }

            _inquiries++;
            Add(question);
            return true;
        }
    }

    private RefusalReason Admit(int waiters, long bytes)
    {
        if (_isClosed)
        {
            return RefusalReason.ShuttingDown;
        }

        if (_waiters + waiters > options.WaitersMax || _heldBytes + bytes > options.InputBytesMax)
        {
            return RefusalReason.Overloaded;
        }

        _waiters += waiters;
        _heldBytes += bytes;
        return RefusalReason.None;
    }

    private void Add(object input)
    {
        if (_filled == _filling.Length)
        {
            Array.Resize(ref _filling, _filling.Length * 2);
        }

        _filling[_filled++] = input;
        if (_isPumpWaiting)
        {
            // One wake-up is enough, however much comes before the pump runs.
            _isPumpWaiting = false;
            Monitor.Pulse(_gate);
        }
    }
}

/// <summary>What an <see cref="InputQueue"/> holds, and what it has let in.</summary>
/// <param name="Waiters">Callers whose requests are not finished.</param>
/// <param name="HeldBytes">Bytes of commands that are held for them.</param>
/// <param name="FrameBytes">Bytes of frames that wait for the pump.</param>
/// <param name="Inquiries">Questions that wait for the pump.</param>
internal readonly record struct InputLoad(int Waiters, long HeldBytes, long FrameBytes, int Inquiries);
