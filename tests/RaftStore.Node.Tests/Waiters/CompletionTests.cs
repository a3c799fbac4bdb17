using RaftStore.Node.Waiters;

namespace RaftStore.Node.Tests.Waiters;

public sealed class CompletionTests
{
    private readonly WaiterPool<ReadWaiter> _pool = new(pool => new ReadWaiter(pool));
    private readonly CompletionBatch _batch = new();

    [Fact]
    public async Task Await_CompletedBefore_GoesOnAtOnce()
    {
        ReadWaiter waiter = _pool.Rent();
        ValueTask<RefusalReason> task = waiter.Task;
        _batch.Add(waiter, RefusalReason.NoLeader);

        Assert.True(task.IsCompleted);
        Assert.Equal(RefusalReason.NoLeader, await task);
    }

    [Fact]
    public async Task Dispatch_ManyWaiters_RunsTheirContinuationsInFewWorkItemsOffThePumpThread()
    {
        const int count = 130;
        int pumpThread = Environment.CurrentManagedThreadId;
        CountdownEvent left = new(count);
        HashSet<int> threads = [];
        for (int i = 0; i < count; i++)
        {
            ReadWaiter waiter = _pool.Rent();
            ValueTask<RefusalReason> task = waiter.Task;
            task.GetAwaiter().UnsafeOnCompleted(() =>
            {
                Assert.Equal(RefusalReason.None, task.GetAwaiter().GetResult());
                lock (threads)
                {
                    threads.Add(Environment.CurrentManagedThreadId);
                }

                left.Signal();
            });
            _batch.Add(waiter, RefusalReason.None);
        }

        _batch.Dispatch();

        Assert.True(left.Wait(TimeSpan.FromSeconds(20)));
        Assert.DoesNotContain(pumpThread, threads);
        Assert.Equal(3, _batch.RunsDispatched);
        await Task.CompletedTask;
    }

    [Fact]
    public void GetResult_Twice_IsRefused()
    {
        ReadWaiter waiter = _pool.Rent();
        ValueTask<RefusalReason> task = waiter.Task;
        _batch.Add(waiter, RefusalReason.None);
        Assert.Equal(RefusalReason.None, ResultOf(task));

        Assert.Throws<InvalidOperationException>(() => ResultOf(task));
    }

    [Fact]
    public void Rent_AfterTheResultWasTaken_GivesTheSameObjectForAnotherCaller()
    {
        ReadWaiter first = _pool.Rent();
        ValueTask<RefusalReason> task = first.Task;
        _batch.Add(first, RefusalReason.None);
        _ = ResultOf(task);

        ReadWaiter second = _pool.Rent();

        Assert.Same(first, second);
        Assert.False(second.Task.IsCompleted);
    }

    [Fact]
    public async Task Await_WhileItIsCompletedOnAnotherThread_NeverLosesAContinuationNorAResult()
    {
        for (int round = 0; round < 20_000; round++)
        {
            ReadWaiter waiter = _pool.Rent();
            RefusalReason expected = (RefusalReason)(round % 6);
            Task completing = Task.Run(() =>
            {
                CompletionBatch batch = new();
                batch.Add(waiter, expected);
                batch.Dispatch();
            });
            Assert.Equal(expected, await waiter.Task);
            await completing;
        }
    }

    [Fact]
    public async Task Await_ThatFlowsItsContext_FindsItAgain()
    {
        AsyncLocal<string> local = new() { Value = "mine" };
        ReadWaiter waiter = _pool.Rent();
        ValueTask<RefusalReason> task = waiter.Task;
        TaskCompletionSource<string?> seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
        task.GetAwaiter().OnCompleted(() => seen.SetResult(local.Value));
        _batch.Add(waiter, RefusalReason.None);
        _batch.Dispatch();

        Assert.Equal("mine", await seen.Task.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    private static RefusalReason ResultOf(ValueTask<RefusalReason> task) => task.GetAwaiter().GetResult();
}
