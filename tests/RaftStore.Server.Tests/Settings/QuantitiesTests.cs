using RaftStore.Server.Settings;

namespace RaftStore.Server.Tests.Settings;

public sealed class QuantitiesTests
{
    [Theory]
    [InlineData("0ms", 0)]
    [InlineData("100ms", 100)]
    [InlineData("007s", 7000)]
    [InlineData("2m", 120_000)]
    [InlineData("1h", 3_600_000)]
    public void Duration_WellFormed_IsMilliseconds(string text, long expected)
    {
        Assert.True(Quantities.TryParseDuration(text, out long milliseconds));
        Assert.Equal(expected, milliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ms")]
    [InlineData("1")]
    [InlineData("1 s")]
    [InlineData(" 1s")]
    [InlineData("1S")]
    [InlineData("1s ")]
    [InlineData("+1s")]
    [InlineData("-1s")]
    [InlineData("1.0s")]
    [InlineData("1us")]
    [InlineData("9223372036854775807s")]
    [InlineData("٣s")]
    public void Duration_AnythingElse_IsRefused(string text) => Assert.False(Quantities.TryParseDuration(text, out _));

    [Theory]
    [InlineData("0", 0)]
    [InlineData("17", 17)]
    [InlineData("17B", 17)]
    [InlineData("3KiB", 3072)]
    [InlineData("1MiB", 1 << 20)]
    [InlineData("2GiB", 2L << 30)]
    [InlineData("1TiB", 1L << 40)]
    public void Size_WellFormed_IsBytes(string text, long expected)
    {
        Assert.True(Quantities.TryParseSize(text, out long bytes));
        Assert.Equal(expected, bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("KiB")]
    [InlineData("1kb")]
    [InlineData("1K")]
    [InlineData("1MB")]
    [InlineData("-1")]
    [InlineData("1 MiB")]
    [InlineData("9223372036854775807KiB")]
    public void Size_AnythingElse_IsRefused(string text) => Assert.False(Quantities.TryParseSize(text, out _));

    [Theory]
    [InlineData("127.0.0.1:7500", "127.0.0.1", 7500, true, true)]
    [InlineData("LocalHost:1", "localhost", 1, true, true)]
    [InlineData("[::1]:7500", "::1", 7500, true, true)]
    [InlineData("[::]:0", "::", 0, false, true)]
    [InlineData("0.0.0.0:65535", "0.0.0.0", 65535, false, true)]
    [InlineData("node-1.example:80", "node-1.example", 80, false, false)]
    public void HostPort_WellFormed_IsTakenApart(string text, string host, int port, bool loopback, bool bindable)
    {
        Assert.True(HostPort.TryParse(text, out HostPort parsed));
        Assert.Equal((host, port, loopback, bindable), (parsed.Host, parsed.Port, parsed.IsLoopback, parsed.IsBindable));
        Assert.Equal(text.ToLowerInvariant(), parsed.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("host")]
    [InlineData(":1")]
    [InlineData("host:")]
    [InlineData("host:65536")]
    [InlineData("host:-1")]
    [InlineData("host:1x")]
    [InlineData("::1:7500")]
    [InlineData("[::1:7500")]
    [InlineData("[x]:7500")]
    [InlineData("a b:1")]
    [InlineData("a/b:1")]
    public void HostPort_AnythingElse_IsRefused(string text) => Assert.False(HostPort.TryParse(text, out _));
}
