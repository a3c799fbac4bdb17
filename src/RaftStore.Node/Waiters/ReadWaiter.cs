namespace RaftStore.Node.Waiters;

/// <summary>A caller who waits until this node's state is recent enough to be read.</summary>
internal sealed class ReadWaiter(WaiterPool<ReadWaiter> pool) : PooledCompletion<RefusalReason>
{
    /// <summary>The revision that must be applied here; 0 where the read waits for a confirmation instead.</summary>
    public long Revision { get; set; }

    /// <summary>Which of those that wait for the same revision it is: unique while it waits.</summary>
    public long RevisionOrder { get; set; }

    protected override void Recycle()
    {
        Revision = 0;
        pool.Return(this);
    }
}
