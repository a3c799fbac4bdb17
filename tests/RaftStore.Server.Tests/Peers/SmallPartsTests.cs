using System.Net;
using RaftStore.Server.Peers;

namespace RaftStore.Server.Tests.Peers;

public sealed class SmallPartsTests
{
    [Fact]
    public void RedialDelay_Undrawn_DoublesUpToTheLongestAndStartsAnew()
    {
        RedialDelay delay = new(minMs: 50, maxMs: 1000, draw: () => 0);

        Assert.Equal([50, 100, 200, 400, 800, 1000, 1000], Enumerable.Range(0, 7).Select(_ => delay.Next()));
        delay.Reset();
        Assert.Equal(50, delay.Next());
    }

    [Fact]
    public void RedialDelay_AnyDraw_IsAtLeastHalfAndAtMostTheWholeTime()
    {
        Random random = new(1);
        RedialDelay delay = new(minMs: 50, maxMs: 1000, random.NextDouble);
        int wholeMs = 50;
        for (int i = 0; i < 20; i++)
        {
            Assert.InRange(delay.Next(), wholeMs / 2, wholeMs);
            wholeMs = Math.Min(1000, 2 * wholeMs);
        }
    }

    [Fact]
    public void LogGate_ManyLines_PassesOneInAWhileAndCountsTheRest()
    {
        LogGate gate = new(intervalMs: 1000);

        Assert.True(gate.TryPass(nowMs: 5, out int held));
        Assert.Equal(0, held);
        Assert.False(gate.TryPass(nowMs: 6, out _));
        Assert.False(gate.TryPass(nowMs: 1004, out _));
        Assert.True(gate.TryPass(nowMs: 1005, out held));
        Assert.Equal(2, held);
    }

    [Theory]
    [InlineData("127.0.0.1:7501", "127.0.0.1", 7501)]
    [InlineData("[::1]:7501", "::1", 7501)]
    [InlineData("node-1.example:1", "node-1.example", 1)]
    public void PeerAddress_WellFormed_IsRead(string text, string host, int port)
    {
        PeerAddress address = PeerAddress.Parse(text);

        Assert.Equal(new PeerAddress(host, port), address);
        Assert.Equal(text, address.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("localhost")]
    [InlineData(":7501")]
    [InlineData("h:")]
    [InlineData("h:65536")]
    [InlineData("h:-1")]
    [InlineData("h: 1")]
    public void PeerAddress_Malformed_IsRefused(string text) => Assert.Throws<FormatException>(() => PeerAddress.Parse(text));

    [Fact]
    public void PeerAddress_Name_IsResolved() => Assert.True(IPAddress.IsLoopback(PeerAddress.Parse("localhost:1").Resolve().Address));
}
