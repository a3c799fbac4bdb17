using RaftStore.Node.Pump;

namespace RaftStore.Node.Tests.Pump;

public sealed class SyncTimesTests
{
    [Fact]
    public void Summarise_Nothing_IsZero() => Assert.Equal(default, new SyncTimes().Summarise(0));

    [Fact]
    public void Summarise_OneHundred_GivesTheNearestRanks()
    {
        SyncTimes times = new();
        for (int i = 100; i >= 1; i--)
        {
            times.Add(i);
        }

        Assert.Equal(new SyncLatency(50, 99, 100), times.Summarise(0));
    }

    [Fact]
    public void Summarise_MoreThanItKeeps_ForgetsTheOldest()
    {
        SyncTimes times = new();
        times.Add(1_000_000);
        for (int i = 0; i < 1024; i++)
        {
            times.Add(7);
        }

        Assert.Equal(new SyncLatency(7, 7, 7), times.Summarise(0));
    }

    [Fact]
    public void Summarise_SoonAgain_GivesTheSame()
    {
        SyncTimes times = new();
        times.Add(5);
        SyncLatency first = times.Summarise(1000);
        times.Add(9);

        Assert.Equal(first, times.Summarise(1499));
        Assert.Equal(9, times.Summarise(1500).MaxMicroseconds);
    }
}
