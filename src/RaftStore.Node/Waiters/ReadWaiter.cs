namespace RaftStore.Node.Waiters;

/// <summary>A caller who waits until this node's state is recent enough to be read.</summary>
internal sealed class ReadWaiter(WaiterPool<ReadWaiter> pool) : PooledCompletion<RefusalReason>
{
    protected override void Recycle() => pool.Return(this);
}
