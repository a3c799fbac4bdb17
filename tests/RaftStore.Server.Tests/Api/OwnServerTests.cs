using System.Net;
using System.Net.Sockets;
using System.Text;
using RaftStore.Server.Http;
using RaftStore.Server.Tests.Support;

namespace RaftStore.Server.Tests.Api;

/// <summary>Settings that need a server of their own.</summary>
public sealed class OwnServerTests
{
    [Fact]
    public async Task RateLimit_Exceeded_Is429ButProbesGoOn()
    {
        await using TestServer server = await TestServer.StartReadyAsync(("rate-limit", "3"));

        HttpResponseMessage? limited = null;
        await TestServer.UntilAsync(
            async () =>
            {
                HttpResponseMessage[] answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => server.Client.PutAsync("/v1/kv/x", new StringContent("x"))));
                limited = Array.Find(answers, answer => answer.StatusCode == HttpStatusCode.TooManyRequests);
                return limited is not null;
            },
            "eight requests at once exceed three a second");

        await ProblemAssert.IsAsync(ProblemType.RateLimited, limited!);
        Assert.Equal("1", limited!.Headers.GetValues("Retry-After").Single());
        foreach (string probe in new[] { "/livez", "/readyz", "/metrics" })
        {
            Assert.Equal(HttpStatusCode.OK, (await server.Client.GetAsync(probe)).StatusCode);
        }
    }

    [Fact]
    public async Task ConnectionLimit_Exceeded_ClosesTheNewOne()
    {
        await using TestServer server = await TestServer.StartReadyAsync(("connection-limit", "3"));
        List<TcpClient> clients = [];
        try
        {
            bool closed = false;
            for (int i = 0; i < 6 && !closed; i++)
            {
                TcpClient client = new();
                clients.Add(client);
                await client.ConnectAsync(server.BaseAddress.Host, server.BaseAddress.Port);
                closed = await IsClosedAsync(client);
            }

            Assert.True(closed);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public async Task AllowedHosts_Star_AcceptsAny()
    {
        await using TestServer server = await TestServer.StartReadyAsync(("allowed-hosts", "*"));

        RawAnswer answer = await RawHttp.SendAsync(server.BaseAddress, "GET /livez HTTP/1.1\r\nHost: anything.example\r\nConnection: close\r\n\r\n", []);

        Assert.Equal(200, answer.Status);
    }

    [Fact]
    public async Task Host_OfAdvertise_IsAllowed()
    {
        await using TestServer server = await TestServer.StartReadyAsync(("advertise", "http://told.example:80"));

        RawAnswer told = await RawHttp.SendAsync(server.BaseAddress, "GET /livez HTTP/1.1\r\nHost: told.example\r\nConnection: close\r\n\r\n", []);
        RawAnswer other = await RawHttp.SendAsync(server.BaseAddress, "GET /livez HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n", []);

        Assert.Equal(200, told.Status);
        ProblemAssert.Is(ProblemType.HostNotAllowed, other, isWrite: false);
    }

    [Fact]
    public async Task Value_OfSixteenMebibytes_GoesInAndOutWhereItIsAllowed()
    {
        await using TestServer server = await TestServer.StartReadyAsync(("value-limit", "16MiB"), ("request-timeout", "1m"));
        using StringContent settings = new("""{"valueBytesMax":16777216}""", Encoding.UTF8, "application/json");
        Assert.True((await server.Client.PatchAsync("/v1/cluster/settings", settings)).IsSuccessStatusCode);
        byte[] value = new byte[16 << 20];
        new Random(11).NextBytes(value);

        using HttpResponseMessage put = await server.Client.PutAsync("/v1/kv/large", new ByteArrayContent(value));
        Assert.True(put.IsSuccessStatusCode, await put.Content.ReadAsStringAsync());

        Assert.Equal(value, await server.Client.GetByteArrayAsync("/v1/kv/large"));
    }

    private static async Task<bool> IsClosedAsync(TcpClient client)
    {
        try
        {
            await client.GetStream().WriteAsync("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
            return await client.GetStream().ReadAsync(new byte[1]) == 0;
        }
        catch (Exception exception) when (exception is IOException or SocketException or InvalidOperationException)
        {
            // Closed before the first byte, or even before the stream was taken.
            return true;
        }
    }
}
