using System.Text;
using RaftStore.Kvctl.Tests.Fakes;

namespace RaftStore.Kvctl.Tests.Commands;

public sealed class ChaosCommandTests : IDisposable
{
    private const string NoFaults = """{"to":[],"from":[],"stallLogMs":0,"tickFactor":1,"framesDropped":0,"framesDelayed":0}""";

    private readonly ScriptedServer[] _nodes;

    public ChaosCommandTests() => _nodes = [Node(1), Node(2), Node(3)];

    public void Dispose() => Array.ForEach(_nodes, node => node.Dispose());

    [Fact]
    public async Task Partition_TwoGroups_IsSetAtBothEnds()
    {
        Shell.Ran ran = await RunAsync("partition", "1,2", "n3");

        Assert.Equal((0, "n1, n2 | n3 are cut from each other\n", ""), (ran.Code, ran.Text, ran.Error));
        Assert.Equal("""{"to":["n3"],"from":["n3"],"drop":true,"delayMs":0}""", Asked(1));
        Assert.Equal("""{"to":["n3"],"from":["n3"],"drop":true,"delayMs":0}""", Asked(2));
        Assert.Equal("""{"to":["n1","n2"],"from":["n1","n2"],"drop":true,"delayMs":0}""", Asked(3));
    }

    [Fact]
    public async Task Partition_LeavingOneOut_IsABridge()
    {
        Shell.Ran ran = await RunAsync("partition", "1", "2");

        Assert.Equal(0, ran.Code);
        Assert.Equal("", Asked(3));
    }

    [Fact]
    public async Task Isolate_OneThatDoesNotAnswer_IsSetByTheOthers()
    {
        _nodes[2].Dispose();

        Shell.Ran ran = await RunAsync("isolate", "n3");

        Assert.Equal((0, "n3 is cut from all others\n"), (ran.Code, ran.Text));
        Assert.Equal("""{"to":["n3"],"from":["n3"],"drop":true,"delayMs":0}""", Asked(1));
    }

    [Fact]
    public async Task Oneway_IsThatDirectionOnly()
    {
        Assert.Equal((0, "messages from n1 to n2 are lost\n"), await RunAsync("oneway", "n1", "n2") is var ran ? (ran.Code, ran.Text) : default);
        Assert.Equal("""{"to":["n2"],"from":[],"drop":true,"delayMs":0}""", Asked(1));
        Assert.Equal("""{"to":[],"from":["n1"],"drop":true,"delayMs":0}""", Asked(2));
        Assert.Equal("", Asked(3));
    }

    [Fact]
    public async Task DelayStallAndSkew_AreAskedOfTheNodeItself()
    {
        Assert.Equal((0, "messages from n2 come 200 ms later\n"), await RunAsync("delay", "200ms", "2") is var delay ? (delay.Code, delay.Text) : default);
        Assert.Equal("""{"to":["n1","n3"],"from":[],"drop":false,"delayMs":200}""", Asked(2));
        Assert.Equal((0, "each write to the log of n1 waits 3000 ms\n"), await RunAsync("stall", "n1") is var stall ? (stall.Code, stall.Text) : default);
        Assert.Equal("""{"stallLogMs":3000}""", Asked(1));
        Assert.Equal((0, "the clock of n3 goes 1.5 times as fast\n"), await RunAsync("skew", "n3", "1.5") is var skew ? (skew.Code, skew.Text) : default);
        Assert.Equal("""{"tickFactor":1.5}""", Asked(3));
    }

    [Fact]
    public async Task Stall_NodeThatDoesNotAnswer_SaysSo()
    {
        _nodes[0].Dispose();

        Shell.Ran ran = await RunAsync("stall", "n1", "1s");

        Assert.Equal((4, ""), (ran.Code, ran.Text));
        Assert.Contains("kvctl: n1: ", ran.Error, StringComparison.Ordinal);
        Assert.Contains("nothing was changed", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("in force", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delay_SomeThatDoNotAnswer_SaysThatTheRestIsInForce()
    {
        _nodes[0].Dispose();

        Shell.Ran ran = await RunAsync("delay", "100ms");

        Assert.Equal((4, ""), (ran.Code, ran.Text));
        Assert.Contains("the rest is in force", ran.Error, StringComparison.Ordinal);
        Assert.Contains("\"delayMs\":100", Asked(3), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("FACTOR 'NaN' is not a number between 0.1 and 10", "skew", "n2", "NaN")]
    [InlineData("FACTOR 'Infinity' is not a number between 0.1 and 10", "skew", "n2", "Infinity")]
    [InlineData("FACTOR '0.09' is not a number between 0.1 and 10", "skew", "n2", "0.09")]
    [InlineData("FACTOR '10.1' is not a number between 0.1 and 10", "skew", "n2", "10.1")]
    [InlineData("FACTOR '0,5' is not a number between 0.1 and 10", "skew", "n2", "0,5")]
    [InlineData("DURATION '99s' is not between 1ms and 60s", "delay", "99s")]
    [InlineData("DURATION '11m' is not between 1ms and 10m", "stall", "n1", "11m")]
    public async Task Chaos_OutOfRange_IsRefusedBeforeAnythingIsSent(string said, params string[] words)
    {
        Shell.Ran ran = await RunAsync(words);

        Assert.Equal((2, ""), (ran.Code, ran.Text));
        Assert.Contains(said, ran.Error, StringComparison.Ordinal);
        Assert.All(_nodes, node => Assert.Empty(node.Requests));
    }

    [Theory]
    [InlineData("there is nothing to cut it from", "isolate", "x1")]
    [InlineData("it sends messages to nobody", "delay", "10ms")]
    public async Task Chaos_AClusterOfOne_HasNobodyToBeCutFrom(string said, params string[] words)
    {
        Uri? self = null;
        using ScriptedServer alone = new(request => request.Target switch
        {
            "/v1/status" => Reply.Json(200, """{"id":"1","name":"x1","phase":"running","role":"leader","term":4,"leader":"x1","commitIndex":1,"appliedIndex":1,"revision":1,"version":"0.1.0"}"""),
            "/v1/cluster" => Reply.Json(200, $$"""{"clusterId":"c","leader":"x1","term":4,"commitIndex":1,"members":[{"id":"1","name":"x1","role":"voter","client":"{{self!.GetLeftPart(UriPartial.Authority)}}"}]}"""),
            _ => Reply.Problem(404, "not-found", null),
        });
        self = alone.Endpoint;

        Shell.Ran ran = await Shell.RunAsync([alone.Endpoint], ["chaos", .. words, "--timeout", "5s"]);

        Assert.Equal((2, ""), (ran.Code, ran.Text));
        Assert.Contains("x1 is the only node: " + said, ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(alone.Requests, request => request.Method == "POST");
    }

    [Fact]
    public async Task Heal_AllOrSome_IsADelete()
    {
        Assert.Equal((0, "n2: healed\n"), await RunAsync("heal", "2") is var one ? (one.Code, one.Text) : default);
        Assert.Equal([0, 1, 0], _nodes.Select(Deletes));
        Assert.Equal((0, "n1, n2, n3: healed\n"), await RunAsync("heal") is var all ? (all.Code, all.Text) : default);
        Assert.Equal([1, 2, 1], _nodes.Select(Deletes));
    }

    [Fact]
    public async Task Status_ShowsEachNode()
    {
        Shell.Ran ran = await RunAsync("status", "-o", "json");

        Assert.Equal((0, """{"nodes":{"n1":"none","n2":"to n1 lost; from n3 40 ms late; log writes wait 9 ms; clock x 0.5","n3":"none"}}""" + "\n"), (ran.Code, ran.Text));
    }

    [Theory]
    [InlineData("there is no node 'n9'", "isolate", "n9")]
    [InlineData("n1 is named twice", "partition", "1", "n1")]
    [InlineData("a group is empty", "partition", "1", ",")]
    [InlineData("oneway takes two nodes", "oneway", "1,2", "3")]
    [InlineData("DURATION '5' is not a duration", "delay", "5")]
    [InlineData("Required argument 'NODE' missing", "isolate")]
    [InlineData("unknown command or argument", "flood")]
    public async Task Chaos_WrongWords_SaySo(string said, params string[] words)
    {
        Shell.Ran ran = await RunAsync(words);

        Assert.Equal((2, ""), (ran.Code, ran.Text));
        Assert.Contains(said, ran.Error, StringComparison.Ordinal);
        Assert.All([1, 2, 3], number => Assert.Equal("", Asked(number)));
    }

    private static int Deletes(ScriptedServer node) => node.Requests.Count(request => request.Method == "DELETE");

    private Task<Shell.Ran> RunAsync(params string[] words) => Shell.RunAsync([.. _nodes.Select(node => node.Endpoint)], ["chaos", .. words, "--timeout", "5s"]);

    /// <summary>The last change that a node was asked for; empty where none.</summary>
    private string Asked(int number) => _nodes[number - 1].Requests.LastOrDefault(request => request.Method == "POST") is { } request ? Encoding.UTF8.GetString(request.Body) : "";

    private ScriptedServer Node(int number) => new(request => request.Target switch
    {
        "/v1/status" => Reply.Json(200, $$"""{"id":"{{number}}","name":"n{{number}}","phase":"running","role":"{{(number == 2 ? "leader" : "follower")}}","term":4,"leader":"n2","commitIndex":1,"appliedIndex":1,"revision":1,"version":"0.1.0"}"""),
        "/v1/cluster" => Reply.Json(200, $$"""{"clusterId":"c","leader":"n2","term":4,"commitIndex":1,"members":[{{string.Join(',', Enumerable.Range(1, 3).Select(Member))}}]}"""),
        "/v1/faults" when number == 2 && request.Method == "GET" => Reply.Json(200, """{"to":[{"peer":"n1","drop":true,"delayMs":0}],"from":[{"peer":"n3","drop":false,"delayMs":40}],"stallLogMs":9,"tickFactor":0.5,"framesDropped":3,"framesDelayed":4}"""),
        "/v1/faults" => Reply.Json(200, NoFaults),
        _ => Reply.Problem(404, "not-found", null),
    });

    private string Member(int number) => $$"""{"id":"{{number}}","name":"n{{number}}","role":"voter","client":"{{_nodes[number - 1].Endpoint.GetLeftPart(UriPartial.Authority)}}"}""";
}
