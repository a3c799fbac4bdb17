using System.Globalization;
using RaftStore.Cluster.Tests.Harness;

namespace RaftStore.Cluster.Tests;

/// <summary>Far more than the nodes can hold: the rest is refused, the leader stays, and everything recovers.</summary>
[Collection(AloneCollection.Name)]
public sealed class OverloadTests
{
    private const int ValueBytes = 1_000_000;

    /// <summary>What one node takes before anything is applied: 64 MiB in its log, and 32 MiB waiting to come there.</summary>
    private const int HeldBytesMax = 96 << 20;

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task WritesWithoutEnd_WhileNothingCommits_AreShedWithoutAnElectionAndAllRecovers()
    {
        // With long elections: what is tried is that heartbeats pass by the load, not how fast this machine is.
        using TestCluster cluster = await TestCluster.StartAsync(
            3, "--enable-fault-injection", "--request-timeout", "2m", "--heartbeat", "200ms", "--election-timeout-lower", "4s", "--election-timeout-upper", "5s");
        TestNode leader = await cluster.LeaderAsync();
        TestNode[] followers = [.. cluster.Nodes.Where(node => node != leader)];
        await cluster.PutAsync(leader, "before", "v");
        long term = await cluster.TermAsync();
        foreach (TestNode follower in followers)
        {
            Assert.Equal(200, (await follower.Http.SendJsonAsync(HttpMethod.Post, "/v1/faults", """{"stallLogMs":600000}""")).Status);
        }

        using var http = new HttpClient { Timeout = TimeSpan.FromMinutes(5) };
        byte[] value = new byte[ValueBytes];
        int shed = 0;
        List<Task<(string Key, int Status)>> writes = [];
        await cluster.HoldsAsync("writes are shed", async () =>
        {
            writes.AddRange(Enumerable.Range(writes.Count, 20).Select(number => PutAsync(http, leader, string.Create(CultureInfo.InvariantCulture, $"load/{number}"), value)));
            await Eventually.PassAsync(TimeSpan.FromMilliseconds(100));
            shed = writes.Count(write => write is { IsCompletedSuccessfully: true, Result.Status: 503 });
            return shed >= 60;
        }, Deadline);

        await cluster.HoldsAsync($"no more than {HeldBytesMax} bytes wait", () => Task.FromResult(writes.Count(write => !write.IsCompleted) <= HeldBytesMax / ValueBytes), Deadline);
        long bytesInLog = await MetricAsync(http, leader, "raftstore_raft_unapplied_bytes");
        Assert.InRange(bytesInLog, ValueBytes, 64 << 20);
        Assert.Equal("v", (await leader.Http.GetAsync("before")).Value);
        Assert.Equal((leader.Name, term), ((await cluster.LeaderAsync()).Name, await cluster.TermAsync()));

        foreach (TestNode follower in followers)
        {
            Assert.Equal(200, (await follower.Http.SendJsonAsync(HttpMethod.Delete, "/v1/faults", null)).Status);
        }

        (string Key, int Status)[] ends = await Task.WhenAll(writes);
        Assert.All(ends, end => Assert.Contains(end.Status, (int[])[200, 503]));
        int done = ends.Count(end => end.Status == 200);
        Assert.True(done >= bytesInLog / (ValueBytes + 1000), $"{bytesInLog} bytes of writes were in the log of a leader that stayed, and {done} succeeded\n{cluster.Logs}");
        Assert.Equal((leader.Name, term), ((await cluster.LeaderAsync()).Name, await cluster.TermAsync()));
        foreach (TestNode node in cluster.Nodes)
        {
            await cluster.PutAsync(node, $"after/{node.Name}", "v");
            await cluster.HoldsAsync($"{node.Name} holds nothing back", async () => await MetricAsync(http, node, "raftstore_raft_unapplied_bytes") == 0, Deadline);
        }

        for (int number = 0; number < ends.Length; number++)
        {
            Answer read = await cluster.GetAsync(cluster.Nodes[number % 3], ends[number].Key);
            Assert.Equal(ends[number].Status == 200 ? ValueBytes : null, read.Value?.Length);
        }
    }

    private static async Task<(string Key, int Status)> PutAsync(HttpClient http, TestNode node, string key, byte[] value)
    {
        using HttpResponseMessage answer = await http.PutAsync($"{node.ClientAddress}/v1/kv/{Uri.EscapeDataString(key)}", new ByteArrayContent(value));
        if (!answer.IsSuccessStatusCode)
        {
            string body = await answer.Content.ReadAsStringAsync();
            Assert.Contains("\"outcome\":\"not-applied\"", body, StringComparison.Ordinal);
            Assert.True(answer.Headers.Contains("Retry-After"), body);
        }

        return (key, (int)answer.StatusCode);
    }

    private static async Task<long> MetricAsync(HttpClient http, TestNode node, string name)
    {
        string text = await http.GetStringAsync($"{node.ClientAddress}/metrics");
        string line = text.Split('\n').Single(line => line.StartsWith($"{name} ", StringComparison.Ordinal));
        return long.Parse(line[(name.Length + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture);
    }
}
