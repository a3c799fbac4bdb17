using System.Diagnostics.CodeAnalysis;

namespace RaftStore.Kv.Versions;

/// <summary>The versions that were made since the dropped revision, in the order of their revisions, and within one revision in
/// the order of their keys. Retention eats it from its old end.</summary>
/// <remarks>A chain of small chunks and not one growing array: a busy history has tens of millions of events, and doubling an
/// array of that size would stop the applying thread for tens of milliseconds.</remarks>
internal sealed class EventLog
{
    private const int ChunkEvents = 1024;

    private Chunk _first;
    private Chunk _last;
    private int _firstPosition;
    private int _lastCount;

    internal EventLog()
    {
        _first = new Chunk();
        _last = _first;
    }

    /// <summary>How many events there are.</summary>
    internal long Count { get; private set; }

    internal void Append(KeyVersion version)
    {
        if (_lastCount == ChunkEvents)
        {
            _last.Next = new Chunk();
            _last = _last.Next;
            _lastCount = 0;
        }

        _last.Versions[_lastCount++] = version;
        Count++;
    }

    /// <summary>The oldest event.</summary>
    /// <returns>False where there is none.</returns>
    internal bool TryPeek([NotNullWhen(true)] out KeyVersion? oldest)
    {
        oldest = Count > 0 ? _first.Versions[_firstPosition] : null;
        return oldest is not null;
    }

    /// <summary>Takes the oldest event away; there must be one.</summary>
    internal void RemoveFirst()
    {
        // The slot is cleared so that the event's value can be collected before its whole chunk has gone.
        _first.Versions[_firstPosition++] = null;
        Count--;
        if (_firstPosition < ChunkEvents)
        {
            return;
        }

        _firstPosition = 0;
        if (_first.Next is null)
        {
            _lastCount = 0;
        }
        else
        {
            _first = _first.Next;
        }
    }

    private sealed class Chunk
    {
        internal KeyVersion?[] Versions { get; } = new KeyVersion?[ChunkEvents];

        internal Chunk? Next { get; set; }
    }
}
