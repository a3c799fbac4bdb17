using RaftStore.Node.Pump;
using RaftStore.Node.Waiters;
using RaftStore.Raft;

namespace RaftStore.Node.Tests.Pump;

public sealed class InputQueueTests
{
    private readonly InputQueue _queue = new(new NodeOptions
    {
        Cluster = new ClusterId(1),
        Raft = new RaftOptions { Id = new NodeId(1), Seed = 1 },
        WaitersMax = 2,
        InputBytesMax = 100,
    });

    [Fact]
    public void TakeAll_AfterInputs_GivesThemInOrderOnce()
    {
        object[] inputs = [.. Enumerable.Range(0, 1000).Select(i => (object)i)];
        foreach (object input in inputs)
        {
            _queue.AddEvent(input);
        }

        Assert.Equal(inputs, _queue.TakeAll().ToArray());
        Assert.Equal(0, _queue.TakeAll().Length);
    }

    [Fact]
    public void TryAdd_AfterRelease_HasRoomAgain()
    {
        Assert.Equal(RefusalReason.None, _queue.TryAdd(Write(60)));
        Assert.Equal(RefusalReason.Overloaded, _queue.TryAdd(Write(60)));
        Assert.Equal(RefusalReason.None, _queue.TryAdd(Write(40)));
        Assert.Equal(RefusalReason.Overloaded, _queue.TryAdd(new ReadWaiter(new WaiterPool<ReadWaiter>(pool => new ReadWaiter(pool)))));

        // Taking alone makes no room: a write without a leader waits on, with its bytes.
        Assert.Equal(2, _queue.TakeAll().Length);
        Assert.Equal(RefusalReason.Overloaded, _queue.TryAdd(Write(1)));

        _queue.Release(1, 60);
        Assert.Equal(RefusalReason.None, _queue.TryAdd(Write(60)));
        Assert.Equal(2, _queue.Waiters);
    }

    [Fact]
    public void TryAddFrame_BeyondTheBytes_IsDroppedUntilThePumpHasTakenTheRest()
    {
        Assert.True(_queue.TryAddFrame("first", 40 << 20));
        Assert.False(_queue.TryAddFrame("second", 40 << 20));
        _queue.TakeAll();
        Assert.True(_queue.TryAddFrame("third", 40 << 20));
    }

    [Fact]
    public async Task Wait_InputComes_Ends()
    {
        Task<bool> waiting = Task.Factory.StartNew(() => _queue.Wait(60_000), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _queue.AddEvent("input");

        Assert.True(await waiting.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task Wait_Stopped_EndsNowAndLater()
    {
        Task<bool> waiting = Task.Factory.StartNew(() => _queue.Wait(60_000), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _queue.Stop();

        Assert.False(await waiting.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.False(_queue.Wait(60_000));
        Assert.Equal(RefusalReason.ShuttingDown, _queue.TryAdd(Write(1)));
    }

    [Fact]
    public void TryAdd_MoreQuestionsThanAnybodyNeeds_IsRefused()
    {
        int taken = 0;
        while (_queue.TryAdd(new ClusterInquiry(new TaskCompletionSource<ClusterView>(TaskCreationOptions.RunContinuationsAsynchronously), 0)))
        {
            taken++;
        }

        Assert.Equal(256, taken);
    }

    private static WriteWaiter Write(int bytes) => new(new WaiterPool<WriteWaiter>(pool => new WriteWaiter(pool))) { HeldBytes = bytes };
}
