using System.Text.Json;
using RaftStore.Kvctl.Tests.Fakes;

namespace RaftStore.Kvctl.Tests.Check;

public sealed class CheckCommandTests : IDisposable
{
    private readonly string _report = Path.Combine(Path.GetTempPath(), $"raftstore-check-{Guid.NewGuid():n}.html");

    public void Dispose() => File.Delete(_report);

    [Theory]
    [InlineData("--chaos fire", "--chaos 'fire'")]
    [InlineData("--chaos kill,", "--chaos ''")]
    [InlineData("--clients 0", "--clients 0")]
    [InlineData("--keys 1001", "--keys 1001")]
    [InlineData("--rate=-1", "--rate -1")]
    [InlineData("--duration soon", "--duration 'soon'")]
    [InlineData("--request-timeout 0s", "--request-timeout '0s'")]
    [InlineData("--chaos kill --cluster-script nowhere.sh", "nowhere.sh")]
    [InlineData("--report nowhere/at/all.html", "nowhere/at/all.html")]
    public async Task Check_BadArguments_EndsWithUsage(string arguments, string named)
    {
        Shell.Ran ran = await Shell.RunAsync([ScriptedServer.RefusingEndpoint()], ["check", .. arguments.Split(' ')]);

        Assert.Equal(2, ran.Code);
        Assert.Contains(named, ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_NobodyThere_EndsAsUnavailable()
    {
        Shell.Ran ran = await Shell.RunAsync([ScriptedServer.RefusingEndpoint()], "check", "--report", _report);

        Assert.Equal(4, ran.Code);
    }

    [Fact]
    public async Task Check_FaultsThatTheNodesDoNotOffer_EndsWithUsageBeforeAnythingIsSent()
    {
        using LyingStore store = new(_ => false);
        Shell.Ran ran = await Shell.RunAsync([store.Endpoint], "check", "--chaos", "partition", "--report", _report);

        Assert.Equal(2, ran.Code);
        Assert.Contains("--enable-fault-injection", ran.Error, StringComparison.Ordinal);
        Assert.Equal(0, store.Keys);
    }

    [Fact]
    public async Task Check_AStoreThatKeepsItsPromise_EndsWellAndLeavesNothing()
    {
        using LyingStore store = new(_ => false);
        Shell.Ran ran = await Shell.RunAsync([store.Endpoint], "check", "--duration", "2s", "--clients", "4", "--rate", "500", "--seed", "3", "--report", _report, "-o", "json");

        Assert.True(ran.Code == 0, ran.Error + ran.Text);
        JsonElement json = JsonSerializer.Deserialize<JsonElement>(ran.Output);
        Assert.Equal("linearizable", json.GetProperty("verdict").GetString());
        Assert.True(json.GetProperty("answered").GetInt32() > 50, ran.Text);
        Assert.Equal("aa", json.GetProperty("stateHash").GetProperty("n1").GetString());
        Assert.Contains("linearizable, and all nodes hold the same state", await File.ReadAllTextAsync(_report), StringComparison.Ordinal);
        Assert.Contains("answered, ", ran.Error, StringComparison.Ordinal);
        Assert.Equal(0, store.Keys);
    }

    [Fact]
    public async Task Check_AVoterWhoseAddressIsNotKnown_IsNamedAndItsStateCountsAsNotCompared()
    {
        using LyingStore store = new(_ => false, """{"id":"2","name":"n2","role":"voter"}""");
        Shell.Ran ran = await Shell.RunAsync([store.Endpoint], "check", "--duration", "1s", "--clients", "4", "--rate", "300", "--report", _report, "-o", "json");

        Assert.True(ran.Code == 6, ran.Error + ran.Text);
        JsonElement json = JsonSerializer.Deserialize<JsonElement>(ran.Output);
        Assert.Equal("states-unknown", json.GetProperty("verdict").GetString());
        Assert.Contains(json.GetProperty("troubles").EnumerateArray(), trouble => trouble.GetString()!.StartsWith("n2 is left out", StringComparison.Ordinal));
        string page = await File.ReadAllTextAsync(_report);
        Assert.Contains("n2 is left out", page, StringComparison.Ordinal);
        Assert.DoesNotContain("hold the same state", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_ALearnerWhoseAddressIsNotKnown_IsNamed()
    {
        using LyingStore store = new(_ => false, """{"id":"2","name":"n2","role":"learner"}""");
        Shell.Ran ran = await Shell.RunAsync([store.Endpoint], "check", "--duration", "1s", "--clients", "4", "--rate", "300", "--report", _report);

        Assert.True(ran.Code == 0, ran.Error + ran.Text);
        Assert.StartsWith("linearizable, and all voters hold the same state", ran.Text, StringComparison.Ordinal);
        Assert.Contains("n2, a learner, is left out", ran.Text, StringComparison.Ordinal);
        Assert.Contains("n2, a learner, is left out", await File.ReadAllTextAsync(_report), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_ALearnerWhoseStateDiffers_IsFoundOut()
    {
        using ScriptedServer learner = new(request => request.Target.StartsWith("/v1/status", StringComparison.Ordinal)
            ? Reply.Json(200, """{"name":"n2","appliedIndex":7,"version":"0","stateHash":{"index":7,"hash":"bb"}}""")
            : request.Method == "GET" ? Reply.Json(404, "{}", "RaftStore-Revision: 0") : Reply.Problem(503, "no-leader", "not-applied"));
        using LyingStore store = new(_ => false, $$"""{"id":"2","name":"n2","role":"learner","client":"{{learner.Endpoint.GetLeftPart(UriPartial.Authority)}}"}""");
        Shell.Ran ran = await Shell.RunAsync([store.Endpoint], "check", "--duration", "1s", "--clients", "4", "--rate", "300", "--report", _report, "-o", "json");

        Assert.True(ran.Code == 6, ran.Error + ran.Text);
        Assert.Equal("bb", JsonSerializer.Deserialize<JsonElement>(ran.Output).GetProperty("stateHash").GetProperty("n2").GetString());
    }

    [Fact]
    public async Task Check_AMemberWhoseNameAScriptCouldMisread_IsRefused()
    {
        using ScriptedServer server = new(_ => Reply.Json(200, """{"clusterId":"c","leader":"n1","term":1,"commitIndex":1,"members":[{"id":"1","name":"--help;","role":"voter","client":"http://127.0.0.1:1"}]}"""));
        Shell.Ran ran = await Shell.RunAsync([server.Endpoint], "check", "--report", _report);

        Assert.Equal(2, ran.Code);
        Assert.Contains("no name to be handed to a script", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_Interrupted_ChecksWhatItHasSeen()
    {
        using LyingStore store = new(_ => false);
        using CancellationTokenSource interrupt = new();
        Task<Shell.Ran> running = Shell.RunAsync([store.Endpoint], interrupt.Token, "check", "--duration", "10m", "--clients", "4", "--rate", "500", "--report", _report);
        await Task.WhenAny(store.Written, running);
        await interrupt.CancelAsync();
        Shell.Ran ran = await running;

        Assert.True(ran.Code == 0, ran.Error + ran.Text);
        Assert.Contains("interrupted after", ran.Text, StringComparison.Ordinal);
        Assert.Contains("interrupted after", await File.ReadAllTextAsync(_report), StringComparison.Ordinal);
        Assert.Equal(0, store.Keys);
    }

    [Fact]
    public async Task Check_InterruptedWhileItWaitsForANode_ReportsWhatIsKnown()
    {
        using ScriptedServer deaf = new(_ => Reply.Problem(503, "no-leader", "not-applied"));
        using LyingStore store = new(_ => false, $$"""{"id":"2","name":"n2","role":"voter","client":"{{deaf.Endpoint.GetLeftPart(UriPartial.Authority)}}"}""");
        Shell.Ran ran = await Shell.RunUntilAsync([store.Endpoint], "waiting for n2", "check", "--duration", "1s", "--clients", "4", "--rate", "300", "--report", _report);

        Assert.True(ran.Code == 6, ran.Error + ran.Text);
        Assert.Contains("check: waiting for n2 to serve reads", ran.Error, StringComparison.Ordinal);
        Assert.Contains("interrupted while waiting for n2 to serve reads", ran.Text, StringComparison.Ordinal);
        Assert.Contains("interrupted while waiting for n2 to serve reads", await File.ReadAllTextAsync(_report), StringComparison.Ordinal);
        Assert.Contains("could not be compared", ran.Text, StringComparison.Ordinal);
        Assert.Equal(0, store.Keys);
    }

    [Fact]
    public async Task Check_AScriptThatRefusesTheFirstFault_EndsWithUsageAndWhatItSaid()
    {
        string script = Path.Combine(Path.GetTempPath(), $"raftstore-script-{Guid.NewGuid():n}.sh");
        await File.WriteAllTextAsync(script, "echo \"there is no cluster here ($1)\" >&2; exit 2");
        using LyingStore store = new(_ => false);
        Shell.Ran ran = await Shell.RunAsync([store.Endpoint], "check", "--duration", "10m", "--rate", "100", "--chaos", "kill", "--cluster-script", script, "--report", _report);
        File.Delete(script);

        Assert.Equal(2, ran.Code);
        Assert.Contains("there is no cluster here (kill)", ran.Error, StringComparison.Ordinal);
        Assert.Equal(0, store.Keys);
    }

    [Fact]
    public async Task Check_KeysThatAreToBeKept_StayThere()
    {
        using LyingStore store = new(_ => false);
        Shell.Ran ran = await Shell.RunAsync([store.Endpoint], "check", "--duration", "1s", "--rate", "300", "--keep-keys", "--report", _report);

        Assert.True(ran.Code == 0, ran.Error + ran.Text);
        Assert.True(store.Keys > 0);
    }

    [Fact]
    public async Task Check_AStoreThatShowsOldValues_FailsAndNamesTheBadPiece()
    {
        using LyingStore store = new(read => read % 40 == 0);
        Shell.Ran ran = await Shell.RunAsync([store.Endpoint], "check", "--duration", "2s", "--clients", "4", "--rate", "500", "--seed", "3", "--report", _report);

        Assert.True(ran.Code == 6, ran.Error + ran.Text);
        Assert.StartsWith("not linearizable", ran.Text, StringComparison.Ordinal);
        Assert.Contains("No order explains these", ran.Text, StringComparison.Ordinal);
        string page = await File.ReadAllTextAsync(_report);
        Assert.Contains("not linearizable", page, StringComparison.Ordinal);
        Assert.Contains("No order explains these", page, StringComparison.Ordinal);
        Assert.Contains(" piece\"", page, StringComparison.Ordinal);
        Assert.Contains("reads «check/", page, StringComparison.Ordinal);
    }
}
