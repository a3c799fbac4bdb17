using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>What the log writer tells the pump.</summary>
/// <param name="Token">The newest request that is durable; every earlier one is too.</param>
/// <param name="ReservedBytes">Bytes that can be written without asking the file system for more space.</param>
/// <param name="MakesSpace">True while a spare segment is being made: there will be more space, and nobody has to do anything for it.</param>
/// <param name="LogBytes">Bytes of the log since the last purge.</param>
/// <param name="SyncMicroseconds">How long the write and the sync took; 0 where nothing was written and only the space has changed.</param>
public readonly record struct LogCompletion(BatchToken Token, long ReservedBytes, bool MakesSpace, long LogBytes, long SyncMicroseconds);

/// <summary>Group commit: takes whatever is queued, writes it, syncs once, reports once. The queue is bounded by what the core
/// lets be unapplied. <see cref="Enqueue"/> and <see cref="RequestPurge"/> from any thread, <see cref="RunOnce"/> from one: a
/// thread of its own in production, the simulator's in a simulation.</summary>
public sealed class LogWriter
{
    /// <summary>Bytes queued at most. The core refuses proposals beyond 64 MiB that are not applied, and a follower is sent no more than
    /// its leader's window; this is far above both, so that only a bug can reach it.</summary>
    private const long QueuedBytesMax = 1L << 30;

    /// <summary>How long to wait after the disk was full before trying again to make a spare segment, in microseconds: freeing space takes an
    /// operator, and each attempt fills the disk to the brim once more.</summary>
    private const long SpareRetryMicroseconds = 1_000_000;

    private readonly WriteAheadLog _log;
    private readonly Func<long> _microseconds;
    private readonly object _gate = new();
    private List<PersistRequest> _queue = [];
    private List<PersistRequest> _taken = [];
    private long _queuedBytes;
    private long _wantedPurgeIndex;
    private long _readyPurgeIndex;
    private bool _stopped;
    private int _waiting;
    private long _spareNotBefore = long.MinValue;
    private bool _wantsSpare;
    private bool _isDiskFull;
    private bool _makesSpace;
    private BatchToken _lastToken;
    private long _reservedBytes;
    private long _logBytes;

    /// <summary>Writes to <paramref name="log"/>; <paramref name="microseconds"/> is a monotonic clock.</summary>
    public LogWriter(WriteAheadLog log, Func<long> microseconds)
    {
        _log = log;
        _microseconds = microseconds;
        _reservedBytes = log.ReservedBytes;
        _logBytes = log.LengthBytes;
        _makesSpace = _wantsSpare = log.WantsSpare;
    }

    /// <summary>True where <see cref="RunOnce"/> has something to do. Any thread.</summary>
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

    /// <summary>As in the last completion, or as the log was opened. Any thread.</summary>
    public long ReservedBytes => Volatile.Read(ref _reservedBytes);

    /// <summary>As in the last completion, or as the log was opened. Any thread.</summary>
    public bool MakesSpace => Volatile.Read(ref _makesSpace);

    /// <summary>As in the last completion, or as the log was opened. Any thread.</summary>
    public long LogBytes => Volatile.Read(ref _logBytes);

    private bool HasWorkLocked => _queue.Count > 0 || _wantedPurgeIndex > 0 || _readyPurgeIndex > 0 || (_wantsSpare && _microseconds() >= _spareNotBefore);

    /// <summary>Queues a request and wakes whoever is in <see cref="WaitForWork"/>.</summary>
    public void Enqueue(PersistRequest request)
    {
        long bytes = 0;
        foreach (EntryBatch batch in request.Batches)
        {
            bytes += batch.LengthBytes;
        }

        lock (_gate)
        {
            _queuedBytes += bytes;
            Invariant.Check(_queuedBytes <= QueuedBytesMax, $"{_queuedBytes} bytes wait for the log writer, above {QueuedBytesMax}");
            _queue.Add(request);
            WakeLocked();
        }
    }

    /// <summary>Asks for entries up to <paramref name="index"/> to be purged, once everything that was queued before is written: those entries may be among
    /// it, and replace others.</summary>
    public void RequestPurge(long index)
    {
        lock (_gate)
        {
            _wantedPurgeIndex = Math.Max(_wantedPurgeIndex, index);
            WakeLocked();
        }
    }

    /// <summary>Blocks until there is work, the writer was stopped, or the time is over.</summary>
    /// <returns>True where there is work.</returns>
    public bool WaitForWork(int timeoutMs)
    {
        lock (_gate)
        {
            if (!HasWorkLocked && !_stopped)
            {
                _waiting++;
                Monitor.Wait(_gate, timeoutMs);
                _waiting--;
            }

            return HasWorkLocked;
        }
    }

    /// <summary>Ends every wait, now and later.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _stopped = true;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Writes and syncs what was queued when it began. With nothing queued it does the next piece of housekeeping instead.</summary>
    /// <returns>Null where there was nothing to write and nothing to say. Where housekeeping has changed how much space there is, a
    /// completion with the token of the last one: whoever waits for space would otherwise never hear of it.</returns>
    /// <exception cref="StorageIoException">A write or a sync failed: the node must stop (exit code 4).</exception>
    public LogCompletion? RunOnce()
    {
        _log.CheckUsable();
        long purgeIndex;
        lock (_gate)
        {
            (_queue, _taken) = (_taken, _queue);
            _queuedBytes = 0;

            // What is taken now is written before the next run, and what was taken before is.
            purgeIndex = _taken.Count == 0 ? Math.Max(_readyPurgeIndex, _wantedPurgeIndex) : _readyPurgeIndex;
            _readyPurgeIndex = _taken.Count == 0 ? 0 : _wantedPurgeIndex;
            _wantedPurgeIndex = 0;
        }

        if (purgeIndex > 0)
        {
            _log.Purge(purgeIndex);
        }

        // Made between two writes, and never between a sync and its report.
        if (_taken.Count == 0 ? _log.WantsSpare : _log.IsSpareLate)
        {
            PrepareSpare();
        }

        long start = _microseconds();
        bool wrote = _taken.Count > 0;
        if (wrote)
        {
            WriteTaken();
        }

        bool changed = Publish();
        return wrote || changed ? new LogCompletion(_lastToken, ReservedBytes, MakesSpace, LogBytes, wrote ? _microseconds() - start : 0) : null;
    }

    private void WriteTaken()
    {
        foreach (PersistRequest request in _taken)
        {
            _log.Append(request);
        }

        _log.Sync();
        _lastToken = _taken[^1].Token;
        _taken.Clear();
    }

    private void PrepareSpare()
    {
        long now = _microseconds();
        if (now >= _spareNotBefore && !_log.PrepareSpare())
        {
            _isDiskFull = true;
            _spareNotBefore = now + SpareRetryMicroseconds;
        }
    }

    /// <returns>True where length, space or the prospect of more have changed.</returns>
    private bool Publish()
    {
        long reservedBytes = _log.ReservedBytes;

        // What the next run purges is covered by a snapshot, and must not ask for another.
        long logBytes = _readyPurgeIndex > 0 ? 0 : _log.LengthBytes;
        bool wantsSpare = _log.WantsSpare;

        // A first slice says little about the last one: the disk has room again when there is a whole segment, built or left by a purge.
        _isDiskFull &= wantsSpare;
        bool makesSpace = wantsSpare && !_isDiskFull;
        bool changed = reservedBytes != _reservedBytes || logBytes != _logBytes || makesSpace != _makesSpace;
        Volatile.Write(ref _reservedBytes, reservedBytes);
        Volatile.Write(ref _logBytes, logBytes);
        Volatile.Write(ref _makesSpace, makesSpace);
        lock (_gate)
        {
            _wantsSpare = wantsSpare;
        }

        return changed;
    }

    private void WakeLocked()
    {
        if (_waiting > 0)
        {
            Monitor.Pulse(_gate);
        }
    }
}
