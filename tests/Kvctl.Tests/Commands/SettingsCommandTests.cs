using RaftStore.Kvctl.Tests.Fakes;

namespace RaftStore.Kvctl.Tests.Commands;

public sealed class SettingsCommandTests
{
    private const string Body = """{"quotaBytes":1073741824,"historyAge":"10m"}""";

    [Fact]
    public async Task Settings_Text_IsATable()
    {
        using ScriptedServer server = new(_ => Reply.Json(200, Body));

        Shell.Ran ran = await Shell.RunAsync(server, "settings");

        Assert.Equal(0, ran.Code);
        Assert.Matches(@"setting\s+value", ran.Text);
        Assert.Matches(@"quotaBytes\s+1073741824", ran.Text);
        Assert.Matches(@"historyAge\s+10m", ran.Text);
        Assert.Equal(("GET", "/v1/cluster/settings"), (server.Requests[0].Method, server.Requests[0].Target));
    }

    [Fact]
    public async Task Settings_JsonAndStale_IsTheServersObject()
    {
        using ScriptedServer server = new(_ => Reply.Json(200, Body));

        Shell.Ran ran = await Shell.RunAsync(server, "settings", "-o", "json", "--consistency", "stale");

        Assert.Equal((0, Body + "\n"), (ran.Code, ran.Text));
        Assert.Equal("/v1/cluster/settings?consistency=stale", server.Requests[0].Target);
    }

    [Fact]
    public async Task Set_Some_SendsNumbersAndDurationsInOnePatch()
    {
        using ScriptedServer server = new(_ => Reply.Json(200, Body));

        Shell.Ran ran = await Shell.RunAsync(server, "settings", "set", "quotaBytes=1GiB", "historyAge=10m", "rangeKeysMax=7", "-o", "json");

        Assert.Equal((0, Body + "\n"), (ran.Code, ran.Text));
        Assert.Equal(("PATCH", "application/json"), (server.Requests[0].Method, server.Requests[0].Headers["Content-Type"]));
        Assert.Equal("""{"quotaBytes":1073741824,"historyAge":"10m","rangeKeysMax":7}""", server.Requests[0].BodyText);
    }

    [Fact]
    public async Task Set_WhatTheServerRefuses_IsSaidAndWasNotApplied()
    {
        using ScriptedServer server = new(_ => Reply.Problem(400, "invalid-setting", "not-applied"));

        Shell.Ran ran = await Shell.RunAsync(server, "settings", "set", "quota=1");

        Assert.NotEqual(0, ran.Code);
        Assert.NotEqual(5, ran.Code);
        Assert.Contains("D", ran.Error, StringComparison.Ordinal);
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData("quotaBytes")]
    [InlineData("=1")]
    [InlineData("quotaBytes=")]
    public async Task Set_NotNameAndValue_IsUsage(string argument)
    {
        using ScriptedServer server = new(_ => Reply.Json(200, Body));

        Assert.Equal(2, (await Shell.RunAsync(server, "settings", "set", argument)).Code);
        Assert.Equal(2, (await Shell.RunAsync(server, "settings", "set", "a=1", "a=2")).Code);
        Assert.Empty(server.Requests);
    }
}
