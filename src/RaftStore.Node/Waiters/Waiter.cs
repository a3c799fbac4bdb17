namespace RaftStore.Node.Waiters;

/// <summary>Somebody who waits for the pump until a deadline. It carries its own links, so that lists, the table of writes and
/// the deadline wheel allocate nothing for it. Owned by the pump from the moment it is taken from the input queue until it is
/// finished.</summary>
internal abstract class Waiter
{
    /// <summary>When it waits no longer, on the pump's clock in milliseconds.</summary>
    public long DeadlineMs { get; set; }

    /// <summary>The slot of the wheel it stands in; -1 for none.</summary>
    public int WheelSlot { get; set; } = -1;

    public Waiter? WheelNext { get; set; }

    public Waiter? WheelPrevious { get; set; }

    /// <summary>The <see cref="WaiterList{T}"/> it stands in, or null.</summary>
    public object? List { get; set; }

    public Waiter? ListNext { get; set; }

    public Waiter? ListPrevious { get; set; }
}
