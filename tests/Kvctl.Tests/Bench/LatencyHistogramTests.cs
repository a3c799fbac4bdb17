using RaftStore.Kvctl.Bench;

namespace RaftStore.Kvctl.Tests.Bench;

public sealed class LatencyHistogramTests
{
    public static TheoryData<string> Shapes => ["uniform", "exponential", "two humps", "one value", "small", "every size"];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Percentile_AnyShape_IsWithinOnePercentAboveTheExactOne(string shape)
    {
        var random = new Random(11);
        long[] values = [.. Enumerable.Range(0, 20_000).Select(i => Draw(shape, random, i))];
        var histogram = new LatencyHistogram();
        Array.ForEach(values, histogram.Record);
        Array.Sort(values);

        foreach (double percent in new[] { 0, 0.1, 1, 25, 50, 75, 90, 99, 99.9, 99.99, 100 })
        {
            long exact = values[Math.Max(0, (int)Math.Ceiling(values.Length * (percent / 100)) - 1)];
            Assert.InRange(histogram.Percentile(percent), exact, exact + (exact / 100));
        }

        Assert.Equal(values[^1], histogram.Max);
        Assert.Equal(values[^1], histogram.Percentile(100));
        Assert.Equal(values.Length, histogram.Count);
    }

    [Fact]
    public void Record_EdgesOfEveryBucket_StayInOrder()
    {
        for (int bit = 0; bit < 42; bit++)
        {
            foreach (long value in new[] { (1L << bit) - 1, 1L << bit, (1L << bit) + 1 })
            {
                var histogram = new LatencyHistogram();
                histogram.Record(value);
                histogram.Record(1L << 41);

                Assert.InRange(histogram.Percentile(50), value, value + Math.Max(0, value / 100));
            }
        }
    }

    [Fact]
    public void Record_BeyondTheRange_IsCountedAtItsEnd()
    {
        var histogram = new LatencyHistogram();
        histogram.Record(long.MaxValue);
        histogram.Record(-5);

        Assert.Equal((2L, 0L), (histogram.Count, histogram.Percentile(50)));
        Assert.Equal((1L << 42) - 1, histogram.Max);
    }

    [Fact]
    public void Percentile_OfNothing_IsZero() => Assert.Equal(0, new LatencyHistogram().Percentile(99));

    [Fact]
    public void Add_TwoHistograms_AreAsOne()
    {
        var random = new Random(12);
        var one = new LatencyHistogram();
        var parts = new[] { new LatencyHistogram(), new LatencyHistogram() };
        for (int i = 0; i < 5000; i++)
        {
            long value = random.NextInt64(1_000_000_000);
            one.Record(value);
            parts[i % 2].Record(value);
        }

        parts[0].Add(parts[1]);

        Assert.Equal((one.Count, one.Max), (parts[0].Count, parts[0].Max));
        Assert.All(Enumerable.Range(0, 101), percent => Assert.Equal(one.Percentile(percent), parts[0].Percentile(percent)));
    }

    private static long Draw(string shape, Random random, int i) => shape switch
    {
        "uniform" => random.NextInt64(10_000_000),
        "exponential" => (long)(-Math.Log(1 - random.NextDouble()) * 500_000),
        "two humps" => random.Next(100) < 99 ? random.NextInt64(200_000, 300_000) : random.NextInt64(50_000_000, 90_000_000),
        "one value" => 123_456_789,
        "small" => random.NextInt64(300),
        "every size" => 1L << (i % 42),
        _ => throw new ArgumentException(shape),
    };
}
