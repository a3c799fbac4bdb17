using System.Globalization;
using System.Text.Json;
using RaftStore.Cluster.Tests.Harness;

namespace RaftStore.Cluster.Tests;

/// <summary>A backup taken under load, and what a restore makes of it.</summary>
public sealed class SnapshotTests
{
    [Fact]
    public async Task ABackup_SavedUnderLoad_RestoresToExactlyTheRevisionItNames()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        string file = Path.Combine(cluster.Directory, "backup.snap");
        string data = Path.Combine(cluster.Directory, "restored");
        TestNode leader = await cluster.LeaderAsync();
        TestNode follower = (await cluster.FollowersAsync())[0];
        List<long> revisions = [(await cluster.PutAsync(leader, "k", "0")).Revision];
        using var enough = new CancellationTokenSource();
        Task writing = Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                revisions.Add((await cluster.PutAsync(leader, "k", revisions.Count.ToString(CultureInfo.InvariantCulture))).Revision);
            }
        });

        (int code, string output) = await ServerProcess.KvctlAsync("snapshot", "save", file, "-o", "json", "--endpoints", follower.ClientAddress);
        await enough.CancelAsync();
        await writing;
        Assert.True(code == 0, output);
        JsonElement saved = JsonSerializer.Deserialize<JsonElement>(output);
        long revision = saved.GetProperty("revision").GetInt64();
        string oldCluster = saved.GetProperty("clusterId").GetString()!;

        (code, output) = await ServerProcess.KvctlAsync("snapshot", "restore", file, "--data", data, "--name", "r1");
        Assert.True(code == 0, output);
        using var node = new NodeClient($"http://127.0.0.1:{Ports.Next()}");
        using ServerProcess process = ServerProcess.Start(["--name", "r1", "--data", data, "--listen", node.Address, "--peer-listen", $"127.0.0.1:{Ports.Next()}"]);
        await cluster.HoldsAsync("the restored node is ready", node.IsReadyAsync);

        Answer read = await node.GetAsync("k");
        Assert.Equal(revisions.FindLast(one => one <= revision), read.ModRevision);
        Assert.Equal(revisions.IndexOf(read.ModRevision).ToString(CultureInfo.InvariantCulture), read.Value);
        Assert.Equal(revision + 1_000_000_000, read.Revision);
        Assert.Equal(revision + 1_000_000_001, (await node.PutAsync("k", "after")).Revision);
        JsonElement members = (await node.JsonAsync("/v1/cluster"))!.Value;
        Assert.NotEqual(oldCluster, members.GetProperty("clusterId").GetString());
        Assert.Equal("r1", members.GetProperty("members").EnumerateArray().Single().GetProperty("name").GetString());
    }
}
