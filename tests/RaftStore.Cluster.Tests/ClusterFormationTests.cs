using System.Text.Json;
using RaftStore.Cluster.Tests.Harness;

namespace RaftStore.Cluster.Tests;

/// <summary>Founders with empty directories become one cluster, and what any node takes every node has.</summary>
public sealed class ClusterFormationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public async Task Founders_StartedTogether_FormOneClusterThatAgreesOnItsLeader(int size)
    {
        using TestCluster cluster = await TestCluster.StartAsync(size);
        TestNode leader = await cluster.LeaderAsync();
        var clusterIds = new HashSet<string?>();

        foreach (TestNode node in cluster.Nodes)
        {
            JsonElement view = default;
            await cluster.HoldsAsync($"{node.Name} names {leader.Name} as the leader", async () =>
            {
                view = await node.Http.JsonAsync("/v1/cluster") ?? default;
                return view.ValueKind == JsonValueKind.Object && view.GetProperty("leader").GetString() == leader.Name;
            });
            clusterIds.Add(view.GetProperty("clusterId").GetString());
            Assert.Equal(cluster.Nodes.Select(member => member.Name), view.GetProperty("members").EnumerateArray().Select(member => member.GetProperty("name").GetString()));
        }

        Assert.Single(clusterIds);
    }

    [Fact]
    public async Task AFounder_BeforeTheOthersAreThere_IsAliveButServesNothing()
    {
        using var cluster = new TestCluster(3);
        cluster.Nodes[0].Start();
        cluster.Nodes[1].Start();

        await cluster.HoldsAsync("the first founder is alive", async () => (await cluster.Nodes[0].Http.JsonAsync("/v1/status")) is not null || (await cluster.Nodes[0].Http.PutAsync("k", "v")).Status == 503);
        Answer write = await cluster.Nodes[0].Http.PutAsync("k", "early");
        Assert.Equal((Outcome.NotApplied, 503), (write.Outcome, write.Status));

        cluster.Nodes[2].Start();
        await cluster.AllReadyAsync();
        Assert.Null((await cluster.GetAsync(cluster.Nodes[1], "k")).Value);
    }

    [Fact]
    public async Task AWrite_ThroughEachNode_IsReadOnEveryOther()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);

        foreach (TestNode writer in cluster.Nodes)
        {
            await cluster.PutAsync(writer, $"by/{writer.Name}", $"written through {writer.Name}");
            foreach (TestNode reader in cluster.Nodes)
            {
                Assert.Equal($"written through {writer.Name}", (await cluster.GetAsync(reader, $"by/{writer.Name}")).Value);
            }
        }
    }

    [Fact]
    public async Task AFormedCluster_StoppedAndStarted_HoldsWhatItHeld()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        for (int i = 0; i < 20; i++)
        {
            await cluster.PutAsync(cluster.Nodes[i % 3], $"k{i}", $"v{i}");
        }

        foreach (TestNode node in cluster.Nodes)
        {
            Assert.Equal(0, await node.StopAsync());
        }

        foreach (TestNode node in cluster.Nodes)
        {
            node.Start();
        }

        await cluster.AllReadyAsync();
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal($"v{i}", (await cluster.GetAsync(cluster.Nodes[(i + 1) % 3], $"k{i}")).Value);
        }
    }
}
