using System.Text.Json;
using System.Text;
using RaftStore.Kvctl.Tests.Fakes;

namespace RaftStore.Kvctl.Tests.Commands;

/// <summary><c>get</c>, <c>put</c> and <c>del</c> as a user's script sees them.</summary>
public sealed class DataCommandTests
{
    private const string Written = """{"revision":7,"version":3}""";

    [Fact]
    public async Task Get_NotOnATerminal_PrintsTheBytesAndNothingElse()
    {
        using var server = new ScriptedServer(_ => Reply.Value("a\u001bb\n", 5));

        Shell.Ran ran = await Shell.RunAsync(server, "get", "k");

        Assert.Equal((0, "a\u001bb\n", ""), (ran.Code, ran.Text, ran.Error));
    }

    [Fact]
    public async Task Get_OnATerminal_EscapesAndEndsTheLine()
    {
        using var server = new ScriptedServer(_ => Reply.Value("red \u001b[31m\tx\ny\u007f\u202e", 5));

        Shell.Ran ran = await Shell.RunAsync(["get", "k", "--endpoints", server.Endpoint.ToString()], [], isTerminal: true, _ => null);

        Assert.Equal("red \\u{1b}[31m\tx\ny\\u{7f}\\u{202e}\n", ran.Text);
    }

    [Fact]
    public async Task Get_Json_IsTheItem()
    {
        using var server = new ScriptedServer(_ => Reply.Value("grüße", 5, "RaftStore-Node: n2", "RaftStore-Staleness-Ms: 40"));

        Shell.Ran ran = await Shell.RunAsync(server, "get", "k/ü", "-o", "json", "--consistency", "stale", "--min-revision", "7", "--max-staleness", "2s");

        Assert.Equal("/v1/kv/k/%C3%BC?consistency=stale&min_revision=7&max_staleness=2000ms", server.Requests[0].Target);
        Assert.Equal(
            """{"key":"k/ü","value":"grüße","encoding":"utf8","createRevision":1,"modRevision":5,"version":2,"revision":9,"node":"n2","stalenessMs":40}""" + "\n",
            ran.Text);
    }

    [Fact]
    public async Task Get_Meta_PrintsRevisionsInsteadOfTheValue()
    {
        using var server = new ScriptedServer(_ => Reply.Value("secret", 5));

        Shell.Ran ran = await Shell.RunAsync(server, "get", "k", "--meta");

        Assert.Contains("mod revision     5\n", ran.Text, StringComparison.Ordinal);
        Assert.Contains("size             6 bytes\n", ran.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", ran.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_MissingKey_ExitsWith1AndNamesIt()
    {
        using var server = new ScriptedServer(_ => Reply.NotFound());

        Shell.Ran ran = await Shell.RunAsync(server, "get", "no\u0007where");

        Assert.Equal((1, "", "kvctl: no such key: no\\u{7}where"), (ran.Code, ran.Text, ran.Error.TrimEnd()));
    }

    [Fact]
    public async Task Put_Argument_IsWritten()
    {
        using var server = new ScriptedServer(_ => Reply.Json(200, Written));

        Shell.Ran ran = await Shell.RunAsync(server, "put", "greeting", "hello");

        Assert.Equal((0, "revision 7, version 3\n", ""), (ran.Code, ran.Text, ran.Error));
        Assert.Equal(("PUT", "/v1/kv/greeting", "hello"), (server.Requests[0].Method, server.Requests[0].Target, server.Requests[0].BodyText));
    }

    [Theory]
    [InlineData("@file")]
    [InlineData("-5")]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("[suggest]")]
    [InlineData("\"quoted\"")]
    [InlineData("x=y:z")]
    public async Task Put_ValueThatAShellToolMightInterpret_IsWrittenAsItIs(string value)
    {
        using var server = new ScriptedServer(_ => Reply.Json(200, Written));

        Shell.Ran ran = await Shell.RunAsync(server, "put", "k", value);

        Assert.Equal((0, value), (ran.Code, Assert.Single(server.Requests).BodyText));
    }

    [Fact]
    public async Task Put_AfterALoneDoubleDash_TakesAnyWords()
    {
        using var server = new ScriptedServer(_ => Reply.Json(200, Written));

        Shell.Ran ran = await Shell.RunAsync(["put", "--", "--key", "--help"], [], false, name => name == "KVCTL_ENDPOINTS" ? server.Endpoint.ToString() : null);

        Assert.Equal((0, "/v1/kv/--key", "--help"), (ran.Code, server.Requests[0].Target, server.Requests[0].BodyText));
    }

    [Fact]
    public async Task Put_Dash_ReadsTheStandardInputByteForByte()
    {
        byte[] bytes = new byte[200_000];
        new Random(3).NextBytes(bytes);
        using var server = new ScriptedServer(_ => Reply.Json(200, Written));

        Shell.Ran ran = await Shell.RunAsync(["put", "k", "-", "--endpoints", server.Endpoint.ToString()], bytes, false, _ => null);

        Assert.Equal(0, ran.Code);
        Assert.Equal(bytes, server.Requests[0].Body);
    }

    [Fact]
    public async Task Put_InputLargerThanAnyServerTakes_IsRefusedBeforeSending()
    {
        using var server = new ScriptedServer(_ => Reply.Json(200, Written));

        Shell.Ran ran = await Shell.RunAsync(["put", "k", "-", "--endpoints", server.Endpoint.ToString()], new byte[(16 * 1024 * 1024) + 1], false, _ => null);

        Assert.Equal(2, ran.Code);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Put_Prev_PrintsWhatWasReplaced()
    {
        using var server = new ScriptedServer((_, before) => Reply.Json(
            200,
            before == 0 ? """{"revision":7,"version":3,"prev":{"key":"aw==","value":"b2xk","createRevision":1,"modRevision":5,"version":2}}""" : """{"revision":7,"version":1,"prev":null}"""));

        Shell.Ran replaced = await Shell.RunAsync(server, "put", "k", "v", "--prev");
        Shell.Ran created = await Shell.RunAsync(server, "put", "k", "v", "--prev", "-o", "json");

        Assert.Equal("revision 7, version 3\nprevious old\n", replaced.Text);
        Assert.Equal("""{"applied":true,"revision":7,"version":1,"prev":null}""" + "\n", created.Text);
        Assert.All(server.Requests, request => Assert.Equal("/v1/kv/k?prev=true", request.Target));
    }

    [Theory]
    [InlineData("--if-absent", "If-None-Match", "*")]
    [InlineData("--if-revision=12", "If-Match", "\"12\"")]
    public async Task Put_ConditionFails_ExitsWith3(string option, string header, string value)
    {
        using var server = new ScriptedServer(_ => Reply.Problem(412, "condition-failed", "not-applied", "ETag: \"20\""));

        Shell.Ran ran = await Shell.RunAsync(server, "put", "k", "v", option);

        Assert.Equal((3, ""), (ran.Code, ran.Text));
        Assert.Equal("kvctl: the condition does not hold; not applied (the key is at revision 20)", ran.Error.TrimEnd());
        Assert.Equal(value, server.Requests[0].Headers[header]);
    }

    [Fact]
    public async Task Del_OneKey_SaysHowMany()
    {
        using var server = new ScriptedServer((_, before) => Reply.Json(200, before == 0 ? """{"revision":8,"deleted":1}""" : """{"revision":8,"deleted":0}"""));

        Shell.Ran there = await Shell.RunAsync(server, "del", "k");
        Shell.Ran gone = await Shell.RunAsync(server, "del", "k");

        Assert.Equal((0, "deleted 1, revision 8\n"), (there.Code, there.Text));
        Assert.Equal((1, "", "kvctl: there was nothing to delete"), (gone.Code, gone.Text, gone.Error.TrimEnd()));
    }

    [Fact]
    public async Task Del_PrefixOfMoreThanOneRevisionMayTouch_GoesInBatchesAndShowsProgress()
    {
        using var server = new ScriptedServer((request, before) => (request.Method, before) switch
        {
            ("DELETE", 0) => Reply.Problem(413, "range-too-large", "not-applied"),
            ("GET", 1) => Reply.Json(200, """{"revision":9,"count":2,"more":true,"cursor":"c","items":[{"key":"cC8x","createRevision":1,"modRevision":1,"version":1},{"key":"cC8y","createRevision":2,"modRevision":2,"version":1}]}"""),
            ("DELETE", 2) => Reply.Json(200, """{"revision":10,"deleted":7000}"""),
            ("GET", _) => Reply.Json(200, """{"revision":10,"count":1,"more":false,"items":[{"key":"cC8y","createRevision":2,"modRevision":2,"version":1}]}"""),
            _ => Reply.Json(200, """{"revision":11,"deleted":5}"""),
        });

        Shell.Ran ran = await Shell.RunAsync(server, "del", "--prefix", "p/", "-o", "json");

        Assert.Equal((0, """{"revision":11,"deleted":7005}""" + "\n"), (ran.Code, ran.Text));
        Assert.Contains("deleted 7000 keys so far", ran.Error, StringComparison.Ordinal);
        Assert.Equal(
            ["/v1/kv?prefix=p/", "/v1/kv?prefix=p/&keys_only=true&limit=1000", "/v1/kv?start=p/1&end=p/2", "/v1/kv?prefix=p/&keys_only=true&limit=1000", "/v1/kv?prefix=p/"],
            server.Requests.Select(request => request.Target));
    }

    [Fact]
    public async Task Del_PrefixWhereOneDeletionMayDeleteOneKey_DeletesThemAll()
    {
        List<string> keys = ["p/1", "p/2", "p/3"];
        using var server = new ScriptedServer(request =>
        {
            if (request.Method == "GET")
            {
                int limit = int.Parse(request.Target.Split("limit=")[1], System.Globalization.CultureInfo.InvariantCulture);
                string items = string.Join(',', keys.Take(limit).Select(key => $$"""{"key":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes(key))}}","createRevision":1,"modRevision":1,"version":1}"""));
                return Reply.Json(200, $$"""{"revision":9,"count":{{Math.Min(limit, keys.Count)}},"more":{{(keys.Count > limit ? "true,\"cursor\":\"c\"" : "false")}},"items":[{{items}}]}""");
            }

            string end = request.Target.Contains("end=", StringComparison.Ordinal) ? request.Target.Split("end=")[1] : "p0";
            if (keys.Count(key => string.CompareOrdinal(key, end) < 0) > 1)
            {
                return Reply.Problem(413, "range-too-large", "not-applied");
            }

            return Reply.Json(200, $$"""{"revision":10,"deleted":{{keys.RemoveAll(key => string.CompareOrdinal(key, end) < 0)}}}""");
        });

        Shell.Ran ran = await Shell.RunAsync(server, "del", "--prefix", "p/", "-o", "json");

        Assert.Equal((0, """{"revision":10,"deleted":3}""" + "\n"), (ran.Code, ran.Text));
        Assert.Empty(keys);
    }

    [Fact]
    public async Task Del_PrefixEndsInDoubt_SaysHowFarItCameAndExitsWith5()
    {
        using var server = new ScriptedServer((request, before) => (request.Method, before) switch
        {
            ("DELETE", 0) => Reply.Problem(413, "range-too-large", "not-applied"),
            ("GET", _) => Reply.Json(200, """{"revision":9,"count":2,"more":true,"cursor":"c","items":[{"key":"cC8x","createRevision":1,"modRevision":1,"version":1},{"key":"cC8y","createRevision":2,"modRevision":2,"version":1}]}"""),
            ("DELETE", 2) => Reply.Json(200, """{"revision":10,"deleted":7000}"""),
            _ => Reply.Close,
        });

        Shell.Ran ran = await Shell.RunAsync(server, "del", "--prefix", "p/");

        Assert.Equal(5, ran.Code);
        Assert.Contains("stopped after 7000 keys", ran.Error, StringComparison.Ordinal);
        Assert.Contains("outcome unknown", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(503, "not-applied", 4, "not applied: try again")]
    [InlineData(504, "unknown", 5, "outcome unknown: it may have been applied, so read the key before you repeat it")]
    [InlineData(507, "not-applied", 4, "delete keys")]
    [InlineData(413, "not-applied", 2, "not applied")]
    [InlineData(400, "not-applied", 2, "not applied")]
    [InlineData(500, null, 5, "outcome unknown")]
    public async Task Put_Refused_SaysTheReasonTheOutcomeAndWhatToDo(int status, string? outcome, int code, string advice)
    {
        using var server = new ScriptedServer(_ => Reply.Problem(status, "x", outcome));

        // Only a 503 is tried again until the time is over; nothing else here may depend on the machine being quick.
        Shell.Ran ran = await Shell.RunAsync(server, "put", "k", "v", "--timeout", status == 503 ? "3s" : "60s");

        Assert.Equal((code, ""), (ran.Code, ran.Text));
        Assert.Single(ran.Error.TrimEnd().Split('\n'));
        Assert.StartsWith($"kvctl: put: {server.Endpoint.Authority} answered {status} (T): D; ", ran.Error, StringComparison.Ordinal);
        Assert.Contains(advice, ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_NobodyListens_ExitsWith4AndNamesTheAddresses()
    {
        Uri endpoint = ScriptedServer.RefusingEndpoint();

        Shell.Ran ran = await Shell.RunAsync([endpoint], "put", "k", "v");

        Assert.Equal(4, ran.Code);
        Assert.Equal($"kvctl: put: {endpoint.Authority} refused the connection; not applied. Is the cluster up, and are these its addresses (--endpoints)?", ran.Error.TrimEnd());
    }

    [Fact]
    public async Task Put_ConnectionLost_ExitsWith5()
    {
        using var server = new ScriptedServer(_ => Reply.Close);

        Shell.Ran ran = await Shell.RunAsync(server, "put", "k", "v");

        Assert.Equal(5, ran.Code);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Put_JsonFailure_IsJsonOnTheStandardError()
    {
        using var server = new ScriptedServer(_ => Reply.Problem(504, "timed-out", "unknown", "RaftStore-Leader: n2"));

        Shell.Ran ran = await Shell.RunAsync(server, "put", "k", "v", "-o", "json");

        JsonElement json = JsonDocument.Parse(ran.Error).RootElement;
        Assert.Equal(("unknown", 504, "urn:raftstore:error:timed-out", "n2"), (
            json.GetProperty("outcome").GetString(), json.GetProperty("status").GetInt32(), json.GetProperty("type").GetString(), json.GetProperty("leader").GetString()));
        Assert.Equal((5, ""), (ran.Code, ran.Text));
    }

    [Fact]
    public async Task Get_ServersMessageWithControlCharacters_CannotReachTheTerminal()
    {
        using var server = new ScriptedServer(_ => Reply.Json(400, """{"title":"\u001b[2J","detail":"a\nb"}"""));

        Shell.Ran ran = await Shell.RunAsync(server, "get", "k");

        Assert.DoesNotContain('\u001b', ran.Error);
        Assert.Contains("a\\nb", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_KeyThatWasNotUtf8_IsRefused()
    {
        using var server = new ScriptedServer(_ => Reply.Json(200, Written));

        Shell.Ran ran = await Shell.RunAsync(server, "put", Encoding.UTF8.GetString([0x61, 0xFF]), "v");

        Assert.Equal((2, "kvctl: the key is not valid UTF-8"), (ran.Code, ran.Error.TrimEnd()));
        Assert.Empty(server.Requests);
    }
}
