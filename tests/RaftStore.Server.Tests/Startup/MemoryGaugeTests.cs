using RaftStore.Server.Startup;

namespace RaftStore.Server.Tests.Startup;

public sealed class MemoryGaugeTests
{
    private const long Gibibyte = 1L << 30;

    /// <summary>Of 8 GiB, 7 are the upper threshold and 6 the lower one.</summary>
    private readonly MemoryGauge _gauge = new(8 * Gibibyte);
    private long _nowMs;

    [Fact]
    public void Reading_BelowTheUpperThreshold_IsEnoughMemory()
    {
        Look(0);
        Look((7 * Gibibyte) - 1);

        Assert.False(_gauge.IsLow);
    }

    [Fact]
    public void Reading_BetweenTheThresholds_ChangesNothing()
    {
        long between = (13 * Gibibyte) / 2;
        Look(between);
        Assert.False(_gauge.IsLow);

        Look(7 * Gibibyte);
        Assert.True(_gauge.IsLow);
        Look(between);
        Assert.True(_gauge.IsLow);
        Look(6 * Gibibyte);
        Assert.True(_gauge.IsLow);

        Look((6 * Gibibyte) - 1);
        Assert.False(_gauge.IsLow);
        Look(between);
        Assert.False(_gauge.IsLow);
    }

    [Theory]
    [InlineData(90, 60)]
    [InlineData(384, 256)]
    [InlineData(512, 384)]
    [InlineData(1024, 896)]
    [InlineData(16_384, 14_336)]
    public void UpperThreshold_OfALimit_LeavesRoomForWhatIsUnderWay(long limitMebibytes, long thresholdMebibytes)
    {
        MemoryGauge gauge = new(limitMebibytes << 20);
        gauge.Look((thresholdMebibytes << 20) - 1, 0);
        Assert.False(gauge.IsLow);

        gauge.Look(thresholdMebibytes << 20, 0);

        Assert.True(gauge.IsLow);
    }

    [Fact]
    public void Collection_WithEnoughMemory_IsNotAskedFor()
    {
        Assert.False(Look(0));
        Assert.False(Look((6 * Gibibyte) - 1));
    }

    [Fact]
    public void Collection_AsMemoryGetsShort_IsAskedForByGrowthAndThenByTime()
    {
        Look(Gibibyte);
        Assert.True(Look(6 * Gibibyte));
        Assert.False(Look((6 * Gibibyte) + (Gibibyte / 2) - 1));
        Assert.True(Look((6 * Gibibyte) + (Gibibyte / 2)));

        // What it finds to be garbage is growth again when it comes back.
        Assert.False(Look(5 * Gibibyte));
        Assert.True(Look((6 * Gibibyte) + 1));

        Assert.True(Look(7 * Gibibyte));
        Assert.False(Look((7 * Gibibyte) + (Gibibyte / 2)));
        _nowMs += 9_000;
        Assert.False(Look(7 * Gibibyte));
        _nowMs += 1_000;
        Assert.True(Look(7 * Gibibyte));
        Assert.False(Look(7 * Gibibyte));
    }

    private bool Look(long usedBytes) => _gauge.Look(usedBytes, _nowMs);
}
