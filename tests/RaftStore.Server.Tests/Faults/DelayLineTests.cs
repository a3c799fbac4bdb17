using RaftStore.Node;
using RaftStore.Server.Faults;

namespace RaftStore.Server.Tests.Faults;

public sealed class DelayLineTests
{
    [Fact]
    public void TryAdd_SameDelay_HappensInOrderAndNotBeforeItsTime()
    {
        using DelayLine line = new();
        long from = NodeClock.SystemMs;
        List<(int Number, long AfterMs)> happened = [];
        for (int number = 0; number < 100; number++)
        {
            int mine = number;
            Assert.True(line.TryAdd(30, 1, () =>
            {
                lock (happened)
                {
                    happened.Add((mine, NodeClock.SystemMs - from));
                }
            }));
        }

        Eventually.True(() => Count(happened) == 100, "all of them happen");
        Assert.Equal(Enumerable.Range(0, 100), happened.Select(one => one.Number));
        Assert.All(happened, one => Assert.True(one.AfterMs >= 30, $"after {one.AfterMs} ms"));
    }

    [Fact]
    public void TryAdd_ShorterDelayLater_OvertakesTheLonger()
    {
        using DelayLine line = new();
        List<string> happened = [];
        Assert.True(line.TryAdd(60_000, 1, () => Add(happened, "late")));
        Assert.True(line.TryAdd(0, 1, () => Add(happened, "soon")));

        Eventually.True(() => Count(happened) == 1, "one happens");
        Assert.Equal(["soon"], happened);
    }

    [Fact]
    public void TryAdd_MoreThanItHolds_IsRefused()
    {
        using DelayLine line = new();

        Assert.True(line.TryAdd(60_000, (int)DelayLine.BytesMax, () => { }));
        Assert.False(line.TryAdd(0, 1, () => { }));
    }

    [Fact]
    public void TryAdd_AllThatItHolds_MakesRoomByHappening()
    {
        using DelayLine line = new();
        using ManualResetEventSlim first = new();
        Assert.True(line.TryAdd(0, (int)DelayLine.BytesMax, first.Set));

        Eventually.True(() => line.TryAdd(0, (int)DelayLine.BytesMax, () => { }), "there is room again");
        Eventually.True(() => first.IsSet, "it has happened");
    }

    [Fact]
    public void Dispose_SomethingWaits_ItNeverHappens()
    {
        DelayLine line = new();
        bool happened = false;
        line.TryAdd(60_000, 1, () => happened = true);

        line.Dispose();

        Assert.False(line.TryAdd(0, 1, () => happened = true));
        Assert.False(happened);
    }

    private static void Add(List<string> list, string word)
    {
        lock (list)
        {
            list.Add(word);
        }
    }

    private static int Count<T>(List<T> list)
    {
        lock (list)
        {
            return list.Count;
        }
    }
}
