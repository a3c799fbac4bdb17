using RaftStore.Cluster.Tests.Chaos;
using RaftStore.Cluster.Tests.Harness;
using RaftStore.Verification;

namespace RaftStore.Cluster.Tests;

/// <summary>Nodes that crash, pause and come back, while clients go on.</summary>
public sealed class FailoverTests
{
    [Fact]
    public async Task TheLeader_KilledUnderWrites_LosesNothingAcknowledgedAndComesBackAsAFollower()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        var history = new AcknowledgedHistory();
        using var load = new ClientLoad(cluster, history, seed: 11, clients: 6, keys: 12);
        load.Start();
        await load.DoneAsync(200);
        TestNode leader = await cluster.LeaderAsync();

        leader.Kill();
        TestNode next = await cluster.LeaderAsync(otherThan: leader);
        await load.DoneAsync(200);
        leader.Start();
        await cluster.AllReadyAsync();
        await load.DoneAsync(200);
        await load.StopAsync();

        Assert.NotSame(leader, next);
        await load.CheckAsync();
    }

    [Fact]
    public async Task TheLeader_PausedAndResumed_AnswersNoReadFromItsPast()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        TestNode paused = await cluster.LeaderAsync();
        await cluster.PutAsync(paused, "k", "before the pause");

        paused.Pause();
        TestNode next = await cluster.LeaderAsync(otherThan: paused);
        Answer written = await cluster.PutAsync(next, "k", "during the pause");
        // It is asked while it still sleeps: the request is the first thing it sees when it wakes up.
        Task<Answer> asked = paused.Http.GetAsync("k");
        paused.Resume();
        Answer answer = await asked;

        Assert.True(answer.Outcome != Outcome.Done || (answer.Value == "during the pause" && answer.Revision >= written.Revision), $"{answer}");
        Assert.Equal("during the pause", (await cluster.GetAsync(paused, "k")).Value);
        await cluster.HoldsAsync($"{paused.Name} follows", async () =>
            await paused.Http.JsonAsync("/v1/status") is { } status && status.GetProperty("role").GetString() == "follower");
    }

    [Fact]
    public async Task TwoOfThree_Stopped_WritesAreRefusedAndStaleReadsGoOn()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        await cluster.PutAsync(cluster.Nodes[0], "k", "v");
        IReadOnlyList<TestNode> followers = await cluster.FollowersAsync();
        TestNode left = followers[0];
        await cluster.HoldsAsync($"{left.Name} has applied the write", async () => (await left.Http.GetAsync("k", "stale")).Value == "v");
        foreach (TestNode node in cluster.Nodes.Where(node => node != left))
        {
            node.Kill();
        }

        await cluster.HoldsAsync("a write is refused as not applied", async () => await left.Http.PutAsync("k", "lost") is { Outcome: Outcome.NotApplied, Status: 503 });
        Answer read = await left.Http.GetAsync("k");
        Answer stale = await left.Http.GetAsync("k", "stale");

        Assert.NotEqual(Outcome.Done, read.Outcome);
        Assert.Equal((200, "v"), (stale.Status, stale.Value));

        foreach (TestNode node in cluster.Nodes.Where(node => node != left))
        {
            node.Start();
        }

        await cluster.AllReadyAsync();
        Assert.Equal("v", (await cluster.GetAsync(left, "k")).Value);
    }

    [Fact]
    public async Task TheLeader_LeftAloneByBothFollowers_AnswersNoWriteWithSuccess()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        TestNode leader = await cluster.LeaderAsync();
        foreach (TestNode follower in cluster.Nodes.Where(node => node != leader))
        {
            follower.Kill();
        }

        Answer write = await leader.Http.PutAsync("k", "alone");
        Assert.NotEqual(Outcome.Done, write.Outcome);
        await cluster.HoldsAsync("it gives up leading", async () =>
            await leader.Http.JsonAsync("/v1/status") is { } status && status.GetProperty("role").GetString() != "leader");
        Assert.Equal((Outcome.NotApplied, 503), await leader.Http.PutAsync("k", "still alone") is var refused ? (refused.Outcome, refused.Status) : default);
    }

    [Fact]
    public async Task EveryNode_KilledAtOnceUnderWrites_ComesBackWithEverythingAcknowledged()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        var history = new AcknowledgedHistory();
        using var load = new ClientLoad(cluster, history, seed: 12, clients: 6, keys: 12);
        load.Start();
        await load.DoneAsync(300);

        foreach (TestNode node in cluster.Nodes)
        {
            node.Kill();
        }

        foreach (TestNode node in cluster.Nodes)
        {
            node.Start();
        }

        await cluster.AllReadyAsync();
        await load.DoneAsync(100);
        await load.StopAsync();
        await load.CheckAsync();
    }

    [Fact]
    public async Task ANode_AskedToEnd_EndsWithZeroAndTheOthersGoOn()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        TestNode leader = await cluster.LeaderAsync();
        await cluster.PutAsync(leader, "k", "v");

        Assert.Equal(0, await leader.StopAsync());

        TestNode next = await cluster.LeaderAsync(otherThan: leader);
        Assert.Equal("v", (await cluster.GetAsync(next, "k")).Value);
    }
}
