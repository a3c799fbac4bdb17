using System.Diagnostics;
using RaftStore.Kvctl.Check;

namespace RaftStore.Kvctl.Tests.Check;

public sealed class AftermathTests
{
    [Fact]
    public async Task Run_ANodeThatIsSilent_EndsInTheTimeGiven()
    {
        using ScriptedServer silent = new(_ => Reply.Silence);
        var clock = Stopwatch.StartNew();
        var error = new StringWriter();
        CheckRunOptions options = Options();
        using NodeConnection one = new(new CheckNode("n1", silent.Endpoint), clock, options.RequestTimeout);
        NodeConnection[] nodes = [one];
        var aftermath = new Aftermath(error, nodes);
        var reader = new CheckWorker(options, new CheckLoad(options, nodes, clock), 1);

        // A request may take ten minutes, and its end is not waited for.
        StateComparison states = await aftermath.RunAsync(reader, options.Keys, TimeSpan.FromSeconds(3), CancellationToken.None).WaitAsync(TimeSpan.FromMinutes(2));

        Assert.Null(states.AreEqual);
        Assert.NotNull(states.Trouble);
        Assert.Equal(["n1 did not serve reads again"], aftermath.Troubles);
    }

    [Fact]
    public async Task Run_ANodeThatRefuses_HoldsUpNoOther()
    {
        using ScriptedServer refusing = new(_ => Reply.Problem(503, "no-leader", "not-applied"));
        using ScriptedServer well = new(_ => Reply.Json(404, "{}", "RaftStore-Revision: 0"));
        var clock = Stopwatch.StartNew();
        var error = new StringWriter();
        CheckRunOptions options = Options();
        using NodeConnection one = new(new CheckNode("n1", refusing.Endpoint), clock, options.RequestTimeout);
        using NodeConnection two = new(new CheckNode("n2", well.Endpoint), clock, options.RequestTimeout);
        NodeConnection[] nodes = [one, two];
        var aftermath = new Aftermath(error, nodes);
        var reader = new CheckWorker(options, new CheckLoad(options, nodes, clock), 1);

        StateComparison states = await aftermath.RunAsync(reader, options.Keys, TimeSpan.FromSeconds(9), CancellationToken.None);

        Assert.Equal((null, "n1 does not answer"), (states.AreEqual, states.Trouble));
        Assert.Equal(["n1 did not serve reads again"], aftermath.Troubles);
        Assert.Equal(options.Keys, well.Requests.Count(request => request.Target.StartsWith("/v1/kv/", StringComparison.Ordinal)));
        Assert.Contains("waiting for n1 to serve reads", error.ToString(), StringComparison.Ordinal);
    }

    private static CheckRunOptions Options() => new() { Duration = TimeSpan.FromSeconds(1), Faults = [], Seed = 1, Clients = 1, Keys = 3, Rate = 0, RequestTimeout = TimeSpan.FromMinutes(10), ReportPath = "r.html", Prefix = "check/x/", CommandLine = "kvctl check" };
}
