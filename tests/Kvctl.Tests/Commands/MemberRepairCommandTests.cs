using RaftStore.Kvctl.Tests.Fakes;

namespace RaftStore.Kvctl.Tests.Commands;

public sealed class MemberRepairCommandTests
{
    private const string Target = "/v1/cluster/members/n2/repair";

    [Fact]
    public async Task Repair_ThatTakesLong_TellsHowFarItHasComeAndWaits()
    {
        using ScriptedServer server = new((_, before) => before switch
        {
            0 => Answer(202, "waiting", 0, 0, 0),
            1 or 2 => Answer(202, "receiving", 70, 100, 4096),
            3 => Reply.Problem(504, "timeout", "unknown"),
            _ => Answer(200, "done", 70, 4096, 4096),
        });

        Shell.Ran ran = await Shell.RunAsync(server, "member", "repair", "n2");

        Assert.Equal((0, "n2 serves again: it has the leader's state of entry 70\n"), (ran.Code, ran.Text));
        Assert.Equal(
            ["kvctl: n2: waits for the leader's state", "kvctl: n2: receives the leader's state, 100 of 4096 bytes"],
            ran.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd()));
        Assert.All(server.Requests, request => Assert.Equal(("POST", Target), (request.Method, request.Target)));
    }

    [Fact]
    public async Task Repair_ThatEndsBetweenTwoQuestions_IsDone()
    {
        using ScriptedServer server = new((_, before) => before == 0 ? Answer(202, "loading", 70, 4096, 4096) : Reply.Problem(409, "not-quarantined", "not-applied"));

        Shell.Ran ran = await Shell.RunAsync(server, "member", "repair", "n2", "-o", "json");

        Assert.Equal((0, "{\"member\":\"n2\",\"snapshotIndex\":70}\n"), (ran.Code, ran.Text));
    }

    [Fact]
    public async Task Repair_WithTrust_AsksForIt()
    {
        using ScriptedServer server = new(_ => Answer(200, "done", 0, 0, 0));

        Shell.Ran ran = await Shell.RunAsync(server, "member", "repair", "n2", "--trust-state");

        Assert.Equal((0, "n2 serves again: its own state is trusted\n"), (ran.Code, ran.Text));
        Assert.Equal(Target + "?trust=true", server.Requests[0].Target);
    }

    [Theory]
    [InlineData(409, "not-quarantined", 3)]
    [InlineData(409, "member-conflict", 3)]
    [InlineData(404, "member-not-found", 1)]
    public async Task Repair_ThatIsRefused_SaysSoOnce(int status, string problem, int code)
    {
        using ScriptedServer server = new(_ => Reply.Problem(status, problem, "not-applied"));

        Shell.Ran ran = await Shell.RunAsync(server, "member", "repair", "n2");

        Assert.Equal((code, ""), (ran.Code, ran.Text));
        Assert.Single(server.Requests);
    }

    private static Reply Answer(int status, string stage, long index, long received, long length)
        => Reply.Json(status, $$"""{"id":"2","name":"n2","stage":"{{stage}}","snapshotIndex":{{index}},"receivedBytes":{{received}},"lengthBytes":{{length}}}""");
}
