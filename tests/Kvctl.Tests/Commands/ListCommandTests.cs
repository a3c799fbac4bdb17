using System.Text.Json;
using RaftStore.Kvctl.Tests.Fakes;

namespace RaftStore.Kvctl.Tests.Commands;

public sealed class ListCommandTests
{
    private const string First = """{"revision":9,"count":2,"more":true,"cursor":"c","items":[{"key":"YQ==","value":"MQoyXA==","createRevision":1,"modRevision":2,"version":2},{"key":"YgkA","value":"/w==","createRevision":3,"modRevision":3,"version":1}]}""";
    private const string Last = """{"revision":9,"count":1,"more":false,"items":[{"key":"Yw==","value":"","createRevision":4,"modRevision":4,"version":1}]}""";

    [Fact]
    public async Task List_Text_IsOneEscapedItemALine()
    {
        using ScriptedServer server = TwoPages();

        Shell.Ran ran = await Shell.RunAsync(server, "list");

        Assert.Equal((0, "a\t1\\n2\\\\\nb\\t\\u{0}\t\\xff\nc\t\n"), (ran.Code, ran.Text));
        Assert.Equal(["/v1/kv?limit=1000", "/v1/kv?limit=1000&cursor=c"], server.Requests.Select(request => request.Target));
    }

    [Fact]
    public async Task List_KeysOnly_AsksForNoValues()
    {
        using ScriptedServer server = TwoPages();

        Shell.Ran ran = await Shell.RunAsync(server, "list", "users/", "--keys-only", "--consistency", "stale");

        Assert.Equal("a\nb\\t\\u{0}\nc\n", ran.Text);
        Assert.Equal("/v1/kv?prefix=users/&keys_only=true&consistency=stale&limit=1000", server.Requests[0].Target);
    }

    [Fact]
    public async Task List_Json_IsOneDocument()
    {
        using ScriptedServer server = TwoPages();

        Shell.Ran ran = await Shell.RunAsync(server, "list", "-o", "json");

        JsonElement json = JsonDocument.Parse(ran.Output).RootElement;
        Assert.Equal((9, 3), (json.GetProperty("revision").GetInt64(), json.GetProperty("count").GetInt64()));
        Assert.Equal(["utf8", "base64", "utf8"], json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("encoding").GetString()));
        Assert.Equal("/w==", json.GetProperty("items")[1].GetProperty("value").GetString());
    }

    [Theory]
    [InlineData("1", "a\t1\\n2\\\\\n", 1)]
    [InlineData("2", "a\t1\\n2\\\\\nb\\t\\u{0}\t\\xff\n", 1)]
    [InlineData("3", "a\t1\\n2\\\\\nb\\t\\u{0}\t\\xff\nc\t\n", 2)]
    public async Task List_Limit_IsExact(string limit, string expected, int requests)
    {
        using ScriptedServer server = TwoPages();

        Shell.Ran ran = await Shell.RunAsync(server, "list", "--limit", limit);

        Assert.Equal(expected, ran.Text);
        Assert.Equal(requests, server.Requests.Count);
    }

    [Fact]
    public async Task List_Count_PrintsTheTotal()
    {
        using var server = new ScriptedServer(_ => Reply.Json(200, """{"revision":9,"count":12345}"""));

        Shell.Ran text = await Shell.RunAsync(server, "list", "users/", "--count");
        Shell.Ran json = await Shell.RunAsync(server, "list", "--count", "-o", "json");

        Assert.Equal(("12345\n", """{"count":12345}""" + "\n"), (text.Text, json.Text));
        Assert.Equal("/v1/kv?prefix=users/&count_only=true", server.Requests[0].Target);
    }

    [Fact]
    public async Task List_RevisionCompactedMidway_FailsAfterWhatWasPrinted()
    {
        using var server = new ScriptedServer((_, before) => before == 0 ? Reply.Json(200, First) : Reply.Problem(410, "compacted", null));

        Shell.Ran ran = await Shell.RunAsync(server, "list", "--keys-only");

        Assert.Equal((4, "a\nb\\t\\u{0}\n"), (ran.Code, ran.Text));
    }

    private static ScriptedServer TwoPages() => new((_, before) => Reply.Json(200, before == 0 ? First : Last));
}
