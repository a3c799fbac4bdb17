using RaftStore.Kv;
using RaftStore.Node;
using RaftStore.Server.Faults;
using RaftStore.Server.Tests.Startup;

namespace RaftStore.Server.Tests.Faults;

/// <summary>Faults on whole nodes that are connected by real sockets.</summary>
public sealed class FaultInjectorTests
{
    [Fact]
    public async Task LeaderThatIsCutOff_IsReplaced_AndFollowsOnceHealed()
    {
        await using HostCluster cluster = await StartAsync();
        string old = LeaderOf(cluster, cluster.Names.First());
        string[] others = [.. cluster.Names.Where(name => name != old)];

        Change(cluster, old, new FaultChange(others, others, new PeerFault(Drops: true, DelayMs: 0), null, null));

        Eventually.True(() => others.All(name => LeaderOf(cluster, name) is { Length: > 0 } leader && leader != old), "the others elect one of them");
        await cluster.PutAsync(others[0], "key", "meanwhile");
        Assert.NotEqual(RefusalReason.None, await cluster[old].Node!.ConfirmReadAsync(cluster[old].Clock.NowMs + 100));
        Assert.True(cluster[old].Faults!.FramesDropped > 0);

        cluster[old].Faults!.Change(_ => FaultPlan.None);
        cluster.AwaitLeader();
        Assert.Equal("meanwhile", await cluster.GetAsync(old, "key"));
    }

    [Fact]
    public async Task FollowerThatHearsNothing_StillSpeaks_AndDisturbsNobody()
    {
        await using HostCluster cluster = await StartAsync();
        string leader = LeaderOf(cluster, cluster.Names.First());
        string deaf = cluster.Names.First(name => name != leader);
        long term = cluster[leader].Node!.Status.Term;

        Change(cluster, deaf, new FaultChange([], [.. cluster.Names.Where(name => name != deaf)], new PeerFault(Drops: true, DelayMs: 0), null, null));

        Eventually.True(() => LeaderOf(cluster, deaf).Length == 0, "it knows no leader any more");
        await cluster.PutAsync(leader, "key", "value");
        Assert.Equal((leader, term), (LeaderOf(cluster, leader), cluster[leader].Node!.Status.Term));

        cluster[deaf].Faults!.Change(_ => FaultPlan.None);
        cluster.AwaitLeader();
        Assert.Equal("value", await cluster.GetAsync(deaf, "key"));
        Assert.Equal(term, cluster[leader].Node!.Status.Term);
    }

    [Fact]
    public async Task FramesThatAreLate_ComeInTheEnd()
    {
        await using HostCluster cluster = await StartAsync();
        foreach (string name in cluster.Names)
        {
            Change(cluster, name, new FaultChange([.. cluster.Names.Where(other => other != name)], [], new PeerFault(Drops: false, DelayMs: 20), null, null));
        }

        long from = NodeClock.SystemMs;
        await cluster.PutAsync("n1", "key", "value");

        // To the others and back: no write is acknowledged before both delays are over.
        Assert.True(NodeClock.SystemMs - from >= 40, $"after {NodeClock.SystemMs - from} ms");
        Eventually.True(() => cluster.Names.All(name => cluster[name].Faults!.FramesDelayed > 0), "frames of every node were late");
    }

    [Fact]
    public async Task LeaderWhoseLogIsHeldBack_HandsOverOrStepsDown()
    {
        await using HostCluster cluster = await StartAsync();
        string old = LeaderOf(cluster, cluster.Names.First());

        Change(cluster, old, new FaultChange([], [], default, LogStallMs: 600_000, null));

        // An entry that the disk does not take is what shows that it hangs.
        Task<WriteOutcome> held = cluster[old].Node!.WriteAsync(KvCommand.Put("held"u8, "back"u8), cluster[old].Clock.NowMs + 60_000).AsTask();
        Eventually.True(() => cluster.Names.Where(name => name != old).All(name => LeaderOf(cluster, name) is { Length: > 0 } leader && leader != old), "another leads");
        await cluster.PutAsync(cluster.Names.First(name => name != old), "key", "value");
        cluster[old].Faults!.Change(_ => FaultPlan.None);
        Assert.Equal("value", await cluster.GetAsync(old, "key"));
        await held;
    }

    [Fact]
    public async Task ClockThatIsSkewed_GoesFastUntilHealed()
    {
        await using HostCluster cluster = await StartAsync();
        Change(cluster, "n1", new FaultChange([], [], default, null, TickFactor: 5));
        Assert.Equal(5, cluster["n1"].Clock.Factor);

        await cluster.PutAsync("n1", "key", "value");

        cluster["n1"].Faults!.Change(_ => FaultPlan.None);
        Assert.Equal(1, cluster["n1"].Clock.Factor);
        Assert.Equal("value", await cluster.GetAsync("n2", "key"));
    }

    [Fact]
    public async Task Host_WithoutTheSetting_HasNoFaults()
    {
        await using HostCluster cluster = new(nodes: 1);
        await cluster.StartAsync("n1");
        Assert.Null(cluster["n1"].Faults);
    }

    private static async Task<HostCluster> StartAsync()
    {
        HostCluster cluster = new(nodes: 3);
        foreach (string name in cluster.Names)
        {
            await cluster.StartAsync(cluster.SettingsOf(name) with { InjectsFaults = true });
        }

        cluster.AwaitLeader();
        return cluster;
    }

    private static void Change(HostCluster cluster, string name, FaultChange change) => cluster[name].Faults!.Change(plan => plan.With(change));

    /// <summary>Whom a node takes for the leader; empty where nobody.</summary>
    private static string LeaderOf(HostCluster cluster, string name) =>
        cluster[name].Node!.Status is { Leader: { IsNone: false } leader } status ? status.Configuration.Find(leader)!.Name : "";
}
