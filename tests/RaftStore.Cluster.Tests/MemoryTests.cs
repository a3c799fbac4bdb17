using System.Globalization;
using System.Text.Json;
using RaftStore.Cluster.Tests.Harness;

namespace RaftStore.Cluster.Tests;

/// <summary>Nodes that are given less memory than their data need.</summary>
[Collection(AloneCollection.Name)]
public sealed class MemoryTests
{
    private const int ValueBytes = 1_000_000;

    /// <summary>Exit code of a process that the runtime itself has ended: it found no memory to tell anybody.</summary>
    private const int Aborted = 128 + 6;

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(4);

    // With long elections: what is tried is memory, not how fast this machine is.
    private static readonly string[] LongElections = ["--request-timeout", "30s", "--heartbeat", "200ms", "--election-timeout-lower", "8s", "--election-timeout-upper", "10s"];

    [Fact]
    public async Task WritesWithoutEnd_BeyondTheLeadersMemory_AreRefusedAndAllElseGoesOn()
    {
        using var cluster = new TestCluster(3, LongElections);
        foreach (TestNode node in cluster.Nodes)
        {
            // 384 MiB, of which the last third is kept for what is under way.
            node.Start(["env", "DOTNET_GCHeapHardLimit=0x18000000"]);
        }

        await cluster.AllReadyAsync();
        var load = new Filling();
        await cluster.HoldsAsync("nothing but refusals", async () => await load.WriteAsync(cluster, 8) == 0 && await load.WriteAsync(cluster, 32) == 0, Deadline);

        TestNode leader = await cluster.LeaderAsync();
        JsonElement status = (await leader.Http.JsonAsync("/v1/status"))!.Value;
        Assert.False(status.GetProperty("hasMemory").GetBoolean());
        Assert.Equal(0x18000000, status.GetProperty("memory").GetProperty("limitBytes").GetInt64());
        Assert.Contains("Memory is nearly used up", leader.Output, StringComparison.Ordinal);
        Assert.All(cluster.Nodes, node => Assert.True(node.IsRunning, node.Output));
        Assert.All(load.Refused, answer => Assert.True(answer.Status == 503 && answer.Body.Contains("urn:raftstore:error:overloaded", StringComparison.Ordinal), answer.ToString()));
        Assert.Contains(load.Refused, answer => answer.Body.Contains("memory is nearly used up", StringComparison.Ordinal));
        Assert.NotEmpty(load.Acknowledged);
        await load.IsReadAsync(cluster, leader);

        // The way out that the refusal names.
        (int code, string body) = await leader.Http.SendJsonAsync(HttpMethod.Delete, "/v1/kv?prefix=fill/", null);
        Assert.True(code == 200, body);
        long revision = JsonSerializer.Deserialize<JsonElement>(body).GetProperty("revision").GetInt64();
        (code, body) = await cluster.Nodes.First(node => node != leader).Http.SendJsonAsync(HttpMethod.Post, "/v1/compact", $$"""{"revision":{{revision}}}""");
        Assert.True(code == 200, body);
        await cluster.HoldsAsync("it takes puts again", async () => (await leader.Http.PutAsync("after", "v")).Outcome == Outcome.Done, Deadline);
        await cluster.HoldsAsync("it says so", () => Task.FromResult(leader.Output.Contains("There is enough memory again", StringComparison.Ordinal)), Deadline);
    }

    [Fact]
    public async Task ANode_WhoseMemoryRunsOut_EndsAndTheOthersGoOnWithEverythingAcknowledged()
    {
        using var cluster = new TestCluster(3);
        TestNode poor = cluster.Nodes[0];
        poor.Start(["env", "DOTNET_GCHeapHardLimit=0x5000000"]);
        cluster.Nodes[1].Start();
        cluster.Nodes[2].Start();
        await cluster.AllReadyAsync();

        var load = new Filling();
        TestNode[] others = [.. cluster.Nodes.Skip(1)];
        await cluster.HoldsAsync("the poor node ends", async () =>
        {
            // As a leader it would refuse to take more than it can hold; as a follower it cannot.
            if (load.Refused.Count > 0 || load.Acknowledged.Count == 0)
            {
                await others[0].Http.SendJsonAsync(HttpMethod.Post, "/v1/cluster/transfer", """{"to":"n2"}""");
                load.Refused.Clear();
            }

            if (!poor.Process.HasExited)
            {
                await load.WriteAsync(cluster, 1, others);
            }

            return poor.Process.HasExited;
        }, Deadline);

        Assert.Contains(await poor.Process.ExitCodeAsync(Deadline), (int[])[5, Aborted]);
        await cluster.PutAsync(cluster.Nodes[1], "after", "v");
        poor.Start();
        await cluster.HoldsAsync("it serves once it has the memory", poor.Http.IsReadyAsync, Deadline);
        Assert.NotEmpty(load.Acknowledged);
        await load.IsReadAsync(cluster, poor);
    }

    /// <summary>Large values, each another key's, so that all of them have to be kept.</summary>
    private sealed class Filling
    {
        private readonly string _value = new('x', ValueBytes);
        private int _begun;

        public List<string> Acknowledged { get; } = [];

        /// <summary>What was answered to writes that certainly were not applied.</summary>
        public List<Answer> Refused { get; } = [];

        /// <summary>Writes some at a time, through one node after the other.</summary>
        /// <returns>How many were not refused.</returns>
        public async Task<int> WriteAsync(TestCluster cluster, int count, params TestNode[] nodes)
        {
            TestNode[] asked = nodes.Length > 0 ? nodes : [.. cluster.Nodes];
            string[] keys = [.. Enumerable.Range(_begun, count).Select(number => string.Create(CultureInfo.InvariantCulture, $"fill/{number}"))];
            Answer[] answers = await Task.WhenAll(keys.Select((key, place) => asked[(_begun + place) % asked.Length].Http.PutAsync(key, key + _value)));
            _begun += count;
            Acknowledged.AddRange(keys.Where((_, place) => answers[place].Outcome == Outcome.Done));
            Answer[] refused = [.. answers.Where(answer => answer.Outcome == Outcome.NotApplied)];
            Refused.AddRange(refused);
            return count - refused.Length;
        }

        /// <summary>Finds everything acknowledged at a node.</summary>
        public async Task IsReadAsync(TestCluster cluster, TestNode node)
        {
            foreach (string key in Acknowledged)
            {
                Assert.Equal(key + _value, (await cluster.GetAsync(node, key)).Value);
            }
        }
    }
}
