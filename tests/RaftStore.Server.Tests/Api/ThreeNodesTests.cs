using System.Net;
using System.Text.Json.Nodes;
using RaftStore.Server.Http;
using RaftStore.Server.Tests.Support;

namespace RaftStore.Server.Tests.Api;

/// <summary>What the API says where there are other nodes: while they are missed, with them, and when they are gone.</summary>
public sealed class ThreeNodesTests
{
    private readonly string[] _names = ["n1", "n2", "n3"];
    private readonly int[] _clientPorts = [RaftStoreProcess.FreePort(), RaftStoreProcess.FreePort(), RaftStoreProcess.FreePort()];
    private readonly int[] _peerPorts = [RaftStoreProcess.FreePort(), RaftStoreProcess.FreePort(), RaftStoreProcess.FreePort()];

    [Fact]
    public async Task Api_FromFormingToLosingTheMajority_SaysWhatHolds()
    {
        await using TestServer first = Start(0);
        await SaysThatItIsFormingAsync(first);
        TestServer second = Start(1);
        TestServer third = Start(2);
        TestServer[] all = [first, second, third];
        await Task.WhenAll(all.Select(server => server.BecomesReadyAsync()));
        await ServesFromEveryNodeAsync(all);
        await RedirectsToTheLeaderAsync(all);
        await second.DisposeAsync();
        await third.DisposeAsync();
        await KeepsToStaleReadsAsync(first);
    }

    private static async Task SaysThatItIsFormingAsync(TestServer server)
    {
        await TestServer.UntilAsync(async () => ((string?)(await JsonAsync(server, "/v1/status"))["detail"])!.Contains("n2", StringComparison.Ordinal), "the status names who is missing");
        JsonObject status = await JsonAsync(server, "/v1/status");
        Assert.Equal(("n1", "forming"), ((string?)status["name"], (string?)status["phase"]));
        using HttpResponseMessage read = await server.Client.GetAsync("/v1/kv/x");
        await ProblemAssert.IsAsync(ProblemType.Forming, read);
        Assert.Equal(("1", "n1"), (read.Headers.GetValues("Retry-After").Single(), read.Headers.GetValues("RaftStore-Node").Single()));
        await ProblemAssert.IsAsync(ProblemType.Forming, await server.Client.PutAsync("/v1/kv/x", new StringContent("x")));
        await ProblemAssert.IsAsync(ProblemType.Forming, await server.Client.GetAsync("/v1/kv?consistency=stale"));
        await ProblemAssert.IsAsync(ProblemType.Forming, await server.Client.GetAsync("/v1/cluster"));
        using HttpResponseMessage ready = await server.Client.GetAsync("/readyz?verbose");
        await ProblemAssert.IsAsync(ProblemType.NotReady, ready);
        Assert.Contains((await OneNode.JsonAsync(ready))["checks"]!.AsArray(), check => (string?)check!["name"] == "formed" && !(bool)check["ok"]!);
        Assert.Equal("ok\n", await server.Client.GetStringAsync("/livez"));
        Assert.Contains("raftstore_formed 0\n", await server.Client.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    private static async Task ServesFromEveryNodeAsync(TestServer[] all)
    {
        foreach (TestServer writer in all)
        {
            string value = $"{writer.BaseAddress}";
            using HttpResponseMessage put = await writer.Client.PutAsync("/v1/kv/shared", new StringContent(value));
            Assert.Equal(HttpStatusCode.OK, put.StatusCode);
            foreach (TestServer reader in all)
            {
                Assert.Equal(value, await reader.Client.GetStringAsync("/v1/kv/shared"));
                string revision = put.Headers.GetValues("RaftStore-Revision").Single();
                Assert.Equal(value, await reader.Client.GetStringAsync($"/v1/kv/shared?consistency=stale&min_revision={revision}"));
            }
        }

        JsonObject[] clusters = await Task.WhenAll(all.Select(server => JsonAsync(server, "/v1/cluster")));
        Assert.All(clusters, cluster => Assert.Equal((string?)clusters[0]["leader"], (string?)cluster["leader"]));
        Assert.Equal(["n1", "n2", "n3"], clusters[0]["members"]!.AsArray().Select(member => (string?)member!["name"]));
        Assert.All(clusters[0]["members"]!.AsArray(), member => Assert.StartsWith("http://127.0.0.1:", (string?)member!["client"], StringComparison.Ordinal));
    }

    private async Task RedirectsToTheLeaderAsync(TestServer[] all)
    {
        string leader = (string)(await JsonAsync(all[0], "/v1/cluster"))["leader"]!;
        int leaderIndex = Array.IndexOf(_names, leader);
        TestServer follower = all[(leaderIndex + 1) % all.Length];
        const string Target = "/v1/kv/a%252Fb?redirect=true&prev=true";

        using HttpResponseMessage redirect = await follower.Client.PutAsync(Target, new StringContent("x"));
        using HttpResponseMessage read = await follower.Client.GetAsync("/v1/kv/shared?redirect=true");
        using HttpResponseMessage list = await follower.Client.GetAsync("/v1/kv?prefix=s&redirect");

        Assert.Equal(HttpStatusCode.TemporaryRedirect, redirect.StatusCode);
        Assert.Equal($"http://127.0.0.1:{_clientPorts[leaderIndex]}{Target}", redirect.Headers.Location?.OriginalString);
        Assert.Equal("not-applied", (string?)(await OneNode.JsonAsync(redirect))["outcome"]);
        Assert.Equal(leader, redirect.Headers.GetValues("RaftStore-Leader").Single());
        Assert.Equal((HttpStatusCode.TemporaryRedirect, HttpStatusCode.TemporaryRedirect), (read.StatusCode, list.StatusCode));
        using HttpResponseMessage followed = await follower.Client.PutAsync(redirect.Headers.Location, new StringContent("x"));
        Assert.Equal(HttpStatusCode.OK, followed.StatusCode);
    }

    private static async Task KeepsToStaleReadsAsync(TestServer last)
    {
        await TestServer.UntilAsync(async () => (await JsonAsync(last, "/v1/status"))["leader"] is null, "the node notices that nobody leads");

        using HttpResponseMessage stale = await last.Client.GetAsync("/v1/kv/shared?consistency=stale");
        using HttpResponseMessage list = await last.Client.GetAsync("/v1/kv?consistency=stale&prefix=shared");
        using HttpResponseMessage tooStale = await last.Client.GetAsync("/v1/kv/shared?consistency=stale&max_staleness=0ms");
        using HttpResponseMessage read = await last.Client.GetAsync("/v1/kv/shared");
        using HttpResponseMessage write = await last.Client.PutAsync("/v1/kv/shared", new StringContent("lost"));

        Assert.Equal(HttpStatusCode.OK, stale.StatusCode);
        Assert.True(long.Parse(stale.Headers.GetValues("RaftStore-Staleness-Ms").Single()) > 0);
        Assert.False(stale.Headers.Contains("RaftStore-Leader"));
        await ProblemAssert.IsAsync(ProblemType.TooStale, tooStale);
        Assert.Equal("1", tooStale.Headers.GetValues("Retry-After").Single());
        Assert.True(long.Parse(tooStale.Headers.GetValues("RaftStore-Staleness-Ms").Single()) > 0);
        Assert.Equal(1, (int)(await OneNode.JsonAsync(list))["count"]!);
        await ProblemAssert.IsAsync(read.StatusCode == HttpStatusCode.GatewayTimeout ? ProblemType.Timeout : ProblemType.NoLeader, read);
        Assert.Contains(write.StatusCode, new[] { HttpStatusCode.ServiceUnavailable, HttpStatusCode.GatewayTimeout });
        Assert.Equal(write.StatusCode == HttpStatusCode.GatewayTimeout ? "unknown" : "not-applied", (string?)(await OneNode.JsonAsync(write))["outcome"]);
        await ProblemAssert.IsAsync(ProblemType.NotReady, await last.Client.GetAsync("/readyz"));
        Assert.Equal("ok\n", await last.Client.GetStringAsync("/livez"));
        JsonObject cluster = await JsonAsync(last, "/v1/cluster");
        Assert.Null(cluster["leader"]);
        Assert.Equal(3, cluster["members"]!.AsArray().Count);
    }

    private TestServer Start(int index) => TestServer.Start(
        ("name", _names[index]),
        ("listen", $"http://127.0.0.1:{_clientPorts[index]}"),
        ("peer-listen", $"127.0.0.1:{_peerPorts[index]}"),
        ("cluster", string.Join(',', _names.Select((name, other) => $"{name}=127.0.0.1:{_peerPorts[other]}"))),
        ("heartbeat", "50ms"),
        ("election-timeout-lower", "500ms"),
        ("request-timeout", "3s"));

    private static async Task<JsonObject> JsonAsync(TestServer server, string target) => await OneNode.JsonAsync(await server.Client.GetAsync(target));
}
