using System.Net;
using System.Net.Sockets;
using RaftStore.Raft;
using RaftStore.Server.Settings;
using RaftStore.Server.Startup;
using RaftStore.Storage;

namespace RaftStore.Server.Tests.Startup;

public sealed class NodeHostTests
{
    [Fact]
    public async Task Host_Alone_FormsServesAndKeepsWhatItServed()
    {
        await using HostCluster cluster = new(nodes: 1);
        await cluster.StartAsync("n1");
        cluster.AwaitLeader();
        await cluster.PutAsync("n1", "key", "value");
        ClusterId id = cluster["n1"].Cluster;
        Assert.Equal(new NodeId(1), cluster["n1"].Id);

        await cluster.StopAsync("n1");
        await cluster.StartAsync("n1");
        Assert.Equal(NodePhase.Running, cluster["n1"].Phase);
        cluster.AwaitLeader();

        Assert.Equal(id, cluster["n1"].Cluster);
        Assert.Equal("value", await cluster.GetAsync("n1", "key"));
        Assert.Null(cluster.EndOf("n1"));
    }

    [Fact]
    public async Task ThreeHosts_Started_FormOneClusterAndServeThroughEach()
    {
        await using HostCluster cluster = new(nodes: 3);
        await cluster.StartAllAsync();
        cluster.AwaitLeader();

        Assert.Single(cluster.Names.Select(name => cluster[name].Cluster).Distinct());
        Assert.Equal([1u, 2u, 3u], cluster.Names.Select(name => cluster[name].Id.Value));
        foreach (string name in cluster.Names)
        {
            await cluster.PutAsync(name, name, $"through {name}");
        }

        foreach (string reader in cluster.Names)
        {
            foreach (string key in cluster.Names)
            {
                Assert.Equal($"through {key}", await cluster.GetAsync(reader, key));
            }

            Assert.Equal(
                ["http://clients-of-n1", "http://clients-of-n2", "http://clients-of-n3"],
                cluster[reader].Members!.Voters.Select(member => member.ClientAddress));
        }
    }

    [Fact]
    public async Task ThreeHosts_OneStoppedAndRestarted_CatchesUp()
    {
        await using HostCluster cluster = new(nodes: 3);
        await cluster.StartAllAsync();
        cluster.AwaitLeader();
        await cluster.PutAsync("n1", "before", "1");

        await cluster.StopAsync("n2");
        await cluster.PutAsync("n1", "meanwhile", "2");
        await cluster.PutAsync("n3", "meanwhile too", "3");
        await cluster.StartAsync("n2");
        cluster.AwaitLeader();

        Assert.Equal("1", await cluster.GetAsync("n2", "before"));
        Assert.Equal("2", await cluster.GetAsync("n2", "meanwhile"));
        Assert.Equal("3", await cluster.GetAsync("n2", "meanwhile too"));
        await cluster.PutAsync("n2", "after", "4");
        Assert.Equal("4", await cluster.GetAsync("n1", "after"));
    }

    [Fact]
    public async Task Founder_WithoutTheOthers_SaysWhomItWaitsFor()
    {
        await using HostCluster cluster = new(nodes: 3);
        await cluster.StartAsync("n2");
        await cluster.StartAsync("n1");

        Eventually.True(
            () => cluster["n1"].PhaseDetail.StartsWith($"waiting to meet n3 ({cluster.PeerAddressOf("n3")}", StringComparison.Ordinal),
            $"n1 names n3; it says: {cluster["n1"].PhaseDetail}");
        Assert.Equal(NodePhase.Forming, cluster["n1"].Phase);
        Assert.Null(cluster["n1"].Node);
        Assert.Null(cluster["n1"].Members);
        Assert.Equal(ClusterId.None, cluster["n1"].Cluster);
    }

    [Fact]
    public async Task Founder_StartedWithAnotherList_IsToldTheDifference()
    {
        await using HostCluster cluster = new(nodes: 3);
        ServerSettings settings = cluster.SettingsOf("n2");
        await cluster.StartAsync("n1");
        await cluster.StartAsync("n3");
        await cluster.StartAsync(settings with { Founders = [.. settings.Founders, new Founder("n4", "127.0.0.1:1")] });

        Eventually.True(
            () => cluster["n1"].PhaseDetail.Contains("n2 lists n4=127.0.0.1:1, which n1 does not list", StringComparison.Ordinal)
                && cluster["n2"].PhaseDetail.Contains("n2 lists n4=127.0.0.1:1, which n1 does not list", StringComparison.Ordinal),
            "both say in what the lists differ");
        Assert.Equal(NodePhase.Forming, cluster["n3"].Phase);
    }

    [Fact]
    public async Task WipedHost_OfAFormedCluster_EndsWithExitCode3AndTheOthersGoOn()
    {
        await using HostCluster cluster = new(nodes: 3);
        await cluster.StartAllAsync();
        cluster.AwaitLeader();
        await cluster.StopAsync("n3");
        Directory.Delete(cluster.PathOf("n3"), recursive: true);

        await cluster.StartAsync("n3");

        Eventually.True(() => cluster.EndOf("n3") is not null, "the wiped node ends");
        Assert.Equal(3, cluster.EndOf("n3")!.Value.ExitCode);
        Assert.Contains("already has a member named n3", cluster.EndOf("n3")!.Value.Line, StringComparison.Ordinal);
        await cluster.StopAsync("n3");
        await cluster.PutAsync("n1", "key", "value");
        Assert.Equal("value", await cluster.GetAsync("n2", "key"));
    }

    [Fact]
    public async Task Host_WithTheDirectoryOfAnotherNode_IsRefused()
    {
        await using HostCluster cluster = new(nodes: 1);
        await cluster.StartAsync("n1");
        cluster.AwaitLeader();
        await cluster.StopAsync("n1");

        ServerSettings settings = cluster.SettingsOf("n1") with { Name = "other", Founders = [new Founder("other", cluster.PeerAddressOf("n1"))] };
        DataDirectoryException e = await Assert.ThrowsAsync<DataDirectoryException>(() => cluster.StartAsync(settings));

        Assert.Equal(3, NodeFailure.From(e).ExitCode);
        Assert.Contains("belongs to node n1", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Host_WithADirectoryInUse_IsRefusedAndTheFirstGoesOn()
    {
        await using HostCluster cluster = new(nodes: 1);
        await cluster.StartAsync("n1");
        cluster.AwaitLeader();
        await using NodeHost second = new(cluster.SettingsOf("n1") with { PeerListen = "127.0.0.1:0" }, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance, (_, _) => { }, () => { });

        await Assert.ThrowsAsync<DataDirectoryException>(() => second.StartAsync(CancellationToken.None));

        await cluster.PutAsync("n1", "key", "value");
    }

    [Fact]
    public async Task Host_WithATakenPeerPort_IsRefusedAndLetsItsDirectoryGo()
    {
        await using HostCluster cluster = new(nodes: 1);
        using (Socket taken = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            taken.Bind(IPEndPoint.Parse(cluster.PeerAddressOf("n1")));
            taken.Listen();
            IOException e = await Assert.ThrowsAsync<IOException>(() => cluster.StartAsync("n1"));
            Assert.Equal(2, NodeFailure.From(e).ExitCode);
            Assert.Contains("--peer-listen", e.Message, StringComparison.Ordinal);
        }

        await cluster.StartAsync("n1");
        cluster.AwaitLeader();
    }

    [Fact]
    public async Task FormedHost_StartedWithAnotherList_KeepsItsOwn()
    {
        await using HostCluster cluster = new(nodes: 1);
        await cluster.StartAsync("n1");
        cluster.AwaitLeader();
        await cluster.StopAsync("n1");

        ServerSettings settings = cluster.SettingsOf("n1");
        await cluster.StartAsync(settings with { Founders = [.. settings.Founders, new Founder("n2", "127.0.0.1:1")] });
        cluster.AwaitLeader();

        Assert.Equal(["n1"], cluster["n1"].Members!.Voters.Select(member => member.Name));
    }

    [Fact]
    public async Task Host_StoppedWhileForming_StopsAndCanStartAgain()
    {
        await using HostCluster cluster = new(nodes: 2);
        await cluster.StartAsync("n1");
        await cluster.StopAsync("n1");

        await cluster.StartAllAsync();
        cluster.AwaitLeader();
    }

    [Fact]
    public async Task StoppedHost_IsStoppingAndTakesNoMore()
    {
        await using HostCluster cluster = new(nodes: 1);
        await cluster.StartAsync("n1");
        cluster.AwaitLeader();
        NodeHost host = cluster["n1"];
        Node.Node node = host.Node!;
        await cluster.StopAsync("n1");

        Assert.Equal(NodePhase.Stopping, host.Phase);
        Node.WriteOutcome outcome = await node.WriteAsync(Kv.KvCommand.Put("k"u8, "v"u8), Node.NodeClock.SystemMs + 100);
        Assert.Equal(Node.WriteCertainty.NotApplied, outcome.Certainty);
        Assert.Equal(0, host.PeerCounters.ConnectionsOpen);
    }

    [Theory]
    [InlineData("identity.json")]
    [InlineData("wal/hardstate")]
    [InlineData("wal/0000000000000001.wal")]
    public async Task Host_WithADamagedFile_IsRefusedAndNamesIt(string file)
    {
        await using HostCluster cluster = new(nodes: 1);
        await cluster.StartAsync("n1");
        cluster.AwaitLeader();
        for (int i = 0; i < 10; i++)
        {
            await cluster.PutAsync("n1", $"key {i}", "value");
        }

        await cluster.StopAsync("n1");
        Damage(Path.Combine(cluster.PathOf("n1"), file));

        DataDirectoryException e = await Assert.ThrowsAsync<DataDirectoryException>(() => cluster.StartAsync("n1"));

        Assert.EndsWith(file, e.Path, StringComparison.Ordinal);
        Assert.Equal(3, NodeFailure.From(e).ExitCode);
    }

    private static void Damage(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.ReadWrite);

        // Every byte of the first kilobytes but the very first: whatever copy or spare of something may be there, it goes too.
        byte[] bytes = new byte[Math.Min(stream.Length, 16 << 10)];
        stream.ReadExactly(bytes);
        for (int i = 1; i < bytes.Length; i++)
        {
            bytes[i] ^= 0x55;
        }

        stream.Position = 0;
        stream.Write(bytes);
    }
}
