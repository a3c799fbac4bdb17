namespace RaftStore.Node.Tests;

public sealed class NodeClockTests
{
    [Fact]
    public void NowMs_NobodyTouchedIt_IsTheMachines()
    {
        NodeClock clock = new();
        long before = NodeClock.SystemMs;
        long now = clock.NowMs;
        Assert.InRange(now, before, NodeClock.SystemMs);
    }

    [Fact]
    public void NowMs_FactorChanges_GoesOnFromWhereItWas()
    {
        NodeClock clock = new();
        long last = clock.NowMs;
        foreach (double factor in new[] { 10, 0.1, 3.5, 1, 0.1, 10 })
        {
            clock.Factor = factor;
            long now = clock.NowMs;
            Assert.True(now >= last, $"the clock went back from {last} to {now} with factor {factor}");
            last = now;
            Assert.Equal(factor, clock.Factor);
        }
    }

    [Fact]
    public void NowMs_TenTimesAsFast_PassesTenTimesAsMuch()
    {
        NodeClock clock = new();
        clock.Factor = 10;
        (long from, long fromSystem) = (clock.NowMs, NodeClock.SystemMs);
        SpinWait.SpinUntil(() => NodeClock.SystemMs - fromSystem >= 50);
        long passed = clock.NowMs - from;

        // However late this thread comes, the two clocks are read one after the other.
        Assert.InRange(passed, 490, 10 * (NodeClock.SystemMs - fromSystem + 1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.09)]
    [InlineData(10.1)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    public void Factor_OutOfBounds_Refused(double factor) => Assert.Throws<ArgumentOutOfRangeException>(() => new NodeClock().Factor = factor);
}
