namespace RaftStore.Raft;

/// <summary>The AppendEntries messages on the way to one follower, oldest first. It never holds more than
/// <see cref="RaftOptions.InflightMessagesMax"/> messages or <see cref="RaftOptions.InflightBytesMax"/> bytes, but for a single
/// batch larger than that.</summary>
internal sealed class InflightWindow(RaftOptions options)
{
    private readonly Queue<(long LastIndex, long Bytes)> _messages = new();

    /// <summary>Unanswered bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>Unanswered messages.</summary>
    public int Count => _messages.Count;

    /// <summary>How many bytes one more message may have; 0 or less where none may leave. An empty window lets a message of any
    /// size through.</summary>
    public long BytesFree => Count >= options.InflightMessagesMax ? 0 : options.InflightBytesMax - Bytes;

    /// <summary>A message with entries up to <paramref name="lastIndex"/> leaves.</summary>
    public void Add(long lastIndex, long bytes)
    {
        _messages.Enqueue((lastIndex, bytes));
        Bytes += bytes;
    }

    /// <summary>Everything up to <paramref name="matchIndex"/> is acknowledged.</summary>
    public void FreeTo(long matchIndex)
    {
        while (_messages.TryPeek(out (long LastIndex, long Bytes) first) && first.LastIndex <= matchIndex)
        {
            Bytes -= _messages.Dequeue().Bytes;
        }
    }

    /// <summary>What was on the way counts as lost.</summary>
    public void Clear()
    {
        _messages.Clear();
        Bytes = 0;
    }
}
