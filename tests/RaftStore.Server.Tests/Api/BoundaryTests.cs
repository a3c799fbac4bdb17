using System.Net;
using System.Net.Sockets;
using System.Text;
using RaftStore.Server.Http;
using RaftStore.Server.Tests.Support;

namespace RaftStore.Server.Tests.Api;

/// <summary>What a client may say or do that must change nothing.</summary>
public sealed class BoundaryTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    // Every endpoint that takes JSON.
    private static readonly (string Method, string Target)[] JsonEndpoints =
    [
        ("POST", "/v1/compact"),
        ("PATCH", "/v1/cluster/settings"),
        ("POST", "/v1/cluster/members"),
        ("PATCH", "/v1/cluster/members/n1"),
        ("POST", "/v1/cluster/members/n1/replace"),
        ("POST", "/v1/cluster/transfer"),
        ("POST", "/v1/faults"),
    ];

    // The first three are what a page in a browser can send to another origin without asking first.
    [Fact]
    public async Task Json_ThatIsNotCalledSo_Is415AndChangesNothing()
    {
        await using TestServer server = await TestServer.StartReadyAsync(("enable-fault-injection", "true"));
        string before = await server.Client.GetStringAsync("/v1/cluster/settings");
        foreach ((string method, string target) in JsonEndpoints)
        {
            foreach (string? type in new[] { "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp", null })
            {
                string typeHeader = type is null ? "" : $"Content-Type: {type}\r\n";
                RawAnswer answer = await RawHttp.SendAsync(
                    server.BaseAddress, $"{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n{typeHeader}\r\n", "{}"u8.ToArray());

                ProblemAssert.Is(ProblemType.UnsupportedMediaType, answer, isWrite: true);
            }
        }

        Assert.Equal(before, await server.Client.GetStringAsync("/v1/cluster/settings"));
    }

    [Fact]
    public async Task Json_NestedDeeply_Is400()
    {
        await using TestServer server = await TestServer.StartReadyAsync(("enable-fault-injection", "true"));
        string[] bodies = [new string('[', 20_000), $"{{\"revision\":{new string('[', 20_000)}{new string(']', 20_000)}}}", string.Concat(Enumerable.Repeat("{\"to\":", 8_000))];
        foreach ((string method, string target) in JsonEndpoints)
        {
            foreach (string body in bodies)
            {
                using HttpRequestMessage request = new(new HttpMethod(method), target) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
                using HttpResponseMessage answer = await server.Client.SendAsync(request);

                await ProblemAssert.IsAsync(ProblemType.InvalidRequest, answer);
            }
        }

        Assert.True((await server.Client.GetAsync("/readyz")).IsSuccessStatusCode);
    }

    [Fact]
    public async Task RateLimit_ClientThatClaimsOtherAddresses_IsLimitedAllTheSame()
    {
        await using TestServer server = await TestServer.StartReadyAsync(("rate-limit", "3"));
        int claimed = 0;

        await TestServer.UntilAsync(
            async () =>
            {
                HttpResponseMessage[] answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
                {
                    string address = $"10.0.{Interlocked.Increment(ref claimed) / 250}.{claimed % 250}";
                    using HttpRequestMessage request = new(HttpMethod.Put, "/v1/kv/x") { Content = new StringContent("x") };
                    request.Headers.Add("X-Forwarded-For", address);
                    request.Headers.Add("X-Real-IP", address);
                    request.Headers.Add("Forwarded", $"for={address}");
                    return await server.Client.SendAsync(request);
                }));
                return Array.Exists(answers, answer => answer.StatusCode == HttpStatusCode.TooManyRequests);
            },
            "eight requests at once exceed three a second, whoever they say they are from");
    }

    [Fact]
    public async Task Host_OfAnotherClaimedByAProxyHeader_IsNotLookedAt()
    {
        await using TestServer server = await TestServer.StartReadyAsync();

        RawAnswer evil = await RawHttp.SendAsync(server.BaseAddress, "GET /livez HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: localhost\r\nForwarded: host=localhost\r\nConnection: close\r\n\r\n", []);

        ProblemAssert.Is(ProblemType.HostNotAllowed, evil, isWrite: false);
    }

    [Fact]
    public async Task Request_ThatTricklesIn_IsGivenUpBeforeItIsWhole()
    {
        await using TestServer server = await TestServer.StartReadyAsync();
        string[] starts = ["GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ", "PUT /v1/kv/slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"];

        string[] ends = await Task.WhenAll(starts.Select(start => TrickleAsync(server, start)));

        Assert.All(ends, end => Assert.True(end.Length == 0 || end.StartsWith("HTTP/1.1 408 ", StringComparison.Ordinal), end));
        Assert.Equal(HttpStatusCode.NotFound, (await server.Client.GetAsync("/v1/kv/slow")).StatusCode);
    }

    [Fact]
    public async Task Keys_ThatLookLikePaths_MakeNoFiles()
    {
        DirectoryInfo parent = Directory.CreateTempSubdirectory("raftstore-test-");
        try
        {
            string data = Path.Combine(parent.FullName, "node");
            await using TestServer server = await TestServer.StartReadyAsync(("data", data), ("snapshot-log-size", "64KiB"));
            string[] keys = ["../../escaped", "/tmp/escaped", "..", "identity.json", "wal/hardstate", "a\0b", "C:\\escaped", new string('x', 4096), "snapshots/../LOCK"];
            foreach (string key in keys)
            {
                string key64 = Convert.ToBase64String(Encoding.UTF8.GetBytes(key)).Replace('+', '-').Replace('/', '_').TrimEnd('=');
                for (int round = 0; round < 2; round++)
                {
                    using HttpResponseMessage put = await server.Client.PutAsync($"/v1/kv?key64={key64}", new ByteArrayContent(new byte[10_000]));
                    Assert.True(put.IsSuccessStatusCode, await put.Content.ReadAsStringAsync());
                }
            }

            await TestServer.UntilAsync(() => Task.FromResult(Directory.GetFiles(Path.Combine(data, "snapshots"), "*.snap").Length > 0), "a snapshot holds the keys too");

            string[] files = [.. Directory.EnumerateFileSystemEntries(parent.FullName, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(parent.FullName, path))];
            Assert.All(files, file => Assert.Matches(@"^node(/(LOCK|identity\.json|wal|snapshots|wal/(durable|hardstate|spare\.tmp|[0-9a-f]{16}\.wal)|snapshots/[0-9a-f]{16}-[0-9a-f]{16}\.snap(\.tmp)?))?$", file));
        }
        finally
        {
            parent.Delete(recursive: true);
        }
    }

    /// <summary>Sends a byte every now and then, until the other side has had enough.</summary>
    /// <returns>What it answered.</returns>
    private static async Task<string> TrickleAsync(TestServer server, string start)
    {
        using TcpClient client = new();
        using CancellationTokenSource over = new(Deadline);
        await client.ConnectAsync(server.BaseAddress.Host, server.BaseAddress.Port, over.Token);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(start), over.Token);
        Task<string> answer = ReadAsync(stream, over.Token);
        using PeriodicTimer pace = new(TimeSpan.FromMilliseconds(200));
        while (!answer.IsCompleted && await pace.WaitForNextTickAsync(over.Token))
        {
            try
            {
                await stream.WriteAsync("x"u8.ToArray(), over.Token);
            }
            catch (IOException)
            {
                break;
            }
        }

        return await answer;
    }

    private static async Task<string> ReadAsync(NetworkStream stream, CancellationToken over)
    {
        using MemoryStream received = new();
        try
        {
            await stream.CopyToAsync(received, over);
        }
        catch (IOException)
        {
            // Reset, which is an end as well.
        }

        return Encoding.ASCII.GetString(received.ToArray());
    }
}
