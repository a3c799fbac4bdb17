using System.Collections.Immutable;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node.Pump;

/// <summary>What the pump knows of its log on disk: which requests are on their way, how much space there is, how long syncs
/// take. Pump thread.</summary>
internal sealed class LogState
{
    /// <summary>A record's header with its padding, and the batch's own.</summary>
    private const int RecordOverheadBytes = 128;

    /// <summary>One large value that does not fit shall not keep many small ones out for longer than it must.</summary>
    private const long LackedBytesMax = 1 << 20;

    private readonly LogWriter _writer;
    private readonly long _reserveBytes;
    private readonly Queue<(BatchToken Token, long Bytes)> _underWay = new();
    private long _underWayBytes;
    private long _reservedBytes;
    private long _lackedBytes;
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

    /// <summary>False while the disk is full: new entries would eat into what is kept for votes, and nothing is under way that would
    /// change it.</summary>
    public bool HasSpace => MakesSpace || _reservedBytes >= _reserveBytes + _lackedBytes;

    /// <summary>True where nothing is on its way to the disk.</summary>
    public bool IsIdle => _underWay.Count == 0;

    /// <summary>What is on its way to the disk may take so many bytes of the log.</summary>
    public long UnderWayBytes => _underWayBytes;

    /// <summary>Durations of the last writes.</summary>
    public SyncTimes SyncTimes { get; } = new();

    /// <summary>True while the log's thread makes room: what does not fit yet can wait for it.</summary>
    public bool MakesSpace { get; private set; }

    /// <summary>True where so many bytes fit beside what is on its way, and leave what is kept for votes. What does not fit although
    /// there is space waits until the disk has answered.</summary>
    public bool HasSpaceFor(long bytes) => _reservedBytes - _underWayBytes - bytes >= _reserveBytes;

    /// <summary>How many of the first of these batches fit.</summary>
    public int CountThatFits(ImmutableArray<EntryBatch> batches)
    {
        if (!HasSpace)
        {
            return 0;
        }

        int count = 0;
        for (long cost = 0; count < batches.Length; count++)
        {
            cost += CostOf(batches[count].LengthBytes);
            if (!HasSpaceFor(count == 0 && IsIdle ? batches[0].LengthBytes : cost))
            {
                break;
            }
        }

        if (count == 0 && IsIdle)
        {
            Lacks(CostOf(batches[0].LengthBytes));
        }

        return count;
    }

    /// <summary>So many bytes did not fit though nothing was on its way: the disk is full, until they would.</summary>
    public void Lacks(long bytes) => _lackedBytes = Math.Max(_lackedBytes, Math.Min(bytes, LackedBytesMax));

    /// <summary>What a batch or command of that length may take of the log at most.</summary>
    /// <remarks>A record has a header, and where it does not fit into what is left of a segment, that much is lost: for small
    /// ones the reserve covers it, large ones count twice.</remarks>
    public static long CostOf(long bytes) => RecordOverheadBytes + (bytes > EntryBatch.SealBytes ? 2 * bytes : bytes);

    /// <summary>Hands a request to the log's thread and returns at once.</summary>
    public void Write(PersistRequest request)
    {
        long bytes = RecordOverheadBytes;
        foreach (EntryBatch batch in request.Batches)
        {
            bytes += CostOf(batch.LengthBytes);
        }

        _underWay.Enqueue((request.Token, bytes));
        _underWayBytes += bytes;
        _newest = request.Token;
        _writer.Enqueue(request);
    }

    /// <summary>The log's thread has finished a request and all before it: tells the core of each, in order.</summary>
    public void Finished(in LogCompletion completion, RaftNode core)
    {
        if (completion.SyncMicroseconds > 0)
        {
            // 0 where nothing was written, and only the space has changed.
            SyncTimes.Add(completion.SyncMicroseconds);
        }

        Reserved(completion.ReservedBytes, completion.MakesSpace);
        if (completion.Token.Value > _purgedAfter.Value)
        {
            LengthBytes = completion.LogBytes;
        }

        while (_underWay.TryPeek(out (BatchToken Token, long Bytes) first) && first.Token.Value <= completion.Token.Value)
        {
            _underWay.Dequeue();
            _underWayBytes -= first.Bytes;
            core.Persisted(first.Token);
        }
    }

    /// <summary>Looks whether there is space again: a node that refuses every write is told nothing by its log.</summary>
    public void LookAtSpace() => Reserved(_writer.ReservedBytes, _writer.MakesSpace);

    /// <summary>A durable snapshot covers everything up to <paramref name="index"/>.</summary>
    public void Purge(long index)
    {
        // What is on its way may be reported with the length from before the purge, and must not ask for another snapshot.
        _purgedAfter = _newest;
        LengthBytes = 0;
        _writer.RequestPurge(index);
    }

    private void Reserved(long bytes, bool makesSpace)
    {
        _reservedBytes = bytes;
        MakesSpace = makesSpace;
        _lackedBytes = HasSpace ? 0 : _lackedBytes;
    }
}
