using System.Net;
using System.Net.Sockets;
using RaftStore.Node.Formation;
using RaftStore.Node.Handshakes;
using RaftStore.Raft;
using RaftStore.Server.Http;
using RaftStore.Server.Peers;

namespace RaftStore.Server.Tests.Peers;

public sealed class PeerInquiryTests
{
    private static readonly PeerIdentity Asker = new(ClusterId.None, NodeId.None, "n4", "http://n4", "127.0.0.1:4");

    [Fact]
    public void Ask_AFormedNode_TellsWhoItIsAndCountsNoRefusal()
    {
        using PeerNodeHarness node = PeerNodeHarness.Listen(PeerNodeHarness.Members(2), 1);

        NodeSighting found = PeerInquiry.Ask(Asker, $"127.0.0.1:{node.Port}", 10_000, node.Meter);

        Assert.Equal(("n1", NodeStage.Formed, PeerNodeHarness.Cluster, new NodeId(1)), (found.Name, found.Stage, found.Cluster, found.Id));
        Assert.Equal(0, node.Meter.Snapshot.HandshakesRefused);
        Assert.Empty(node.Received);
    }

    [Fact]
    public void Answer_WithEveryField_ArrivesAsItWas()
    {
        NodeSighting said = new()
        {
            Name = "n2",
            Stage = NodeStage.Searching,
            Life = 5,
            PeerAddress = "127.0.0.2:7500",
            ClientAddress = "http://127.0.0.2:7400",
            Instance = 9,
            Expect = 3,
            Founders = FoundingList.Create([("n1", "a:1"), ("n2", "b:2")]),
            IsFirm = true,
        };

        NodeSighting heard = Introduction.Read(Introduction.Describe(said, HandshakeRules.VersionMax));

        Assert.True(FoundingList.AreEqual(said.Founders, heard.Founders!));
        Assert.Equal(said, heard with { Founders = said.Founders });
    }

    [Fact]
    public async Task Probe_WhereNobodyListensOrSomethingElseDoes_SaysWhy()
    {
        using TcpListener web = new(IPAddress.Loopback, 0);
        web.Start();
        Task answering = Task.Run(async () =>
        {
            using Socket socket = await web.AcceptSocketAsync();
            socket.Send("HTTP/1.1 400 Bad Request\r\n\r\n"u8);
            await socket.ReceiveAsync(new byte[1]);
        });

        PeerProbe wrong = await PeerProbe.AskAsync(Asker, web.LocalEndpoint.ToString()!, 10_000, new PeerMeter());
        await answering;
        web.Stop();
        PeerProbe nobody = await PeerProbe.AskAsync(Asker, web.LocalEndpoint.ToString()!, 10_000, new PeerMeter());

        Assert.Null(wrong.Node);
        Assert.Contains("not those of a RaftStore peer", wrong.Trouble, StringComparison.Ordinal);
        Assert.Null(nobody.Node);
        Assert.NotEmpty(nobody.Trouble);
    }

    [Theory]
    [InlineData("n4", NodeStage.Joining, 0UL, 7UL, null)]
    [InlineData("n4", NodeStage.Searching, 0UL, 0UL, null)]
    [InlineData("n4", NodeStage.Joining, 0UL, 8UL, "another n4")]
    [InlineData("n5", NodeStage.Joining, 0UL, 7UL, "n5 answers")]
    [InlineData("n4", NodeStage.Forming, 0UL, 0UL, "founds a cluster of its own")]
    [InlineData("n4", NodeStage.Formed, 1UL, 0UL, "has its old data")]
    [InlineData("n4", NodeStage.Formed, 2UL, 0UL, "of cluster 0000000000000002")]
    public void NewMember_ByWhoAnswers_IsTakenOrNot(string name, NodeStage stage, ulong cluster, ulong instance, string? reason)
    {
        NodeSighting found = new() { Name = name, Stage = stage, Life = 1, Cluster = new ClusterId(cluster), Instance = instance };

        string? judged = MemberReachability.JudgeNew(found, "n4", instance: 7, new ClusterId(1));

        Assert.Equal(reason is null, judged is null);
        Assert.Contains(reason ?? "", judged ?? "", StringComparison.Ordinal);
    }
}
