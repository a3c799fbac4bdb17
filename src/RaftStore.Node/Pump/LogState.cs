using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node.Pump;

/// <summary>What the pump knows of its log on disk: which requests are on their way, how much space there is, how long syncs
/// take. Pump thread.</summary>
internal sealed class LogState
{
    private readonly LogWriter _writer;
    private readonly long _reserveBytes;
    private readonly Queue<BatchToken> _underWay = new();
    private BatchToken _newest = new(long.MinValue);
    private BatchToken _purgedAfter = new(long.MinValue);

    public LogState(LogWriter writer, long reserveBytes)
    {
        _writer = writer;
        _reserveBytes = reserveBytes;
        LengthBytes = writer.LogBytes;
        LookAtSpace();
    }

    /// <summary>Bytes of the log since the last purge.</summary>
    public long LengthBytes { get; private set; }

    /// <summary>False while new entries would eat into what is kept for votes.</summary>
    public bool HasSpace { get; private set; }

    /// <summary>Durations of the last writes.</summary>
    public SyncTimes SyncTimes { get; } = new();

    /// <summary>Hands a request to the log's thread and returns at once.</summary>
    public void Write(PersistRequest request)
    {
        _underWay.Enqueue(request.Token);
        _newest = request.Token;
        _writer.Enqueue(request);
    }

    /// <summary>The log's thread has finished a request and all before it: tells the core of each, in order.</summary>
    public void Finished(in LogCompletion completion, RaftNode core)
    {
        SyncTimes.Add(completion.SyncMicroseconds);
        HasSpace = completion.ReservedBytes >= _reserveBytes;
        if (completion.Token.Value > _purgedAfter.Value)
        {
            LengthBytes = completion.LogBytes;
        }

        while (_underWay.TryPeek(out BatchToken token) && token.Value <= completion.Token.Value)
        {
            _underWay.Dequeue();
            core.Persisted(token);
        }
    }

    /// <summary>Looks whether there is space again: a node that refuses every write is told nothing by its log.</summary>
    public void LookAtSpace() => HasSpace = _writer.ReservedBytes >= _reserveBytes;

    /// <summary>A durable snapshot covers everything up to <paramref name="index"/>.</summary>
    public void Purge(long index)
    {
        // What is on its way may be reported with the length from before the purge, and must not ask for another snapshot.
        _purgedAfter = _newest;
        LengthBytes = 0;
        _writer.RequestPurge(index);
    }
}
