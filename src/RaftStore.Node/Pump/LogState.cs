using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node.Pump;

/// <summary>What the pump knows of its log on disk: which requests are on their way, how much space there is, how long syncs
/// take. Pump thread.</summary>
internal sealed class LogState(LogWriter writer, long reserveBytes)
{
    private readonly Queue<BatchToken> _underWay = new();
    private BatchToken _newest;
    private BatchToken _purgedAfter = new(long.MinValue);

    /// <summary>Bytes of the log since the last purge; 0 until the disk has answered for the first time.</summary>
    public long LengthBytes { get; private set; }

    /// <summary>False while new entries would eat into what is kept for votes.</summary>
    public bool HasSpace { get; private set; } = true;

    /// <summary>Durations of the last writes.</summary>
    public SyncTimes SyncTimes { get; } = new();

    /// <summary>Hands a request to the log's thread and returns at once.</summary>
    public void Write(PersistRequest request)
    {
        _underWay.Enqueue(request.Token);
        _newest = request.Token;
        writer.Enqueue(request);
    }

    /// <summary>The log's thread has finished a request and all before it: tells the core of each, in order.</summary>
    public void Finished(in LogCompletion completion, RaftNode core)
    {
        SyncTimes.Add(completion.SyncMicroseconds);
        HasSpace = completion.ReservedBytes >= reserveBytes;
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

    /// <summary>A durable snapshot covers everything up to <paramref name="index"/>.</summary>
    public void Purge(long index)
    {
        // What is on its way may be reported with the length from before the purge, and must not ask for another snapshot.
        _purgedAfter = _newest;
        LengthBytes = 0;
        writer.RequestPurge(index);
    }
}
