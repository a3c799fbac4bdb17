using RaftStore.Raft;

namespace RaftStore.Node.Waiters;

/// <summary>Deadlines of everybody who waits, in slots of 16 ms: adding and removing cost a few assignments whatever their
/// number. Nobody is woken early; late by one slot and one tick of the pump at most. Pump thread.</summary>
internal sealed class DeadlineWheel
{
    /// <summary>Milliseconds of a slot, as a power of two.</summary>
    private const int SlotShift = 4;

    /// <summary>512 slots go round in 8 s, longer than the ordinary request timeout; a later deadline is looked at once a round.</summary>
    private const int SlotCount = 512;

    private readonly Waiter?[] _first = new Waiter?[SlotCount];
    private readonly Waiter?[] _last = new Waiter?[SlotCount];
    private long _slotNumber;

    /// <summary>An empty wheel at <paramref name="nowMs"/>.</summary>
    public DeadlineWheel(long nowMs) => _slotNumber = nowMs >> SlotShift;

    public int Count { get; private set; }

    public void Add(Waiter waiter)
    {
        Invariant.Check(waiter.WheelSlot < 0, $"a waiter stands in slot {waiter.WheelSlot} already");
        int slot = (int)(Math.Max(waiter.DeadlineMs >> SlotShift, _slotNumber) & (SlotCount - 1));
        waiter.WheelSlot = slot;
        waiter.WheelPrevious = _last[slot];
        if (_last[slot] is Waiter last)
        {
            last.WheelNext = waiter;
        }
        else
        {
            _first[slot] = waiter;
        }

        _last[slot] = waiter;
        Count++;
    }

    /// <summary>Takes a waiter out, where it stands in the wheel.</summary>
    public void Remove(Waiter waiter)
    {
        int slot = waiter.WheelSlot;
        if (slot < 0)
        {
            return;
        }

        if (waiter.WheelPrevious is Waiter previous)
        {
            previous.WheelNext = waiter.WheelNext;
        }
        else
        {
            _first[slot] = waiter.WheelNext;
        }

        if (waiter.WheelNext is Waiter next)
        {
            next.WheelPrevious = waiter.WheelPrevious;
        }
        else
        {
            _last[slot] = waiter.WheelPrevious;
        }

        waiter.WheelSlot = -1;
        waiter.WheelNext = null;
        waiter.WheelPrevious = null;
        Count--;
    }

    /// <summary>Takes out everybody whose deadline is not after <paramref name="nowMs"/>.</summary>
    public void Advance(long nowMs, List<Waiter> due)
    {
        long slotNumber = nowMs >> SlotShift;
        if (slotNumber < _slotNumber || Count == 0)
        {
            _slotNumber = Math.Max(_slotNumber, slotNumber);
            return;
        }

        // The slot of the last call is looked at again: what stands in it may have had some milliseconds left.
        long steps = Math.Min(slotNumber - _slotNumber, SlotCount - 1);
        for (long step = 0; step <= steps; step++)
        {
            TakeDue((int)((_slotNumber + step) & (SlotCount - 1)), nowMs, due);
        }

        _slotNumber = slotNumber;
    }

    private void TakeDue(int slot, long nowMs, List<Waiter> due)
    {
        for (Waiter? waiter = _first[slot]; waiter is not null;)
        {
            Waiter? next = waiter.WheelNext;
            if (waiter.DeadlineMs <= nowMs)
            {
                Remove(waiter);
                due.Add(waiter);
            }

            waiter = next;
        }
    }
}
