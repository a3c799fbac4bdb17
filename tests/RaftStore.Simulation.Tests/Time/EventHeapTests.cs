namespace RaftStore.Simulation.Tests.Time;

public sealed class EventHeapTests
{
    private readonly EventHeap _heap = new(seed: 5);

    [Fact]
    public void Events_PlannedInAnyOrder_HappenInOrderOfTheirTime()
    {
        RandomStream random = new(9, "times");
        List<long> happened = [];
        for (int i = 0; i < 5000; i++)
        {
            long atUs = random.Between(0, 1000);
            _heap.At(atUs, () => happened.Add(atUs));
        }

        Assert.Equal(5000, _heap.Count);
        while (_heap.Step())
        {
            Assert.Equal(happened[^1], _heap.NowUs);
        }

        Assert.Equal(happened.Order(), happened);
        Assert.Equal(5000, happened.Count);
        Assert.Equal(0, _heap.Count);
    }

    [Fact]
    public void Event_PlannedWhileAnotherHappens_HappensAfterItAndNotBefore()
    {
        List<string> happened = [];
        _heap.At(10, () =>
        {
            happened.Add("first");
            _heap.At(3, () => happened.Add("late"));
            _heap.After(5, () => happened.Add("last"));
        });
        _heap.At(12, () => happened.Add("between"));
        while (_heap.Step())
        {
        }

        Assert.Equal(["first", "late", "between", "last"], happened);
        Assert.Equal(15, _heap.NowUs);
    }

    [Fact]
    public void EventsOfOneTime_HappenInAnOrderThatTheSeedDraws()
    {
        HashSet<string> orders = [];
        for (ulong seed = 0; seed < 50; seed++)
        {
            Assert.Equal(OrderOf(seed), OrderOf(seed));
            orders.Add(OrderOf(seed));
        }

        Assert.Equal(6, orders.Count);
    }

    private static string OrderOf(ulong seed)
    {
        EventHeap heap = new(seed);
        List<string> happened = [];
        heap.At(1, () => happened.Add("a"));
        heap.At(1, () => happened.Add("b"));
        heap.At(1, () => happened.Add("c"));
        while (heap.Step())
        {
        }

        return string.Concat(happened);
    }
}
