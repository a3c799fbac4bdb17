using System.Reflection;
using System.Text.Json.Nodes;
using RaftStore.Server.Http;
using RaftStore.Server.Startup;
using RaftStore.Server.Tests.Support;

namespace RaftStore.Server.Tests.Api;

/// <summary>What a node says whose state was found to differ from the others'.</summary>
public sealed class DivergenceApiTests
{
    [Fact]
    public async Task Api_OfAQuarantinedNode_ServesNobodyAndSaysWhyUntilItIsRepaired()
    {
        TestServer[] all = StartThree("30s");
        try
        {
            await Task.WhenAll(all.Select(server => server.BecomesReadyAsync()));
            TestServer wrong = all[1];
            await QuarantineAsync(all, wrong);

            JsonObject divergence = (await StatusAsync(wrong))["divergence"]!.AsObject();
            Assert.NotEqual((string?)divergence["ownHash"], (string?)divergence["otherHash"]);
            Assert.True((bool)divergence["hasMajority"]!);
            await ProblemAssert.IsAsync(ProblemType.Diverged, await wrong.Client.GetAsync("/v1/kv/a"));
            await ProblemAssert.IsAsync(ProblemType.Diverged, await wrong.Client.GetAsync("/v1/kv/a?consistency=stale"));
            await ProblemAssert.IsAsync(ProblemType.Diverged, await wrong.Client.PutAsync("/v1/kv/a", new StringContent("3")));
            await ProblemAssert.IsAsync(ProblemType.Diverged, await wrong.Client.GetAsync("/v1/snapshot"));
            await ProblemAssert.IsAsync(ProblemType.Diverged, await wrong.Client.GetAsync("/v1/cluster/settings"));
            Assert.Contains("state", await ProblemAssert.IsAsync(ProblemType.NotReady, await wrong.Client.GetAsync("/readyz")), StringComparison.Ordinal);
            Assert.Contains("raftstore_quarantined 1\n", await wrong.Client.GetStringAsync("/metrics"), StringComparison.Ordinal);
            Assert.Equal("ok\n", await wrong.Client.GetStringAsync("/livez"));
            foreach (TestServer right in (TestServer[])[all[0], all[2]])
            {
                await right.BecomesReadyAsync();
                Assert.Equal("running", (string?)(await StatusAsync(right))["phase"]);
                Assert.Equal("2", await right.Client.GetStringAsync("/v1/kv/a"));
            }

            await AssertRefusalsAsync(all[0], wrong);
            JsonObject repaired = await RepairAsync(all[2], "n2");

            Assert.Equal(("2", "n2", "done"), ((string?)repaired["id"], (string?)repaired["name"], (string?)repaired["stage"]));
            Assert.True((long)repaired["snapshotIndex"]! > 0);
            await wrong.BecomesReadyAsync();
            Assert.Equal("2", await wrong.Client.GetStringAsync("/v1/kv/a"));
            JsonObject status = await StatusAsync(wrong);
            Assert.Equal(("running", null, null), ((string?)status["phase"], status["divergence"], status["repair"]));
            Assert.Contains("raftstore_quarantined 0\n", await wrong.Client.GetStringAsync("/metrics"), StringComparison.Ordinal);
            await ProblemAssert.IsAsync(ProblemType.NotQuarantined, await all[0].Client.PostAsync("/v1/cluster/members/n2/repair", null));
        }
        finally
        {
            foreach (TestServer server in all)
            {
                await server.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task Repair_WithoutALeader_IsRefusedAsNoLeader()
    {
        TestServer[] all = StartThree("5s");
        List<TestServer> left = [.. all];
        try
        {
            await Task.WhenAll(all.Select(server => server.BecomesReadyAsync()));
            await QuarantineAsync(all, all[1]);
            foreach (TestServer right in (TestServer[])[all[0], all[2]])
            {
                left.Remove(right);
                await right.DisposeAsync();
            }

            await TestServer.UntilAsync(
                async () => await ProblemNameAsync(await all[1].Client.PostAsync("/v1/cluster/members/n2/repair", null)) == ProblemType.NoLeader.Name, "the lost leader is missed");
            Assert.Equal("quarantined", (string?)(await StatusAsync(all[1]))["phase"]);
        }
        finally
        {
            foreach (TestServer server in left)
            {
                await server.DisposeAsync();
            }
        }
    }

    private static TestServer[] StartThree(string requestTimeout)
    {
        int[] clientPorts = [RaftStoreProcess.FreePort(), RaftStoreProcess.FreePort(), RaftStoreProcess.FreePort()];
        int[] peerPorts = [RaftStoreProcess.FreePort(), RaftStoreProcess.FreePort(), RaftStoreProcess.FreePort()];
        string founders = string.Join(',', Enumerable.Range(0, 3).Select(i => $"n{i + 1}=127.0.0.1:{peerPorts[i]}"));
        return [.. Enumerable.Range(0, 3).Select(i => TestServer.Start(
            ("name", $"n{i + 1}"), ("listen", $"http://127.0.0.1:{clientPorts[i]}"), ("peer-listen", $"127.0.0.1:{peerPorts[i]}"), ("cluster", founders), ("request-timeout", requestTimeout)))];
    }

    private static async Task QuarantineAsync(TestServer[] all, TestServer wrong)
    {
        Assert.True((await all[0].Client.PutAsync("/v1/kv/a", new StringContent("1"))).IsSuccessStatusCode);
        await TestServer.UntilAsync(async () => (await wrong.Client.GetAsync("/v1/kv/a?consistency=stale")).IsSuccessStatusCode, "it has the key");
        Corrupt(wrong);
        Assert.True((await all[0].Client.PutAsync("/v1/kv/a", new StringContent("2"))).IsSuccessStatusCode);
        await TestServer.UntilAsync(async () => (string?)(await StatusAsync(wrong))["phase"] == "quarantined", "the wrong node is quarantined");
    }

    private static async Task AssertRefusalsAsync(TestServer right, TestServer wrong)
    {
        await ProblemAssert.IsAsync(ProblemType.NotQuarantined, await wrong.Client.PostAsync("/v1/cluster/members/n1/repair", null));
        await ProblemAssert.IsAsync(ProblemType.NotQuarantined, await right.Client.PostAsync("/v1/cluster/members/1/repair", null));
        await ProblemAssert.IsAsync(ProblemType.MemberNotFound, await right.Client.PostAsync("/v1/cluster/members/n9/repair", null));
        await ProblemAssert.IsAsync(ProblemType.MemberConflict, await right.Client.PostAsync("/v1/cluster/members/n2/repair?trust=true", null));
        await ProblemAssert.IsAsync(ProblemType.InvalidParameter, await right.Client.PostAsync("/v1/cluster/members/n2/repair?trust=yes", null));
        await ProblemAssert.IsAsync(ProblemType.InvalidParameter, await right.Client.PostAsync("/v1/cluster/members/n2/repair?nonsense=true", null));
        await ProblemAssert.IsAsync(ProblemType.MethodNotAllowed, await right.Client.GetAsync("/v1/cluster/members/n2/repair"));
        Assert.Equal("quarantined", (string?)(await StatusAsync(wrong))["phase"]);
    }

    /// <summary>Asks until it is done, as a client does.</summary>
    private static async Task<JsonObject> RepairAsync(TestServer asked, string member)
    {
        JsonObject? done = null;
        await TestServer.UntilAsync(
            async () =>
            {
                HttpResponseMessage response = await asked.Client.PostAsync($"/v1/cluster/members/{member}/repair", null);
                Assert.Contains((int)response.StatusCode, (int[])[200, 202]);
                done = JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();
                return (int)response.StatusCode == 200;
            },
            $"{member} is repaired");
        return done!;
    }

    private static async Task<string?> ProblemNameAsync(HttpResponseMessage response)
        => ((string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["type"])?[ProblemType.UrnPrefix.Length..];

    /// <summary>Makes a node's state another one, as no entry could: a revision that nobody made, which the next entry shows.</summary>
    private static void Corrupt(TestServer server)
    {
        const BindingFlags Hidden = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;
        object node = server.Service<NodeHost>().Node!;
        object pass = node.GetType().GetField("_pass", Hidden)!.GetValue(node)!;
        object store = pass.GetType().GetProperty("Store", Hidden)!.GetValue(pass)!;
        object state = store.GetType().GetField("_state", Hidden)!.GetValue(store)!;
        state.GetType().GetMethod("BeginRevision", Hidden)!.Invoke(state, []);
    }

    private static async Task<JsonObject> StatusAsync(TestServer server) => JsonNode.Parse(await server.Client.GetStringAsync("/v1/status"))!.AsObject();
}
