using System.Text.Json;
using RaftStore.Kvctl.Tests.Fakes;

namespace RaftStore.Kvctl.Tests.Commands;

public sealed class StatusCommandTests
{
    [Fact]
    public async Task Status_AllThere_IsATableByName()
    {
        using ScriptedServer two = Node("n2", "follower", "n1", applied: 98);
        using ScriptedServer one = Node("n1", "leader", "n1", applied: 100, members: () => [("n2", two.Endpoint), ("n1", null)]);

        Shell.Ran ran = await Shell.RunAsync([two.Endpoint, one.Endpoint], "status");

        string[] lines = [.. ran.Text.Split('\n').Where(line => line.Trim().Length > 0)];
        Assert.Equal(["member", "address", "role", "term", "leader", "commit", "applied", "lag", "revision", "keys", "state", "hash", "health"], Words(lines[0]));
        Assert.Equal(["n1", one.Endpoint.Authority, "leader", "4", "n1", "100", "100", "0", "50", "7", "0011aabb", "@1000", "healthy"], Words(lines[2]));
        Assert.Equal(["n2", two.Endpoint.Authority, "follower", "4", "n1", "100", "98", "2", "50", "7", "0011aabb", "@1000", "healthy"], Words(lines[3]));
        Assert.Equal((0, ""), (ran.Code, ran.Error));
    }

    [Fact]
    public async Task Status_MemberThatIsNoEndpoint_IsAskedAtItsOwnAddress()
    {
        using ScriptedServer two = Node("n2", "follower", "n1", applied: 98);
        using ScriptedServer one = Node("n1", "leader", "n1", applied: 100, members: () => [("n1", null), ("n2", two.Endpoint)]);

        Shell.Ran ran = await Shell.RunAsync(one, "status", "-o", "json");

        JsonElement members = JsonDocument.Parse(ran.Text).RootElement.GetProperty("members");
        Assert.Equal(["n1", "n2"], members.EnumerateArray().Select(member => member.GetProperty("name").GetString()));
        Assert.All(members.EnumerateArray(), member => Assert.True(member.GetProperty("reachable").GetBoolean()));
    }

    [Fact]
    public async Task Status_OneUnreachable_IsShown()
    {
        Uri gone = ScriptedServer.RefusingEndpoint();
        using ScriptedServer one = Node("n1", "leader", "n1", applied: 100, members: () => [("n1", null), ("n2", gone)]);

        Shell.Ran ran = await Shell.RunAsync([one.Endpoint, gone], "status", "-o", "json");

        JsonElement json = JsonDocument.Parse(ran.Text).RootElement;
        JsonElement other = json.GetProperty("members")[1];
        Assert.Equal(2, json.GetProperty("members").GetArrayLength());
        Assert.Equal(("n2", gone.Authority, false, "unreachable"), (
            other.GetProperty("name").GetString(), other.GetProperty("address").GetString(), other.GetProperty("reachable").GetBoolean(), other.GetProperty("health").GetString()));
        Assert.Equal(0, ran.Code);
    }

    [Fact]
    public async Task Status_NoLeader_ExitsWith4()
    {
        using ScriptedServer one = Node("n1", "candidate", null, applied: 100, members: () => [("n1", null)]);

        Shell.Ran ran = await Shell.RunAsync(one, "status");

        Assert.Equal((4, "kvctl: there is no leader: only stale reads are answered"), (ran.Code, ran.Error.TrimEnd()));
        Assert.Contains("no leader", ran.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_Forming_SaysSo()
    {
        using var server = new ScriptedServer(request => request.Target == "/v1/status"
            ? Reply.Json(200, """{"name":"n1","phase":"forming","version":"0.1.0"}""")
            : Reply.Problem(503, "forming", null));

        Shell.Ran ran = await Shell.RunAsync(server, "status", "-o", "json");

        Assert.Equal("forming", JsonDocument.Parse(ran.Text).RootElement.GetProperty("members")[0].GetProperty("health").GetString());
        Assert.Equal(4, ran.Code);
    }

    [Fact]
    public async Task Status_LeaderUnreachable_FollowersWordOnHealthIsNotTaken()
    {
        using ScriptedServer two = Node("n2", "follower", "n1", applied: 98, members: () => [("n1", ScriptedServer.RefusingEndpoint()), ("n2", null)], healthy: false);

        Shell.Ran ran = await Shell.RunAsync(two, "status", "-o", "json");

        Assert.Equal(["unreachable", "healthy"], JsonDocument.Parse(ran.Text).RootElement.GetProperty("members").EnumerateArray().Select(member => member.GetProperty("health").GetString()));
    }

    [Fact]
    public async Task Status_LeaderDoesNotHearAMember_IsShown()
    {
        using ScriptedServer two = Node("n2", "follower", "n1", applied: 98);
        using ScriptedServer one = Node("n1", "leader", "n1", applied: 100, members: () => [("n2", two.Endpoint)], healthy: false);

        Shell.Ran ran = await Shell.RunAsync(one, "status", "-o", "json");

        Assert.Contains("unheard by the leader", ran.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_NobodyThere_ExitsWith4AndSaysWhoWasAsked()
    {
        Uri gone = ScriptedServer.RefusingEndpoint();

        Shell.Ran text = await Shell.RunAsync([gone], "status");
        Shell.Ran json = await Shell.RunAsync([gone], "status", "-o", "json");

        Assert.Equal((4, ""), (text.Code, text.Text));
        Assert.Contains(gone.Authority, text.Error, StringComparison.Ordinal);
        Assert.Equal((4, JsonValueKind.Null), (json.Code, JsonDocument.Parse(json.Text).RootElement.GetProperty("leader").ValueKind));
    }

    [Fact]
    public async Task Status_StateHashesDifferAtOneIndex_IsAFailedCheck()
    {
        using ScriptedServer two = Node("n2", "follower", "n1", applied: 98, hash: "ffff0000");
        using ScriptedServer one = Node("n1", "leader", "n1", applied: 100, members: () => [("n1", null), ("n2", two.Endpoint)]);

        Shell.Ran ran = await Shell.RunAsync(one, "status");

        Assert.Equal(6, ran.Code);
        Assert.Contains("the states of n1 and n2 differ at applied index 1000", ran.Error, StringComparison.Ordinal);
    }

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static ScriptedServer Node(
        string name, string role, string? leader, long applied, Func<(string Name, Uri? Client)[]>? members = null, string hash = "0011aabbccddeeff", bool healthy = true)
    {
        string leaderJson = leader is null ? "null" : $"\"{leader}\"";
        string status = $$$"""{"id":"{{{name[1..]}}}","name":"{{{name}}}","role":"{{{role}}}","term":4,"leader":{{{leaderJson}}},"commitIndex":100,"appliedIndex":{{{applied}}},"revision":50,"keys":7,"stateHash":{"index":1000,"hash":"{{{hash}}}"}}""";
        return new ScriptedServer(request =>
        {
            if (request.Target == "/v1/status")
            {
                return Reply.Json(200, status);
            }

            if (members is null)
            {
                return Reply.Problem(503, "no-leader", null);
            }

            IEnumerable<string> listed = members().Select(member =>
                $$"""{"id":"{{member.Name[1..]}}","name":"{{member.Name}}","role":"voter","healthy":{{(healthy ? "true" : "false")}},"client":{{(member.Client is null ? "null" : $"\"{member.Client}\"")}}}""");
            return Reply.Json(200, $$"""{"clusterId":"c","leader":{{leaderJson}},"term":4,"commitIndex":100,"members":[{{string.Join(',', listed)}}]}""");
        });
    }
}
