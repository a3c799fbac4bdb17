namespace RaftStore.Simulation;

/// <summary>What is going to happen, in order of virtual time; events of one time in an order that is drawn, so that a run
/// does not owe its luck to the order in which they were planned.</summary>
public sealed class EventHeap
{
    private readonly PriorityQueue<Action, (long TimeUs, ulong TieBreak, long Sequence)> _events = new();
    private readonly RandomStream _tieBreaks;
    private long _sequence;

    /// <summary>An empty heap at time 0.</summary>
    public EventHeap(ulong seed) => _tieBreaks = new RandomStream(seed, "order of events");

    /// <summary>Virtual time in microseconds.</summary>
    public long NowUs { get; private set; }

    /// <summary>Virtual time in milliseconds.</summary>
    public long NowMs => NowUs / 1000;

    /// <summary>How many events are planned.</summary>
    public int Count => _events.Count;

    /// <summary>Plans an event, at the earliest now.</summary>
    public void At(long timeUs, Action happen)
    {
        _sequence++;
        _events.Enqueue(happen, (Math.Max(timeUs, NowUs), _tieBreaks.NextBits(), _sequence));
    }

    /// <summary>Plans an event <paramref name="delayUs"/> from now.</summary>
    public void After(long delayUs, Action happen) => At(NowUs + delayUs, happen);

    /// <summary>Goes to the next event's time and lets it happen.</summary>
    /// <returns>False where nothing is planned.</returns>
    public bool Step()
    {
        if (!_events.TryDequeue(out Action? happen, out (long TimeUs, ulong TieBreak, long Sequence) order))
        {
            return false;
        }

        NowUs = order.TimeUs;
        happen();
        return true;
    }
}
