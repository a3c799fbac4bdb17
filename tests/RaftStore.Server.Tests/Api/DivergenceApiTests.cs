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
    public async Task Api_OfAQuarantinedNode_ServesNobodyAndSaysWhy()
    {
        int[] clientPorts = [RaftStoreProcess.FreePort(), RaftStoreProcess.FreePort(), RaftStoreProcess.FreePort()];
        int[] peerPorts = [RaftStoreProcess.FreePort(), RaftStoreProcess.FreePort(), RaftStoreProcess.FreePort()];
        string founders = string.Join(',', Enumerable.Range(0, 3).Select(i => $"n{i + 1}=127.0.0.1:{peerPorts[i]}"));
        TestServer[] all = [.. Enumerable.Range(0, 3).Select(i => TestServer.Start(
            ("name", $"n{i + 1}"), ("listen", $"http://127.0.0.1:{clientPorts[i]}"), ("peer-listen", $"127.0.0.1:{peerPorts[i]}"), ("cluster", founders), ("request-timeout", "30s")))];
        try
        {
            await Task.WhenAll(all.Select(server => server.BecomesReadyAsync()));
            TestServer wrong = all[1];
            Assert.True((await all[0].Client.PutAsync("/v1/kv/a", new StringContent("1"))).IsSuccessStatusCode);
            await TestServer.UntilAsync(async () => (await wrong.Client.GetAsync("/v1/kv/a?consistency=stale")).IsSuccessStatusCode, "it has the key");
            Corrupt(wrong);
            Assert.True((await all[0].Client.PutAsync("/v1/kv/a", new StringContent("2"))).IsSuccessStatusCode);

            await TestServer.UntilAsync(async () => (string?)(await StatusAsync(wrong))["phase"] == "quarantined", "the wrong node is quarantined");

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
        }
        finally
        {
            foreach (TestServer server in all)
            {
                await server.DisposeAsync();
            }
        }
    }

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
