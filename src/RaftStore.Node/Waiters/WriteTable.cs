using RaftStore.Raft;

namespace RaftStore.Node.Waiters;

/// <summary>Writes under way, found by a number (an entry's index or a request's id) and kept in the order in which they came.
/// One number may stand for several writes: an entry that was replaced and its successor have one index. Pump thread.</summary>
internal sealed class WriteTable
{
    private const int SlotsMin = 1024;

    private readonly WaiterList<WriteWaiter> _inOrder = new();
    private WriteWaiter?[] _slots = new WriteWaiter?[SlotsMin];

    public int Count => _inOrder.Count;

    /// <summary>The write that has been here longest.</summary>
    public WriteWaiter? First => _inOrder.First;

    public void Add(long key, WriteWaiter waiter)
    {
        if (Count == _slots.Length)
        {
            Grow();
        }

        waiter.Key = key;
        _inOrder.Add(waiter);
        Link(waiter);
    }

    /// <summary>A write with that number, or null.</summary>
    public WriteWaiter? Find(long key)
    {
        WriteWaiter? waiter = _slots[SlotOf(key)];
        while (waiter is not null && waiter.Key != key)
        {
            waiter = waiter.TableNext;
        }

        return waiter;
    }

    public void Remove(WriteWaiter waiter)
    {
        _inOrder.Remove(waiter);
        ref WriteWaiter? slot = ref _slots[SlotOf(waiter.Key)];
        if (ReferenceEquals(slot, waiter))
        {
            slot = waiter.TableNext;
        }
        else
        {
            WriteWaiter? before = slot;
            while (before is not null && !ReferenceEquals(before.TableNext, waiter))
            {
                before = before.TableNext;
            }

            Invariant.Check(before is not null, $"the write {waiter.Key} is not in the table of {Count + 1}");
            before.TableNext = waiter.TableNext;
        }

        waiter.TableNext = null;
    }

    private int SlotOf(long key) => (int)(key & (_slots.Length - 1));

    private void Link(WriteWaiter waiter)
    {
        ref WriteWaiter? slot = ref _slots[SlotOf(waiter.Key)];
        waiter.TableNext = slot;
        slot = waiter;
    }

    private void Grow()
    {
        _slots = new WriteWaiter?[_slots.Length * 2];
        for (WriteWaiter? waiter = _inOrder.First; waiter is not null; waiter = WaiterList<WriteWaiter>.After(waiter))
        {
            Link(waiter);
        }
    }
}
