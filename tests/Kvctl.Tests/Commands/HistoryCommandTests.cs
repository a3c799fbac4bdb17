using RaftStore.Kvctl.Tests.Fakes;

namespace RaftStore.Kvctl.Tests.Commands;

/// <summary><c>history</c>, <c>compact</c>, and reads of the past.</summary>
public sealed class HistoryCommandTests
{
    [Fact]
    public async Task History_KeyDeletedAndMadeAgain_IsWalkedToItsBeginning()
    {
        using ScriptedServer server = Past();

        Shell.Ran ran = await Shell.RunAsync(server, "history", "k");

        Assert.Equal((0, "8\t2\tthree\\n\n5\tdeleted\n3\t2\ttwo\n2\t2\tone\n", ""), (ran.Code, ran.Text, ran.Error));
        Assert.Equal(["/v1/kv/k", "/v1/kv/k?revision=7", "/v1/kv/k?revision=4", "/v1/kv/k?revision=2", "/v1/kv/k?revision=1"], server.Requests.Select(request => request.Target));
    }

    [Fact]
    public async Task History_ReachingWhatIsCompacted_SaysSo()
    {
        using ScriptedServer server = Past(compacted: 4);

        Shell.Ran ran = await Shell.RunAsync(server, "history", "k", "--consistency", "stale");

        Assert.Equal((0, "8\t2\tthree\\n\n5\tdeleted\n3\t2\ttwo\n"), (ran.Code, ran.Text));
        Assert.Contains("compacted", ran.Error, StringComparison.Ordinal);
        Assert.Equal("/v1/kv/k?consistency=stale&revision=7", server.Requests[1].Target);
    }

    [Fact]
    public async Task History_Limit_AsksForNoMore()
    {
        using ScriptedServer server = Past();

        Shell.Ran ran = await Shell.RunAsync(server, "history", "k", "--limit", "2");

        Assert.Equal((0, "8\t2\tthree\\n\n5\tdeleted\n", 2), (ran.Code, ran.Text, server.Requests.Count));
    }

    [Fact]
    public async Task History_Json_IsOneDocument()
    {
        using ScriptedServer server = Past(compacted: 4);

        Shell.Ran ran = await Shell.RunAsync(server, "history", "k", "-o", "json");

        Assert.Equal(
            """{"versions":[{"key":"k","value":"three\n","encoding":"utf8","createRevision":1,"modRevision":8,"version":2},{"modRevision":5,"deleted":true},"""
            + """{"key":"k","value":"two","encoding":"utf8","createRevision":1,"modRevision":3,"version":2}],"compacted":true}""" + "\n",
            ran.Text);
    }

    [Fact]
    public async Task History_KeyThatNeverWas_ExitsWith1()
    {
        using var server = new ScriptedServer(_ => Reply.NotFound());

        Shell.Ran text = await Shell.RunAsync(server, "history", "k");
        Shell.Ran json = await Shell.RunAsync(server, "history", "k", "-o", "json");

        Assert.Equal((1, "", "kvctl: no such key: k"), (text.Code, text.Text, text.Error.TrimEnd()));
        Assert.Equal((1, """{"versions":[],"compacted":false}""" + "\n"), (json.Code, json.Text));
    }

    [Fact]
    public async Task History_NoNodeThere_ExitsWith4()
    {
        Shell.Ran ran = await Shell.RunAsync([new Uri("http://127.0.0.1:1")], "history", "k", "--timeout", "300ms");

        Assert.Equal((4, ""), (ran.Code, ran.Text));
    }

    [Fact]
    public async Task Compact_Done_SaysWhatCanBeRead()
    {
        using var server = new ScriptedServer(_ => Reply.Json(200, """{"revision":9,"compactedRevision":5}"""));

        Shell.Ran text = await Shell.RunAsync(server, "compact", "5");
        Shell.Ran json = await Shell.RunAsync(server, "compact", "5", "-o", "json");

        Assert.Equal((0, "revisions 5 to 9 can be read\n"), (text.Code, text.Text));
        Assert.Equal("""{"revision":9,"compactedRevision":5}""" + "\n", json.Text);
        Assert.Equal(("POST", "/v1/compact", """{"revision":5}"""), (server.Requests[0].Method, server.Requests[0].Target, server.Requests[0].BodyText));
        Assert.Equal("application/json", server.Requests[0].Headers["Content-Type"]);
    }

    [Theory]
    [InlineData(410, "compacted", 4)]
    [InlineData(400, "future-revision", 2)]
    [InlineData(504, "timeout", 5)]
    public async Task Compact_Refused_ExitsAsTheContractSays(int status, string name, int code)
    {
        using var server = new ScriptedServer(_ => Reply.Problem(status, name, status == 504 ? "unknown" : "not-applied"));

        Shell.Ran ran = await Shell.RunAsync(server, "compact", "5", "--timeout", "1s");

        Assert.Equal((code, ""), (ran.Code, ran.Text));
        Assert.Contains(status == 504 ? "outcome unknown" : "not applied", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetAndList_OfThePast_NameTheRevision()
    {
        using var server = new ScriptedServer(request => request.Target.Contains("count_only", StringComparison.Ordinal)
            ? Reply.Json(200, """{"revision":4,"count":2}""")
            : request.Target.StartsWith("/v1/kv?", StringComparison.Ordinal)
                ? Reply.Json(200, """{"revision":4,"count":0,"more":false,"items":[]}""")
                : Reply.Value("then", 3));

        Assert.Equal("then", (await Shell.RunAsync(server, "get", "k", "--revision", "4")).Text);
        Assert.Equal(0, (await Shell.RunAsync(server, "list", "p", "--revision", "4")).Code);
        Assert.Equal("2\n", (await Shell.RunAsync(server, "list", "--revision", "4", "--count")).Text);

        Assert.Equal(["/v1/kv/k?revision=4", "/v1/kv?prefix=p&revision=4&limit=1000", "/v1/kv?count_only=true&revision=4"], server.Requests.Select(request => request.Target));
    }

    [Fact]
    public async Task Get_CompactedRevision_IsNotTakenForAMissingKey()
    {
        using var server = new ScriptedServer(_ => Reply.Problem(410, "compacted", null));

        Assert.Equal(4, (await Shell.RunAsync(server, "get", "k", "--revision", "4")).Code);
    }

    // A key that was made twice: at 2 and 3, gone at 5, made again at 8.
    private static ScriptedServer Past(long compacted = 0) => new(request =>
    {
        int at = request.Target.IndexOf("revision=", StringComparison.Ordinal);
        long revision = at < 0 ? 9 : long.Parse(request.Target[(at + 9)..].Split('&')[0]);
        return revision switch
        {
            _ when revision < compacted - 1 => Reply.Problem(410, "compacted", null),
            >= 8 => Reply.Value("three\n", 8),
            >= 5 => Reply.NotFound("RaftStore-Deleted-Revision: 5"),
            >= 3 => Reply.Value("two", 3),
            2 => Reply.Value("one", 2),
            _ => Reply.NotFound(),
        };
    });
}
