using RaftStore.Node.Waiters;

namespace RaftStore.Node.Tests.Waiters;

public sealed class DeadlineWheelTests
{
    [Fact]
    public void Advance_OneMillisecondBefore_WakesNobody()
    {
        DeadlineWheel wheel = new(1000);
        wheel.Add(Waiter(1017));

        Assert.Empty(Advance(wheel, 1016));
        Assert.Single(Advance(wheel, 1017));
        Assert.Equal(0, wheel.Count);
    }

    [Fact]
    public void Advance_DeadlineAlreadyPast_WakesAtTheNextCall()
    {
        DeadlineWheel wheel = new(1000);
        wheel.Add(Waiter(3));

        Assert.Single(Advance(wheel, 1000));
    }

    [Fact]
    public void Advance_DeadlineManyRoundsAway_WaitsForItsRound()
    {
        DeadlineWheel wheel = new(0);
        wheel.Add(Waiter(100_000));

        for (long now = 0; now < 100_000; now += 777)
        {
            Assert.Empty(Advance(wheel, now));
        }

        Assert.Single(Advance(wheel, 100_001));
    }

    [Fact]
    public void Advance_AfterALongPause_WakesEverybodyDue()
    {
        DeadlineWheel wheel = new(0);
        for (int i = 0; i < 1000; i++)
        {
            wheel.Add(Waiter(i * 50));
        }

        Assert.Equal(1000, Advance(wheel, 1_000_000).Count);
    }

    [Fact]
    public void Advance_RandomDeadlines_WakesExactlyWhoANaiveListWould()
    {
        Random random = new(11);
        DeadlineWheel wheel = new(0);
        List<Waiter> naive = [];
        long now = 0;
        for (int round = 0; round < 5000; round++)
        {
            if (random.Next(3) > 0)
            {
                Waiter added = Waiter(now + random.Next(-20, 20_000));
                wheel.Add(added);
                naive.Add(added);
            }

            if (naive.Count > 0 && random.Next(4) == 0)
            {
                Waiter removed = naive[random.Next(naive.Count)];
                naive.Remove(removed);
                wheel.Remove(removed);
            }

            now += random.Next(40);
            HashSet<Waiter> due = [.. Advance(wheel, now)];
            Assert.Equal([.. naive.Where(waiter => waiter.DeadlineMs <= now)], due);
            naive.RemoveAll(due.Contains);
            Assert.Equal(naive.Count, wheel.Count);
        }
    }

    [Fact]
    public void Remove_OfOneThatIsNotThere_ChangesNothing()
    {
        DeadlineWheel wheel = new(0);
        Waiter waiter = Waiter(5);
        wheel.Remove(waiter);
        wheel.Add(waiter);
        wheel.Remove(waiter);
        wheel.Remove(waiter);

        Assert.Empty(Advance(wheel, 100));
    }

    private static List<Waiter> Advance(DeadlineWheel wheel, long nowMs)
    {
        List<Waiter> due = [];
        wheel.Advance(nowMs, due);
        return due;
    }

    private static ReadWaiter Waiter(long deadlineMs) => new(new WaiterPool<ReadWaiter>(pool => new ReadWaiter(pool))) { DeadlineMs = deadlineMs };
}
