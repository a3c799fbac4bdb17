using System.Diagnostics;
using RaftStore.Client;
using RaftStore.Kvctl.Check;
using RaftStore.Kvctl.Tests.Fakes;

namespace RaftStore.Kvctl.Tests.Check;

public sealed class FaultDriverTests : IDisposable
{
    private const string NoFaults = """{"to":[],"from":[],"stallLogMs":0,"tickFactor":1,"framesDropped":0,"framesDelayed":0}""";

    private readonly string _script = Path.Combine(Path.GetTempPath(), $"raftstore-script-{Guid.NewGuid():n}");

    public void Dispose()
    {
        File.Delete(_script);
        File.Delete(_script + ".done");
    }

    [Fact]
    public async Task Run_RequestsThatAreRefused_AreTroublesAndNoFaults()
    {
        int changes = 0;
        using CancellationTokenSource stop = new();
        using ScriptedServer refusing = new(request => request.Method == "POST" && Interlocked.Increment(ref changes) == 2 ? StopAnd(stop, Reply.Problem(404, "not-found", null)) : request.Method == "POST" ? Reply.Problem(404, "not-found", null) : Reply.Json(200, NoFaults));
        using FaultDriver driver = await RunAsync(FaultKind.Stall, [refusing.Endpoint], stop);

        Assert.Empty(driver.Spans);
        Assert.Equal(2, driver.Troubles.Count());
        Assert.All(driver.Troubles, trouble => Assert.StartsWith("stall n1 could not be done: ", trouble, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_APartitionThatOnlyOneEndTakes_SaysWhichOne()
    {
        using CancellationTokenSource stop = new();
        using ScriptedServer well = new(request => request.Method == "POST" ? StopAnd(stop, Reply.Json(200, NoFaults)) : Reply.Json(200, NoFaults));
        using ScriptedServer refusing = new(request => request.Method == "POST" ? Reply.Problem(404, "not-found", null) : Reply.Json(200, NoFaults));
        using FaultDriver driver = await RunAsync(FaultKind.Partition, [well.Endpoint, refusing.Endpoint], stop);

        Assert.EndsWith(" (only at n1)", Assert.Single(driver.Spans).What, StringComparison.Ordinal);
        Assert.Contains(" could not be done but at n1: ", Assert.Single(driver.Troubles), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AScriptThatFailsLater_CountsOnlyWhatItDid()
    {
        await File.WriteAllTextAsync(_script, """[[ $1 == resume ]] && exit 0; [[ -e $0.done ]] && { echo "out of order" >&2; exit 1; }; touch "$0.done" """);
        using CancellationTokenSource stop = new();
        using FaultDriver driver = await RunAsync(FaultKind.Pause, [ScriptedServer.RefusingEndpoint()], stop, new WatchedWriter("out of order", stop));

        Assert.Null(driver.Refusal);
        Assert.Single(driver.Spans);
        Assert.Contains("out of order", driver.Troubles.First(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AFaultThatCannotBeUndone_IsATroubleAndTold()
    {
        await File.WriteAllTextAsync(_script, "echo \"no $1\" >&2; exit 1");
        using CancellationTokenSource stop = new();
        using StringWriter log = new();
        using FaultDriver driver = await RunAsync(FaultKind.Kill, [ScriptedServer.RefusingEndpoint()], stop, log);

        Assert.NotNull(driver.Refusal);
        string trouble = Assert.Single(driver.Troubles, trouble => trouble.StartsWith("kill n1 could not be undone", StringComparison.Ordinal));
        Assert.Contains("no start", trouble, StringComparison.Ordinal);
        Assert.Contains(trouble, log.ToString(), StringComparison.Ordinal);
    }

    private static Reply StopAnd(CancellationTokenSource stop, Reply reply)
    {
        stop.Cancel();
        return reply;
    }

    /// <summary>Runs until it is stopped or gives up.</summary>
    private async Task<FaultDriver> RunAsync(FaultKind kind, Uri[] endpoints, CancellationTokenSource stop, TextWriter? log = null)
    {
        var clock = Stopwatch.StartNew();
        var options = new CheckRunOptions { Duration = TimeSpan.FromMinutes(1), Faults = [kind], Seed = 1, Clients = 1, Keys = 1, Rate = 0, RequestTimeout = TimeSpan.FromSeconds(30), ReportPath = "r.html", Prefix = "check/x/", CommandLine = "kvctl check", ScriptPath = _script };
        NodeConnection[] nodes = [.. endpoints.Select((endpoint, i) => new NodeConnection(new CheckNode($"n{i + 1}", endpoint), clock, options.RequestTimeout))];
        using RaftStoreClient client = new(new RaftStoreClientOptions { Endpoints = endpoints });
        FaultDriver driver = new(options, nodes, client, clock, log ?? TextWriter.Null);
        await driver.RunAsync(stop.Token).WaitAsync(TimeSpan.FromMinutes(3));
        Array.ForEach(nodes, node => node.Dispose());
        return driver;
    }
}
