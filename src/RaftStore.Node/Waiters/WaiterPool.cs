using System.Collections.Concurrent;

namespace RaftStore.Node.Waiters;

/// <summary>Waiters to be used again. Any thread.</summary>
/// <param name="make">Makes one for this pool.</param>
internal sealed class WaiterPool<T>(Func<WaiterPool<T>, T> make)
    where T : class
{
    /// <summary>More than that many callers at once are an exception, and their waiters go to the garbage collector.</summary>
    private const int KeptMax = 4096;

    private readonly ConcurrentQueue<T> _kept = new();
    private int _count;

    public T Rent()
    {
        if (_kept.TryDequeue(out T? waiter))
        {
            Interlocked.Decrement(ref _count);
            return waiter;
        }

        return make(this);
    }

    public void Return(T waiter)
    {
        if (Volatile.Read(ref _count) < KeptMax)
        {
            Interlocked.Increment(ref _count);
            _kept.Enqueue(waiter);
        }
    }
}
