using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using RaftStore.Server.Http;
using RaftStore.Server.Tests.Support;

namespace RaftStore.Server.Tests.Api;

/// <summary>Reads of past revisions, and compaction; on a server of its own, since compaction takes history from everybody.</summary>
public sealed class HistoryTests : IAsyncLifetime
{
    private TestServer _server = null!;

    private HttpClient Client => _server.Client;

    public async Task InitializeAsync() => _server = await TestServer.StartReadyAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Get_AtAPastRevision_IsWhatTheKeyHeldThen()
    {
        long one = await PutAsync("k", "one");
        long two = await PutAsync("k", "two");
        long gone = await RevisionOfAsync(await Client.DeleteAsync("/v1/kv/k"));
        long three = await PutAsync("k", "three");
        await PutAsync("other", "x");

        foreach ((long revision, string? value) in new[] { (one - 1, null), (one, "one"), (two, "two"), (gone, null), (three, "three"), (three + 1, (string?)"three") })
        {
            using HttpResponseMessage answer = await Client.GetAsync($"/v1/kv/k?revision={revision}");
            if (value is null)
            {
                await ProblemAssert.IsAsync(ProblemType.KeyNotFound, answer);
                Assert.Equal(revision == gone, answer.Headers.TryGetValues("RaftStore-Deleted-Revision", out IEnumerable<string>? deleted));
                Assert.Equal(revision == gone ? gone.ToString(CultureInfo.InvariantCulture) : null, deleted?.Single());
                continue;
            }

            Assert.Equal(value, await answer.Content.ReadAsStringAsync());
            Assert.Equal((three + 1).ToString(CultureInfo.InvariantCulture), answer.Headers.GetValues("RaftStore-Revision").Single());
        }

        using HttpResponseMessage second = await Client.GetAsync($"/v1/kv/k?revision={two}&consistency=stale");
        Assert.Equal($"\"{two}\"", second.Headers.ETag?.Tag);
        Assert.Equal((one, 2L), (Header(second, "RaftStore-Create-Revision"), Header(second, "RaftStore-Version")));
        using HttpRequestMessage unchanged = new(HttpMethod.Get, $"/v1/kv/k?revision={two}") { Headers = { IfNoneMatch = { new EntityTagHeaderValue($"\"{two}\"") } } };
        Assert.Equal(HttpStatusCode.NotModified, (await Client.SendAsync(unchanged)).StatusCode);
        using HttpRequestMessage head = new(HttpMethod.Head, $"/v1/kv/k?revision={one}");
        Assert.Equal(3, (await Client.SendAsync(head)).Content.Headers.ContentLength);
    }

    [Fact]
    public async Task Get_InTheFuture_Is400AsSeenAfterTheConsistencyPoint()
    {
        long now = await PutAsync("k", "v");

        await ProblemAssert.IsAsync(ProblemType.FutureRevision, await Client.GetAsync($"/v1/kv/k?revision={now + 1}"));
        await ProblemAssert.IsAsync(ProblemType.FutureRevision, await Client.GetAsync($"/v1/kv/k?revision={now + 1}&consistency=stale"));
        await ProblemAssert.IsAsync(ProblemType.FutureRevision, await Client.GetAsync($"/v1/kv?revision={now + 1}"));
        Task<HttpResponseMessage> waiting = Client.GetAsync($"/v1/kv/k?revision={now + 1}&min_revision={now + 1}&consistency=stale");
        await PutAsync("k", "later");
        Assert.Equal("later", await (await waiting).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task List_AtAPastRevision_ShowsItInPagesCountsAndStreams()
    {
        for (int i = 0; i < 5; i++)
        {
            await PutAsync($"l{i}", "old");
        }

        long then = await PutAsync("other", "x");
        await PutAsync("l1", "new");
        await PutAsync("l9", "new");
        await Client.DeleteAsync("/v1/kv/l3");

        string query = $"/v1/kv?prefix=l&encoding=utf8&revision={then}";
        JsonObject first = await JsonAsync(query + "&limit=3");
        string cursor = (string)first["cursor"]!;
        JsonObject second = await JsonAsync($"{query}&cursor={cursor}");
        JsonObject bare = await JsonAsync($"/v1/kv?prefix=l&encoding=utf8&cursor={cursor}");
        Assert.Equal(["l0", "l1", "l2", "l3", "l4"], [.. Keys(first), .. Keys(second)]);
        Assert.Equal(["l3", "l4"], Keys(bare));
        Assert.All([.. first["items"]!.AsArray(), .. second["items"]!.AsArray()], item => Assert.Equal("old", (string)item!["value"]!));
        Assert.Equal((then, then), ((long)first["revision"]!, (long)second["revision"]!));
        await ProblemAssert.IsAsync(ProblemType.InvalidCursor, await Client.GetAsync($"/v1/kv?prefix=l&revision={then + 1}&cursor={cursor}"));

        JsonObject count = await JsonAsync($"/v1/kv?prefix=l&count_only&revision={then}");
        Assert.Equal((then, 5), ((long)count["revision"]!, (int)count["count"]!));
        string stream = await StreamAsync(query);
        Assert.Equal(["l0", "l1", "l2", "l3", "l4"], stream.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => (string)JsonNode.Parse(line)!["key"]!));
    }

    [Fact]
    public async Task Compact_ARevision_EndsReadsBelowItAndNoOthers()
    {
        await PutAsync("a", "1");
        await PutAsync("b", "1");
        JsonObject page = await JsonAsync("/v1/kv?limit=1");
        string cursor = (string)page["cursor"]!;
        long target = await PutAsync("a", "2");
        long last = await PutAsync("a", "3");

        JsonObject answer = await OneNode.JsonAsync(await CompactAsync($$"""{"revision":{{target}}}"""));
        Assert.Equal((last, target), ((long)answer["revision"]!, (long)answer["compactedRevision"]!));
        Assert.Equal(target, (long)(await JsonAsync("/v1/status"))["compactedRevision"]!);
        Assert.Equal("2", await Client.GetStringAsync($"/v1/kv/a?revision={target}"));
        Assert.Equal("3", await Client.GetStringAsync("/v1/kv/a"));
        foreach (string query in new[] { $"/a?revision={target - 1}", $"?revision={target - 1}", $"?count_only&revision={target - 1}", $"?cursor={cursor}" })
        {
            await ProblemAssert.IsAsync(ProblemType.Compacted, await Client.GetAsync("/v1/kv" + query));
        }

        await ProblemAssert.IsAsync(ProblemType.Compacted, await CompactAsync($$"""{"revision":{{target}}}"""));
        string future = await ProblemAssert.IsAsync(ProblemType.FutureRevision, await CompactAsync($$"""{"revision":{{last + 1}}}"""));
        Assert.Contains($"revision {last}", future, StringComparison.Ordinal);
        await TestServer.UntilAsync(async () => (long)(await JsonAsync("/v1/status"))["bytes"]! == 2 + 2 + 2, "what cannot be read any more is dropped while nobody writes");
    }

    [Fact]
    public async Task Compact_MalformedBody_Is400()
    {
        string[] bodies =
        [
            "",
            "{}",
            "5",
            """{"revision":"5"}""",
            """{"revision":-1}""",
            """{"revision":1.5}""",
            """{"revision":99999999999999999999}""",
            """{"revision":1,"revision":2}""",
            """{"revision":1,"physical":true}""",
            """{"revision":1} {}""",
            """[{"revision":1}]""",
            """{"revision":1""",
        ];
        foreach (string body in bodies)
        {
            await ProblemAssert.IsAsync(ProblemType.InvalidRequest, await CompactAsync(body));
        }
    }

    [Fact]
    public async Task Compact_NotJsonOrTooLong_IsRefused()
    {
        await ProblemAssert.IsAsync(ProblemType.UnsupportedMediaType, await Client.PostAsync("/v1/compact", new StringContent("""{"revision":1}""", Encoding.UTF8, "text/plain")));
        await ProblemAssert.IsAsync(ProblemType.InvalidRequest, await CompactAsync(new string(' ', 70_000) + """{"revision":1}"""));
    }

    [Fact]
    public async Task Stream_CompactedUnderASlowClient_EndsInAnErrorLine()
    {
        // More than all buffers between the store and a client that does not read can hold.
        string value = new('v', 1 << 20);
        for (int i = 0; i < 40; i++)
        {
            await PutAsync($"k{i:D2}", value);
        }

        using HttpRequestMessage request = new(HttpMethod.Get, "/v1/kv?prefix=k") { Headers = { Accept = { new MediaTypeWithQualityHeaderValue("application/x-ndjson") } } };
        using HttpResponseMessage answer = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        long revision = await PutAsync("k00", "changed");
        Assert.True((await CompactAsync($$"""{"revision":{{revision}}}""")).IsSuccessStatusCode);

        string[] lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.InRange(lines.Length, 2, 40);
        Assert.Equal(1 << 20, Convert.FromBase64String((string)JsonNode.Parse(lines[0])!["value"]!).Length);
        JsonNode error = JsonNode.Parse(lines[^1])!["error"]!;
        Assert.Equal(("urn:raftstore:error:compacted", 410), ((string)error["type"]!, (int)error["status"]!));
    }

    private static string[] Keys(JsonObject page) => [.. page["items"]!.AsArray().Select(item => (string)item!["key"]!)];

    private static long Header(HttpResponseMessage answer, string name) => long.Parse(answer.Headers.GetValues(name).Single(), CultureInfo.InvariantCulture);

    private static async Task<long> RevisionOfAsync(HttpResponseMessage answer) => (long)(await OneNode.JsonAsync(answer))["revision"]!;

    private async Task<long> PutAsync(string key, string value) => await RevisionOfAsync(await Client.PutAsync("/v1/kv/" + key, new StringContent(value)));

    private Task<HttpResponseMessage> CompactAsync(string body) => Client.PostAsync("/v1/compact", new StringContent(body, Encoding.UTF8, "application/json"));

    private async Task<JsonObject> JsonAsync(string target)
    {
        using HttpResponseMessage answer = await Client.GetAsync(target);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await OneNode.JsonAsync(answer);
    }

    private async Task<string> StreamAsync(string target)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, target) { Headers = { Accept = { new MediaTypeWithQualityHeaderValue("application/x-ndjson") } } };
        using HttpResponseMessage answer = await Client.SendAsync(request);
        return await answer.Content.ReadAsStringAsync();
    }
}
