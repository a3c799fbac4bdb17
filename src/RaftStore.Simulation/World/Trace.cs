using System.Globalization;

namespace RaftStore.Simulation;

/// <summary>What happened in a run: a hash over everything, equal for equal runs in any process, and the last lines of its story
/// for the message of a failure.</summary>
public sealed class Trace
{
    private const int LinesMax = 120;

    private readonly EventHeap _events;
    private readonly Queue<string> _lines = new();
    private readonly Action<string>? _listener;
    private ulong _hash = 14695981039346656037UL;

    /// <summary>An empty trace; <paramref name="listener"/> gets each line of the story as it happens.</summary>
    public Trace(EventHeap events, Action<string>? listener)
    {
        _events = events;
        _listener = listener;
    }

    /// <summary>Sixteen hexadecimal digits over everything noted so far.</summary>
    public string Hash => _hash.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>The story's last lines.</summary>
    public IReadOnlyCollection<string> LastLines => _lines;

    /// <summary>Adds a fact to the hash.</summary>
    public void Note(long fact)
    {
        // FNV-1a, eight bytes at a time.
        unchecked
        {
            _hash = (_hash ^ (ulong)_events.NowUs) * 1099511628211UL;
            _hash = (_hash ^ (ulong)fact) * 1099511628211UL;
        }
    }

    /// <summary>Adds a line to the story, and to the hash.</summary>
    public void Tell(string line)
    {
        foreach (char letter in line)
        {
            Note(letter);
        }

        string timed = string.Create(CultureInfo.InvariantCulture, $"{_events.NowUs / 1000.0,10:F3} ms  {line}");
        _listener?.Invoke(timed);
        _lines.Enqueue(timed);
        if (_lines.Count > LinesMax)
        {
            _lines.Dequeue();
        }
    }
}
