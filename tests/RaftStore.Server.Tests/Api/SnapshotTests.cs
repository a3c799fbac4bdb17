using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using RaftStore.Kv;
using RaftStore.Node;
using RaftStore.Server.Http;
using RaftStore.Server.Tests.Support;
using RaftStore.Storage;

namespace RaftStore.Server.Tests.Api;

/// <summary><c>GET /v1/snapshot</c>.</summary>
[Collection(OneNodeCollection.Name)]
public sealed class SnapshotTests(OneNode node) : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose() => File.Delete(_path);

    [Fact]
    public async Task Get_UnderAStreamOfWrites_IsExactlyTheRevisionItNames()
    {
        string key = OneNode.Key();
        await node.PutAsync(key, "before");
        using CancellationTokenSource enough = new();
        Dictionary<long, string> written = [];
        Task writing = Task.Run(async () =>
        {
            for (int i = 0; !enough.IsCancellationRequested; i++)
            {
                string value = $"{i}";
                written.Add(await node.PutAsync(key, value), value);
            }
        });
        using HttpResponseMessage answer = await node.Client.GetAsync("/v1/snapshot");
        byte[] bytes = await answer.Content.ReadAsByteArrayAsync();
        await enough.CancelAsync();
        await writing;

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        long revision = long.Parse(answer.Headers.GetValues("RaftStore-Revision").Single(), CultureInfo.InvariantCulture);
        await File.WriteAllBytesAsync(_path, bytes);
        PosixFileSystem files = new();
        KeptSnapshot snapshot = KeptSnapshot.Check(files, _path);
        KvView view = KeptSnapshot.Load(files, _path).Current;
        Assert.Equal((revision, revision), (snapshot.Facts.Revision, view.Revision));
        Assert.Equal((view.KeyCount, view.StoredBytes, view.Hash), (snapshot.Facts.Keys, snapshot.Facts.StoredBytes, snapshot.Facts.StateHash));
        Assert.Equal("solo", Assert.Single(snapshot.Metadata.Configuration.Voters).Name);
        Assert.True(view.TryGet(Encoding.UTF8.GetBytes(key), revision, out KvItem item));
        Assert.Equal(written.GetValueOrDefault(item.ModRevision, "before"), Encoding.UTF8.GetString(item.Value.Span));
        Assert.Equal($"attachment; filename=\"{snapshot.Cluster}-{revision}.snap\"", answer.Content.Headers.ContentDisposition?.ToString());
    }

    [Theory]
    [InlineData("GET", "/v1/snapshot?consistency=stale")]
    [InlineData("HEAD", "/v1/snapshot")]
    public async Task Snapshot_EveryForm_NamesItsRevision(string method, string target)
    {
        long revision = await node.PutAsync(OneNode.Key(), "x");

        RawAnswer answer = await node.RawTargetAsync(method, target);

        Assert.Equal(200, answer.Status);
        Assert.True(long.Parse(answer.Headers["RaftStore-Revision"], CultureInfo.InvariantCulture) >= revision);
        Assert.Equal(method == "HEAD", answer.Body.Length == 0);
    }

    [Fact]
    public async Task Get_ThirdAtOnce_Is503UntilOneOfTheOthersIsGone()
    {
        await using TestServer server = await TestServer.StartReadyAsync(("name", "busy"));
        byte[] value = new byte[1 << 20];
        for (int i = 0; i < 40; i++)
        {
            using HttpResponseMessage put = await server.Client.PutAsync($"/v1/kv/{i}", new ByteArrayContent(value));
            Assert.True(put.IsSuccessStatusCode);
        }

        using (await BeginAsync(server))
        using (await BeginAsync(server))
        {
            using HttpResponseMessage third = await server.Client.GetAsync("/v1/snapshot");
            await ProblemAssert.IsAsync(ProblemType.Overloaded, third);
            Assert.Equal("1", third.Headers.GetValues("Retry-After").Single());
        }

        await TestServer.UntilAsync(
            async () =>
            {
                using HttpResponseMessage again = await server.Client.GetAsync("/v1/snapshot");
                return again.IsSuccessStatusCode && (await again.Content.ReadAsByteArrayAsync()).Length > 40 * value.Length;
            },
            "a cut connection frees its place");
    }

    /// <summary>Begins a snapshot whose reader reads no further than its head.</summary>
    private static async Task<TcpClient> BeginAsync(TestServer server)
    {
        TcpClient client = new() { ReceiveBufferSize = 4096 };
        await client.ConnectAsync(server.BaseAddress.Host, server.BaseAddress.Port);
        await client.GetStream().WriteAsync("GET /v1/snapshot HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
        byte[] head = new byte[64];
        await client.GetStream().ReadExactlyAsync(head);
        Assert.StartsWith("HTTP/1.1 200", Encoding.ASCII.GetString(head), StringComparison.Ordinal);
        return client;
    }
}
