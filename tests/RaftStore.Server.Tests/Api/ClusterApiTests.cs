using System.Net;
using System.Text.Json.Nodes;
using RaftStore.Server.Http;
using RaftStore.Server.Metrics;
using RaftStore.Server.Tests.Support;

namespace RaftStore.Server.Tests.Api;

[Collection(OneNodeCollection.Name)]
public sealed class ClusterApiTests(OneNode node)
{
    [Fact]
    public async Task Cluster_OfOne_DescribesItsMember()
    {
        JsonObject cluster = await OneNode.JsonAsync(await node.Client.GetAsync("/v1/cluster"));

        Assert.Equal(["clusterId", "leader", "term", "commitIndex", "members"], cluster.Select(member => member.Key));
        Assert.Matches("^[0-9a-f]{16}$", (string)cluster["clusterId"]!);
        Assert.Equal("solo", (string?)cluster["leader"]);
        JsonObject member = Assert.Single(cluster["members"]!.AsArray())!.AsObject();
        Assert.Equal(["id", "name", "role", "peer", "client", "matchIndex", "appliedIndex", "lag", "healthy", "lastContactMs"], member.Select(field => field.Key));
        Assert.Equal(("1", "solo", "voter", true), ((string?)member["id"], (string?)member["name"], (string?)member["role"], (bool)member["healthy"]!));
        Assert.True((long)member["matchIndex"]! >= (long)cluster["commitIndex"]! - (long)member["lag"]!);
    }

    [Fact]
    public async Task Status_Node_ShowsItsState()
    {
        long revision = await node.PutAsync(OneNode.Key(), "x");

        JsonObject status = await OneNode.JsonAsync(await node.Client.GetAsync("/v1/status"));

        Assert.Equal(("1", "solo", "running", "leader", "solo"), ((string?)status["id"], (string?)status["name"], (string?)status["phase"], (string?)status["role"], (string?)status["leader"]));
        Assert.True((long)status["revision"]! >= revision);
        Assert.True((long)status["appliedIndex"]! > revision);
        Assert.True((long)status["keys"]! > 0);
        Assert.True((long)status["bytes"]! > 0);
        Assert.True((bool)status["hasLogSpace"]!);
        Assert.True((bool)status["hasMemory"]!);
        Assert.InRange((long)status["memory"]!["usedBytes"]!, 1, (long)status["memory"]!["limitBytes"]!);
        foreach (string name in new[] { "term", "commitIndex", "durableIndex", "firstIndex", "snapshotIndex", "compactedRevision", "uptimeMs" })
        {
            Assert.True((long)status[name]! >= 0, name);
        }

        Assert.NotEmpty((string)status["version"]!);
        Assert.Equal(["p50Us", "p99Us", "maxUs"], status["syncLatency"]!.AsObject().Select(member => member.Key));
    }

    [Fact]
    public async Task Status_StateHash_IsShownAtARecordedIndex()
    {
        string prefix = OneNode.Key();
        foreach (int[] some in Enumerable.Range(0, 1000).Chunk(100))
        {
            await Task.WhenAll(some.Select(number => node.PutAsync($"{prefix}{number}", "")));
        }

        JsonObject status = await OneNode.JsonAsync(await node.Client.GetAsync("/v1/status"));
        long index = (long)status["stateHash"]!["index"]!;
        JsonObject same = await OneNode.JsonAsync(await node.Client.GetAsync($"/v1/status?at={index}"));

        Assert.True(index > 0 && index % 1000 == 0);
        Assert.Matches("^[0-9a-f]{32}$", (string)status["stateHash"]!["hash"]!);
        Assert.Equal((string)status["stateHash"]!["hash"]!, (string)same["stateHash"]!["hash"]!);
        await ProblemAssert.IsAsync(ProblemType.HashNotRecorded, await node.Client.GetAsync("/v1/status?at=1"));
    }

    [Theory]
    [InlineData("/livez")]
    [InlineData("/readyz")]
    public async Task Health_OfAReadyNode_IsOk(string path)
    {
        Assert.Equal("ok\n", await node.Client.GetStringAsync(path));
        JsonObject verbose = await OneNode.JsonAsync(await node.Client.GetAsync(path + "?verbose"));
        Assert.NotEmpty(verbose["checks"]!.AsArray());
        Assert.All(verbose["checks"]!.AsArray(), check => Assert.True((bool)check!["ok"]!));
        Assert.Equal(HttpStatusCode.OK, (await node.SendAsync(HttpMethod.Head, path)).StatusCode);
    }

    [Fact]
    public async Task Metrics_Scrape_IsPrometheusText()
    {
        await node.PutAsync(OneNode.Key(), "x");
        await node.Client.GetAsync("/v1/kv/none");

        using HttpResponseMessage answer = await node.Client.GetAsync("/metrics");
        string text = await answer.Content.ReadAsStringAsync();

        Assert.Equal(PrometheusText.MediaType, answer.Content.Headers.ContentType?.ToString());
        Assert.All(text.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Matches(@"^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+=""[^""]*""(,[a-z]+=""[^""]*"")*\})? (\+Inf|[0-9.E+-]+))$", line));
        Assert.Contains("raftstore_raft_role{role=\"leader\"} 1\n", text, StringComparison.Ordinal);
        Assert.Matches("raftstore_http_requests_total\\{route=\"key\",method=\"PUT\",status=\"200\"\\} [1-9]", text);
        Assert.Matches("raftstore_http_requests_total\\{route=\"key\",method=\"GET\",status=\"404\"\\} [1-9]", text);
        Assert.Matches("raftstore_http_request_duration_seconds_bucket\\{route=\"key\",method=\"PUT\",le=\"\\+Inf\"\\} [1-9]", text);
        Assert.Matches("raftstore_raft_proposals_total [1-9]", text);
        Assert.Matches("raftstore_store_revision [1-9]", text);
        Assert.Matches("process_resident_memory_bytes [1-9]", text);
    }
}
