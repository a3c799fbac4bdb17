using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using RaftStore.Cluster.Tests.Harness;

namespace RaftStore.Cluster.Tests;

/// <summary>Strangers and oversize requests change nothing.</summary>
public sealed class BadInputTests
{
    // That the leader stays is about the input, and not about how fast this machine is.
    private static readonly string[] LongElections = ["--heartbeat", "200ms", "--election-timeout-lower", "4s", "--election-timeout-upper", "5s"];

    [Fact]
    public async Task RandomBytes_OnBothPorts_ChangeNothing()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3, LongElections);
        await cluster.PutAsync(cluster.Nodes[0], "k", "v");
        TestNode leader = await cluster.LeaderAsync();
        long term = await cluster.TermAsync();
        var random = new Random(7);

        for (int round = 0; round < 40; round++)
        {
            byte[] garbage = new byte[random.Next(1, 5000)];
            random.NextBytes(garbage);
            foreach (TestNode node in cluster.Nodes)
            {
                await SendAndDropAsync(node.PeerPort, garbage);
                await SendAndDropAsync(node.ClientPort, garbage);
            }
        }

        await ServesAsBeforeAsync(cluster, leader, term);
    }

    [Fact]
    public async Task LengthsThatPromiseMuch_OnThePeerPort_ChangeNothing()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3, LongElections);
        await cluster.PutAsync(cluster.Nodes[0], "k", "v");
        TestNode leader = await cluster.LeaderAsync();
        long term = await cluster.TermAsync();

        foreach (uint length in new uint[] { 0, 1, 15, 16, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff })
        {
            byte[] start = new byte[64];
            BitConverter.TryWriteBytes(start, length);
            BitConverter.TryWriteBytes(start.AsSpan(4), length);
            await SendAndDropAsync(leader.PeerPort, start);
        }

        await ServesAsBeforeAsync(cluster, leader, term);
    }

    [Fact]
    public async Task ANode_ThatTheClusterDoesNotKnow_ChangesNothing()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3, LongElections);
        await cluster.PutAsync(cluster.Nodes[0], "k", "v");
        TestNode leader = await cluster.LeaderAsync();
        long term = await cluster.TermAsync();
        string peer = $"127.0.0.1:{Ports.Next()}";

        // It claims to found a cluster together with two of the nodes, which have long founded theirs with another.
        using var stranger = ServerProcess.Start(
        [
            "--name", "n9", "--data", Path.Combine(cluster.Directory, "n9"), "--listen", $"http://127.0.0.1:{Ports.Next()}", "--peer-listen", peer,
            "--cluster", $"n9={peer},{cluster.Founders}",
        ]);
        for (int i = 0; i < 100; i++)
        {
            await cluster.PutAsync(cluster.Nodes[i % 3], "k", $"v{i}");
        }

        await ServesAsBeforeAsync(cluster, leader, term);
    }

    [Fact]
    public async Task ABodyOf100MB_ToEveryNode_IsRefusedAndChangesNothing()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3, LongElections);
        await cluster.PutAsync(cluster.Nodes[0], "k", "v");
        TestNode leader = await cluster.LeaderAsync();
        long term = await cluster.TermAsync();
        byte[] body = new byte[100_000_000];

        foreach (TestNode node in cluster.Nodes)
        {
            (string statusLine, long sent) = await UploadAsync(node.ClientPort, body);
            Assert.StartsWith("HTTP/1.1 413 ", statusLine, StringComparison.Ordinal);
            Assert.True(sent < body.Length, "the node read all of it before it refused");
        }

        Assert.Null((await cluster.GetAsync(leader, "big")).Value);
        await ServesAsBeforeAsync(cluster, leader, term);
    }

    private static async Task ServesAsBeforeAsync(TestCluster cluster, TestNode leader, long term)
    {
        await cluster.AllReadyAsync();
        Assert.Equal((leader.Name, term), ((await cluster.LeaderAsync()).Name, await cluster.TermAsync()));
        foreach (TestNode node in cluster.Nodes)
        {
            Assert.True(node.IsRunning, $"{node.Name} ended:\n{node.Output}");
            await cluster.PutAsync(node, "after", node.Name);
            Assert.NotNull((await cluster.GetAsync(node, "k")).Value);
        }
    }

    private static async Task SendAndDropAsync(int port, byte[] bytes)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        try
        {
            await socket.SendAsync(bytes);
        }
        catch (SocketException)
        {
            // The node has closed the connection before all of it was sent; that is as good an answer as any.
        }
    }

    /// <summary>Sends a request with a body, reading at the same time, as a client must that wants to see a refusal.</summary>
    private static async Task<(string StatusLine, long Sent)> UploadAsync(int port, byte[] body)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        string head = string.Create(CultureInfo.InvariantCulture, $"PUT /v1/kv/big HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {body.Length}\r\n\r\n");
        await socket.SendAsync(Encoding.ASCII.GetBytes(head));
        byte[] answer = new byte[4096];
        Task<int> answered = socket.ReceiveAsync(answer);
        long sent = 0;
        try
        {
            while (sent < body.Length && !answered.IsCompleted)
            {
                sent += await socket.SendAsync(body.AsMemory((int)sent, Math.Min(64 << 10, body.Length - (int)sent)));
            }
        }
        catch (SocketException)
        {
            // The node stopped listening; its answer has been received or is on its way.
        }

        string text = Encoding.ASCII.GetString(answer, 0, await answered);
        return (text.Split('\r')[0], sent);
    }
}
