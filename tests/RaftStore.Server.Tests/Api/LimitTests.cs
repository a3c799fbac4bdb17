using System.Globalization;
using System.Net.Sockets;
using System.Text;
using RaftStore.Server.Http;
using RaftStore.Server.Tests.Support;

namespace RaftStore.Server.Tests.Api;

[Collection(OneNodeCollection.Name)]
public sealed class LimitTests(OneNode node)
{
    private const int HundredMebibytes = 100 << 20;

    [Fact]
    public async Task Body_AnnouncedTooLong_Is413ToAClientThatSendsAllOfItFirst()
    {
        RawAnswer answer = await SendHugeAsync($"Content-Length: {HundredMebibytes}\r\n", chunked: false);

        ProblemAssert.Is(ProblemType.ValueTooLarge, answer, isWrite: true);
        Assert.Equal(404, (int)(await node.Client.GetAsync("/v1/kv/huge")).StatusCode);
    }

    [Fact]
    public async Task Body_ChunkedTooLong_Is413ToAClientThatSendsAllOfItFirst()
    {
        RawAnswer answer = await SendHugeAsync("Transfer-Encoding: chunked\r\n", chunked: true);

        ProblemAssert.Is(ProblemType.ValueTooLarge, answer, isWrite: true);
        Assert.Equal(404, (int)(await node.Client.GetAsync("/v1/kv/huge")).StatusCode);
    }

    [Fact]
    public async Task Body_OneByteTooLong_Is413AndTheConnectionGoesOn()
    {
        using HttpResponseMessage answer = await node.Client.PutAsync("/v1/kv/over", new ByteArrayContent(new byte[OneNode.ValueBytesMax + 1]));

        Assert.Contains($"{OneNode.ValueBytesMax}", await ProblemAssert.IsAsync(ProblemType.ValueTooLarge, answer), StringComparison.Ordinal);
        await node.PutAsync("over", "fits");
    }

    [Fact]
    public async Task Body_ExpectContinue_Is413WithoutSendingIt()
    {
        RawAnswer answer = await node.RawAsync($"PUT /v1/kv/expect HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: {HundredMebibytes}\r\n\r\n");

        ProblemAssert.Is(ProblemType.ValueTooLarge, answer, isWrite: true);
    }

    [Fact]
    public async Task Body_CutShort_StoresNothing()
    {
        using (TcpClient client = new())
        {
            await client.ConnectAsync(node.BaseAddress.Host, node.BaseAddress.Port);
            await client.GetStream().WriteAsync("PUT /v1/kv/cut HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nonly this"u8.ToArray());
        }

        Assert.Equal(404, (int)(await node.Client.GetAsync("/v1/kv/cut")).StatusCode);
    }

    [Fact]
    public async Task Body_MalformedChunk_Is400()
    {
        RawAnswer answer = await node.RawAsync("PUT /v1/kv/chunk HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", []);

        ProblemAssert.Is(ProblemType.InvalidRequest, answer, isWrite: true);
    }

    [Fact]
    public async Task Body_LengthAndChunksBoth_Is400()
    {
        RawAnswer answer = await node.RawAsync("PUT /v1/kv/smuggle HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");

        ProblemAssert.Is(ProblemType.InvalidRequest, answer, isWrite: true);
        Assert.Equal(404, (int)(await node.Client.GetAsync("/v1/kv/smuggle")).StatusCode);
    }

    [Theory]
    [InlineData("GET", "/v1/kv/body")]
    [InlineData("DELETE", "/v1/kv/body")]
    [InlineData("DELETE", "/v1/kv?prefix=body")]
    [InlineData("GET", "/v1/kv?prefix=body")]
    public async Task Body_WhereNoneIsTaken_Is400(string method, string target)
    {
        RawAnswer answer = await node.RawAsync($"{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{{}}");

        ProblemAssert.Is(ProblemType.InvalidRequest, answer, isWrite: method == "DELETE");
    }

    [Fact]
    public async Task Headers_TooLong_Are431()
    {
        RawAnswer one = await node.RawAsync($"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: {new string('x', 33 << 10)}\r\n\r\n");
        RawAnswer many = await node.RawAsync($"GET /livez HTTP/1.1\r\nHost: localhost\r\n{string.Concat(Enumerable.Range(0, 120).Select(number => $"X{number}: y\r\n"))}\r\n");

        Assert.Equal((431, 0), (one.Status, one.Body.Length));
        Assert.Equal((431, 0), (many.Status, many.Body.Length));
    }

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("LOCALHOST:7400", true)]
    [InlineData("127.0.0.1:1", true)]
    [InlineData("127.3.2.1", true)]
    [InlineData("[::1]:7400", true)]
    [InlineData("store.example", true)]
    [InlineData("Store.Example:80", true)]
    [InlineData("evil.example", false)]
    [InlineData("localhost.evil.example", false)]
    [InlineData("store.example.evil", false)]
    [InlineData("10.0.0.1", false)]
    [InlineData("", false)]
    public async Task Host_IsHeldAgainstTheList(string host, bool allowed)
    {
        RawAnswer answer = await node.RawAsync($"PUT /v1/kv/host HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx");

        if (allowed)
        {
            Assert.Equal(200, answer.Status);
        }
        else
        {
            ProblemAssert.Is(ProblemType.HostNotAllowed, answer, isWrite: true);
        }
    }

    [Fact]
    public async Task Host_MissingOrTwice_Is400()
    {
        Assert.Equal(400, (await node.RawAsync("GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n")).Status);
        Assert.Equal(400, (await node.RawAsync("GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n")).Status);
        ProblemAssert.Is(ProblemType.HostNotAllowed, await node.RawAsync("GET /livez HTTP/1.0\r\n\r\n"), isWrite: false);
    }

    [Fact]
    public async Task Garbage_OnThePort_ChangesNothing()
    {
        long before = await RevisionAsync();
        Random random = new(42);
        for (int i = 0; i < 20; i++)
        {
            byte[] garbage = new byte[random.Next(1, 5000)];
            random.NextBytes(garbage);
            using TcpClient client = new();
            await client.ConnectAsync(node.BaseAddress.Host, node.BaseAddress.Port);
            await client.GetStream().WriteAsync(garbage);
        }

        Assert.Equal(before, await RevisionAsync());
    }

    [Fact]
    public async Task NoCors_NoAnswerAllowsAnotherOrigin()
    {
        using HttpResponseMessage answer = await node.SendAsync(HttpMethod.Options, "/v1/kv/x", ("Origin", "http://evil.example"), ("Access-Control-Request-Method", "PUT"));

        await ProblemAssert.IsAsync(ProblemType.MethodNotAllowed, answer);
        Assert.DoesNotContain(answer.Headers, header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
    }

    private async Task<long> RevisionAsync() => long.Parse((await node.Client.GetAsync("/v1/status")).Headers.GetValues("RaftStore-Revision").Single(), CultureInfo.InvariantCulture);

    private async Task<RawAnswer> SendHugeAsync(string lengthHeader, bool chunked)
    {
        using TcpClient client = new();
        await client.ConnectAsync(node.BaseAddress.Host, node.BaseAddress.Port);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"PUT /v1/kv/huge HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lengthHeader}\r\n"));
        byte[] piece = new byte[1 << 20];
        for (int sent = 0; sent < HundredMebibytes; sent += piece.Length)
        {
            if (chunked)
            {
                await stream.WriteAsync("100000\r\n"u8.ToArray());
            }

            await stream.WriteAsync(piece);
            if (chunked)
            {
                await stream.WriteAsync("\r\n"u8.ToArray());
            }
        }

        if (chunked)
        {
            await stream.WriteAsync("0\r\n\r\n"u8.ToArray());
        }

        MemoryStream received = new();
        await stream.CopyToAsync(received);
        return RawHttp.Parse(received.ToArray());
    }
}
