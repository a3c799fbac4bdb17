using System.Runtime.CompilerServices;

namespace RaftStore.Simulation;

/// <summary>What is going to happen, in order of virtual time; events of one time in an order that is drawn, so that a run
/// does not owe its luck to the order in which they were planned.</summary>
public sealed class EventHeap
{
    /// <summary>Four children to a node: half as deep as a heap of two, and the four lie beside each other.</summary>
    private const int Children = 4;

    private readonly RandomStream _tieBreaks;

    // What happens lies apart from when: what is moved about in the heap holds no references, and the collector need not be told of it.
    private Planned[] _heap = new Planned[64];
    private Action?[] _happenings = new Action?[64];
    private int[] _freePlaces = new int[64];
    private int _placesUsed;
    private long _sequence;

    /// <summary>An empty heap at time 0.</summary>
    public EventHeap(ulong seed) => _tieBreaks = new RandomStream(seed, "order of events");

    /// <summary>Virtual time in microseconds.</summary>
    public long NowUs { get; private set; }

    /// <summary>Virtual time in milliseconds.</summary>
    public long NowMs => NowUs / 1000;

    /// <summary>How many events are planned.</summary>
    public int Count { get; private set; }

    /// <summary>Plans an event, at the earliest now.</summary>
    public void At(long timeUs, Action happen)
    {
        if (Count == _heap.Length)
        {
            Array.Resize(ref _heap, 2 * Count);
            Array.Resize(ref _happenings, 2 * Count);
            Array.Resize(ref _freePlaces, 2 * Count);
        }

        int happening = Count < _placesUsed ? _freePlaces[_placesUsed - Count - 1] : _placesUsed++;
        _happenings[happening] = happen;
        Planned planned = new(Math.Max(timeUs, NowUs), _tieBreaks.NextBits(), ++_sequence, happening);
        int place = Count++;
        while (place > 0 && planned.IsBefore(_heap[(place - 1) / Children]))
        {
            _heap[place] = _heap[(place - 1) / Children];
            place = (place - 1) / Children;
        }

        _heap[place] = planned;
    }

    /// <summary>Plans an event <paramref name="delayUs"/> from now.</summary>
    public void After(long delayUs, Action happen) => At(NowUs + delayUs, happen);

    /// <summary>Goes to the next event's time and lets it happen.</summary>
    /// <returns>False where nothing is planned.</returns>
    public bool Step()
    {
        if (Count == 0)
        {
            return false;
        }

        Planned next = _heap[0];
        RemoveFirst();
        NowUs = next.TimeUs;
        Action happen = _happenings[next.Happening]!;
        _happenings[next.Happening] = null;
        _freePlaces[_placesUsed - Count - 1] = next.Happening;
        happen();
        return true;
    }

    private void RemoveFirst()
    {
        Planned last = _heap[--Count];
        _heap[Count] = default;
        int place = 0;
        for (int child = 1; child < Count; child = (place * Children) + 1)
        {
            int end = Math.Min(child + Children, Count);
            int least = child;
            for (int other = child + 1; other < end; other++)
            {
                least = _heap[other].IsBefore(_heap[least]) ? other : least;
            }

            if (!_heap[least].IsBefore(last))
            {
                break;
            }

            _heap[place] = _heap[least];
            place = least;
        }

        if (Count > 0)
        {
            _heap[place] = last;
        }
    }

    private readonly record struct Planned(long TimeUs, ulong TieBreak, long Sequence, int Happening)
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool IsBefore(in Planned other)
        {
            if (TimeUs != other.TimeUs)
            {
                return TimeUs < other.TimeUs;
            }

            return TieBreak != other.TieBreak ? TieBreak < other.TieBreak : Sequence < other.Sequence;
        }
    }
}
