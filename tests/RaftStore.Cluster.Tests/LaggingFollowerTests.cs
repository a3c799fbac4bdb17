using System.Globalization;
using RaftStore.Cluster.Tests.Harness;

namespace RaftStore.Cluster.Tests;

/// <summary>Followers that missed a part of the log.</summary>
public sealed class LaggingFollowerTests
{
    [Fact]
    public async Task AFollower_DownForAWhile_CatchesUpFromTheLog()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        TestNode follower = (await cluster.FollowersAsync())[0];
        follower.Kill();
        TestNode other = cluster.Nodes.First(node => node != follower);
        for (int i = 0; i < 50; i++)
        {
            await cluster.PutAsync(other, $"k{i}", $"v{i}");
        }

        follower.Start();

        await cluster.HoldsAsync($"{follower.Name} has the last write", async () => (await follower.Http.GetAsync("k49", "stale")).Value == "v49");
        Assert.Equal("v0", (await follower.Http.GetAsync("k0", "stale")).Value);
    }

    [Fact]
    public async Task AFollower_FarBehindWhatTheOthersStillHold_IsBroughtBackByASnapshot()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3, "--snapshot-log-size", "1048576");
        TestNode follower = (await cluster.FollowersAsync())[0];
        TestNode[] others = [.. cluster.Nodes.Where(node => node != follower)];
        await cluster.PutAsync(others[0], "first", "before");
        await cluster.HoldsAsync($"{follower.Name} has the first write", async () => (await follower.Http.GetAsync("first", "stale")).Value == "before");
        follower.Kill();
        string filling = new('x', 64 << 10);
        int written = 0;
        foreach (TestNode node in others)
        {
            await cluster.HoldsAsync($"{node.Name} has a snapshot beyond 1 MiB of log", async () =>
            {
                for (int i = 0; i < 8; i++, written++)
                {
                    await cluster.PutAsync(others[0], $"k{written % 40}", string.Create(CultureInfo.InvariantCulture, $"{written}{filling}"));
                }

                return await TestCluster.StatusNumberAsync(node, "snapshotIndex") > 0;
            });
        }

        // Started again they hold in memory only what came after their snapshots, which the follower is too far behind for.
        foreach (TestNode node in others)
        {
            node.Kill();
        }

        foreach (TestNode node in others)
        {
            node.Start();
        }

        await cluster.AllReadyAsync();
        await cluster.PutAsync(others[0], "last", "after");
        follower.Start();

        await cluster.HoldsAsync($"{follower.Name} has the last write", async () => (await follower.Http.GetAsync("last", "stale")).Value == "after");
        Assert.True(await TestCluster.StatusNumberAsync(follower, "snapshotIndex") > 0, $"it caught up without a snapshot\n{cluster.Logs}");
        Assert.Equal("before", (await follower.Http.GetAsync("first", "stale")).Value);
        for (int key = 0; key < Math.Min(written, 40); key++)
        {
            Answer leaders = await cluster.GetAsync(others[1], $"k{key}");
            Answer own = await follower.Http.GetAsync($"k{key}", "stale");
            Assert.Equal((leaders.ModRevision, leaders.Value), (own.ModRevision, own.Value));
        }
    }
}
