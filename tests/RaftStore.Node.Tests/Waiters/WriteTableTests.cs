using RaftStore.Node.Waiters;

namespace RaftStore.Node.Tests.Waiters;

public sealed class WriteTableTests
{
    private readonly WaiterPool<WriteWaiter> _pool = new(pool => new WriteWaiter(pool));

    [Fact]
    public void Find_SeveralOfOneKey_FindsEachUntilAllAreRemoved()
    {
        WriteTable table = new();
        WriteWaiter first = _pool.Rent();
        WriteWaiter second = _pool.Rent();
        table.Add(5, first);
        table.Add(5, second);

        HashSet<WriteWaiter> found = [];
        while (table.Find(5) is WriteWaiter write)
        {
            table.Remove(write);
            found.Add(write);
        }

        Assert.Equal([first, second], found);
        Assert.Equal(0, table.Count);
    }

    [Fact]
    public void AddAndRemove_AtRandom_FindsWhatADictionaryWould()
    {
        Random random = new(3);
        WriteTable table = new();
        Dictionary<long, WriteWaiter> naive = [];
        for (int round = 0; round < 20_000; round++)
        {
            long key = random.NextInt64(0, 6000);
            if (naive.Remove(key, out WriteWaiter? held))
            {
                Assert.Same(held, table.Find(key));
                table.Remove(held);
                Assert.Null(table.Find(key));
            }
            else
            {
                WriteWaiter added = new(_pool);
                naive.Add(key, added);
                table.Add(key, added);
            }
        }

        Assert.Equal(naive.Count, table.Count);
        Assert.All(naive, pair => Assert.Same(pair.Value, table.Find(pair.Key)));
    }

    [Fact]
    public void First_AfterRemovals_IsTheOldestLeft()
    {
        WriteTable table = new();
        WriteWaiter[] writes = [_pool.Rent(), _pool.Rent(), _pool.Rent()];
        for (int i = 0; i < writes.Length; i++)
        {
            table.Add(100 - i, writes[i]);
        }

        table.Remove(writes[0]);

        Assert.Same(writes[1], table.First);
    }
}
