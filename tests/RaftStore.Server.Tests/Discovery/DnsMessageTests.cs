using System.Net;
using RaftStore.Server.Discovery;

namespace RaftStore.Server.Tests.Discovery;

public sealed class DnsMessageTests
{
    [Fact]
    public void Question_ForAName_HasTheBytesOfTheStandard()
    {
        byte[] question = DnsMessage.Ask(0x1234, "db.example.", DnsMessage.TypeAaaa);

        Assert.Equal("12340100000100000000000102646207" + "6578616D706C6500001C0001" + "000029" + "04D0" + "000000000000", Convert.ToHexString(question));
    }

    [Fact]
    public void Answer_WithAnAliasAndTwoAddresses_GivesTheAddresses()
    {
        Assert.True(DnsMessage.TryRead(Sample, 0x1234, DnsMessage.TypeA, out DnsAnswer answer));

        Assert.Equal(["127.0.0.1", "127.0.0.2"], answer.Addresses.Select(address => address.ToString()));
        Assert.Equal((0, false), (answer.Code, answer.IsTruncated));
    }

    [Fact]
    public void Answer_ToAnotherQuestion_IsNone()
    {
        Assert.False(DnsMessage.TryRead(Sample, 0x1235, DnsMessage.TypeA, out _));
        Assert.False(DnsMessage.TryRead(Sample, 0x1234, DnsMessage.TypeAaaa, out _));
        Assert.False(DnsMessage.TryRead(DnsMessage.Ask(0x1234, "db.example", DnsMessage.TypeA), 0x1234, DnsMessage.TypeA, out _));
    }

    [Fact]
    public void Answer_CutAtEveryByteOrDamaged_NeverThrows()
    {
        for (int cut = 0; cut < Sample.Length; cut++)
        {
            Assert.False(DnsMessage.TryRead(Sample.AsSpan(0, cut), 0x1234, DnsMessage.TypeA, out _), $"cut at {cut}");
        }

        Random random = new(7);
        for (int round = 0; round < 20_000; round++)
        {
            byte[] damaged = (byte[])Sample.Clone();
            for (int flips = random.Next(1, 5); flips > 0; flips--)
            {
                damaged[random.Next(2, damaged.Length)] = (byte)random.Next(256);
            }

            bool isRead = DnsMessage.TryRead(damaged, 0x1234, DnsMessage.TypeA, out DnsAnswer answer);
            Assert.True(!isRead || answer.Addresses.Count <= damaged.Length / 10);
        }
    }

    [Theory]
    [InlineData("db", true)]
    [InlineData("db.example.", true)]
    [InlineData("", false)]
    [InlineData("a..b", false)]
    [InlineData("täglich", false)]
    public void Name_ByItsLabels_CanBeAskedForOrNot(string name, bool isName) => Assert.Equal(isName, DnsMessage.IsName(name));

    [Fact]
    public void Resolver_AtARealSocket_GetsBothKindsAndSaysWhyThereIsNone()
    {
        using DnsResponder server = new();
        server.Show("db.example", "127.0.0.1", "127.0.0.2", "::1");
        DnsServerResolver resolver = new(server.EndPoint);

        Assert.Equal(["127.0.0.1", "127.0.0.2", "::1"], resolver.Resolve("db.example").Select(address => address.ToString()));
        Assert.Contains("knows no address of other.example", Assert.ThrowsAny<System.Net.Sockets.SocketException>(() => resolver.Resolve("other.example")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Resolver_WhereNobodyAnswers_SaysSo()
    {
        DnsServerResolver resolver = new(new IPEndPoint(IPAddress.Loopback, 9));

        Assert.Contains("127.0.0.1:9", Assert.ThrowsAny<System.Net.Sockets.SocketException>(() => resolver.Resolve("db.example")).Message, StringComparison.Ordinal);
    }

    // db.example is an alias of n.example, which has two addresses; names by pointers.
    private static readonly byte[] Sample = Convert.FromHexString(
        "123481800001000300000000" + "0264620765" + "78616D706C6500" + "00010001"
        + "C00C00050001000000050004" + "016EC00F"
        + "C02800010001000000050004" + "7F000001"
        + "C02800010001000000050004" + "7F000002");
}
