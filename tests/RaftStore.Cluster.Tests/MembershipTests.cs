using RaftStore.Cluster.Tests.Chaos;
using RaftStore.Cluster.Tests.Harness;
using RaftStore.Verification;

namespace RaftStore.Cluster.Tests;

/// <summary>Members that come, go and are replaced while clients go on.</summary>
public sealed class MembershipTests
{
    [Fact]
    public async Task Cluster_GrownReplacedAndShrunkUnderLoad_LosesNothingAcknowledged()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        var history = new AcknowledgedHistory();
        using var load = new ClientLoad(cluster, history, seed: 31, clients: 4, keys: 10);
        load.Start();
        await load.DoneAsync(100);

        // Grow; the leader dies while the fifth is on its way.
        await cluster.JoinAsync("n4");
        TestNode leader = await cluster.LeaderAsync();
        Task<TestNode> fifth = cluster.JoinAsync("n5");
        leader.Kill();
        await fifth;
        leader.Start();
        await cluster.AllReadyAsync();
        await load.DoneAsync(100);

        // Replace one that is dead and has lost its disk.
        TestNode lost = (await cluster.FollowersAsync())[0];
        lost.Kill();
        TestNode replacement = await cluster.JoinAsync(lost.Name, replaced: lost);
        await load.DoneAsync(100);

        // The new one bears the old one's name, and starts again like any other.
        replacement.Kill();
        replacement.Start();
        await cluster.AllReadyAsync();
        await load.DoneAsync(100);

        // Remove the leader twice; another one dies right after.
        Assert.Equal(0, await cluster.RemoveAsync(await cluster.LeaderAsync()));
        await load.DoneAsync(100);
        Assert.Equal(0, await cluster.RemoveAsync(await cluster.LeaderAsync()));
        TestNode restarted = (await cluster.FollowersAsync())[0];
        restarted.Kill();
        restarted.Start();
        await cluster.AllReadyAsync();
        await load.DoneAsync(100);
        await load.StopAsync();

        Assert.Equal(3, cluster.Nodes.Count);
        await load.CheckAsync();
    }

    [Fact]
    public async Task Cluster_WhoseNodesAreAllReplacedOneByOneUnderLoad_LosesNothingAcknowledged()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        var history = new AcknowledgedHistory();
        using var load = new ClientLoad(cluster, history, seed: 37, clients: 4, keys: 10);
        load.Start();
        await load.DoneAsync(100);

        foreach (string name in new[] { "n1", "n2", "n3" })
        {
            TestNode lost = cluster.Nodes.Single(node => node.Name == name);
            lost.Kill();
            TestNode replacement = await cluster.JoinAsync(name, replaced: lost);
            await load.DoneAsync(50);
            replacement.Kill();
            replacement.Start();
            await cluster.AllReadyAsync();
            await load.DoneAsync(50);
        }

        await load.StopAsync();
        System.Text.Json.JsonElement members = (await cluster.Nodes[0].Http.JsonAsync("/v1/cluster"))!.Value.GetProperty("members");
        Assert.Equal(["4", "5", "6"], members.EnumerateArray().Select(member => member.GetProperty("id").GetString()));
        await load.CheckAsync();
    }

    [Fact]
    public async Task Member_ThatWasNeverStarted_CannotBePromotedAndHoldsNothingUp()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        TestNode asked = cluster.Nodes[0];

        Assert.Equal(200, (await asked.Http.SendJsonAsync(HttpMethod.Post, "/v1/cluster/members?force=true", """{"name":"n9","peer":"127.0.0.1:9"}""")).Status);
        (int status, string body) = await asked.Http.SendJsonAsync(HttpMethod.Post, "/v1/cluster/members/n9/promote", null);

        Assert.Equal(409, status);
        Assert.Contains("does not answer", body, StringComparison.Ordinal);
        Assert.Equal("learner", await cluster.RoleOfAsync("n9"));
        await cluster.PutAsync(asked, "k", "v");
        Assert.Equal(200, (await asked.Http.SendJsonAsync(HttpMethod.Delete, "/v1/cluster/members/n9", null)).Status);
    }

    [Fact]
    public async Task Member_WhoseAddressDoesNotAnswerOrIsAnothers_IsNotTakenInAndNothingChanges()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        using TestCluster stranger = await TestCluster.StartAsync(1);
        NodeClient asked = cluster.Nodes[0].Http;
        int silent = Ports.Next();

        (int status, string body) = await asked.SendJsonAsync(HttpMethod.Post, "/v1/cluster/members", $$"""{"name":"n4","peer":"127.0.0.1:{{silent}}"}""");
        Assert.Equal(409, status);
        Assert.Contains("urn:raftstore:error:member-unreachable", body, StringComparison.Ordinal);
        Assert.Contains($"127.0.0.1:{silent}", body, StringComparison.Ordinal);

        (status, body) = await asked.SendJsonAsync(HttpMethod.Post, "/v1/cluster/members", $$"""{"name":"n1","peer":"{{stranger.Nodes[0].PeerAddress}}"}""");
        Assert.Equal(409, status);
        Assert.Contains("of cluster ", body, StringComparison.Ordinal);

        // A member's address may be changed while it is down, but not to where another node is.
        TestNode down = (await cluster.FollowersAsync())[0];
        asked = cluster.Nodes.First(node => node != down).Http;
        down.Kill();
        (status, body) = await asked.SendJsonAsync(HttpMethod.Patch, $"/v1/cluster/members/{down.Name}", $$"""{"peer":"{{stranger.Nodes[0].PeerAddress}}"}""");
        Assert.Equal(409, status);
        Assert.Equal(200, (await asked.SendJsonAsync(HttpMethod.Patch, $"/v1/cluster/members/{down.Name}", $$"""{"peer":"127.0.0.1:{{silent}}"}""")).Status);

        System.Text.Json.JsonElement members = (await asked.JsonAsync("/v1/cluster"))!.Value.GetProperty("members");
        Assert.Equal(3, members.GetArrayLength());
        Assert.Contains(members.EnumerateArray(), member => member.GetProperty("peer").GetString() == $"127.0.0.1:{silent}");
    }

    [Fact]
    public async Task Replacement_AskedForTwice_IsOne()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        TestNode asked = cluster.Nodes[0];
        const string Body = """{"name":"n3","peer":"127.0.0.1:9"}""";

        (int status, string first) = await asked.Http.SendJsonAsync(HttpMethod.Post, "/v1/cluster/members/n3/replace", Body);
        Assert.Equal(200, status);
        Assert.Equal((200, first), await asked.Http.SendJsonAsync(HttpMethod.Post, "/v1/cluster/members/n3/replace", Body));
    }

    [Fact]
    public async Task Member_OneOfTwoThatRemain_IsNotRemovedWithoutForce()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        Assert.Equal(0, await cluster.RemoveAsync(cluster.Nodes[2]));

        (int status, string body) = await cluster.Nodes[0].Http.SendJsonAsync(HttpMethod.Delete, $"/v1/cluster/members/{cluster.Nodes[1].Name}", null);

        Assert.Equal(409, status);
        Assert.Contains("force=true", body, StringComparison.Ordinal);
        await cluster.PutAsync(cluster.Nodes[1], "k", "v");
    }

    [Fact]
    public async Task Member_RemovedWhileItWasDown_IsToldWhenItComesBackAndEndsWith0()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        TestNode away = (await cluster.FollowersAsync())[0];
        away.Kill();
        TestNode asked = cluster.Nodes.First(node => node != away);
        await cluster.HoldsAsync("it is removed", async () => (await asked.Http.SendJsonAsync(HttpMethod.Delete, $"/v1/cluster/members/{away.Name}", null)).Status is 200 or 404);

        away.Start();

        Assert.Equal(0, await away.Process.ExitCodeAsync());
        Assert.Contains("removed from its cluster", away.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Leader_ToldToStop_HandsOverFirst()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        TestNode leader = await cluster.LeaderAsync();

        Assert.Equal(0, await leader.StopAsync());

        Assert.Contains("Handing the leadership over before stopping: Done", leader.Output, StringComparison.Ordinal);
        await cluster.LeaderAsync(otherThan: leader);
    }

    [Fact]
    public async Task Joining_WhereTheClusterCannotReachIt_WaitsAndSaysSo()
    {
        using TestCluster cluster = await TestCluster.StartAsync(1);
        TestNode member = cluster.Nodes[0];
        string[] arguments = ["--name", "n2", "--data", Path.Combine(cluster.Directory, "n2"), "--listen", $"http://127.0.0.1:{Ports.Next()}", "--peer-listen", $"127.0.0.1:{Ports.Next()}", "--join", member.ClientAddress];
        string unreachable = $"127.0.0.1:{Ports.Next()}";

        using (ServerProcess joining = ServerProcess.Start([.. arguments, "--peer-advertise", unreachable]))
        {
            await cluster.HoldsAsync("it says why it waits", () => Task.FromResult(joining.Output.Contains($"No node answers at {unreachable}", StringComparison.Ordinal)));
            Assert.Null(await cluster.RoleOfAsync("n2"));
            Assert.False(joining.HasExited);
        }

        using ServerProcess corrected = ServerProcess.Start(arguments);
        await cluster.HoldsAsync("it is taken in", async () => await cluster.RoleOfAsync("n2") is not null);
    }

    [Fact]
    public async Task Joining_UnderANameThatTheClusterHas_IsRefusedWithExitCode3()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        using var wiped = new TestNode(cluster, "n2") { Joins = cluster.Nodes[0].ClientAddress };
        wiped.DataPath += "-empty";

        wiped.Start();

        Assert.Equal(3, await wiped.Process.ExitCodeAsync());
        Assert.Contains("belongs to n2", wiped.Output, StringComparison.Ordinal);
    }
}
