using System.Text;
using RaftStore.Kvctl.Tests.Fakes;

namespace RaftStore.Kvctl.Tests.Output;

/// <summary>Whatever a server says, or somebody stored: none of it may drive the terminal of whoever reads it.</summary>
public sealed class HostileServerTests
{
    // Clears the screen, in seven bits and in eight, and turns the reading direction round.
    private const string Bad = "x\\u001b[2J\\u009b2J\\u007f\\u202ey";
    private const string BadValue = "eBtbMkrCmzJKf+KArnk=";

    private static readonly string[][] Commands =
    [
        ["get", "k", "--meta"],
        ["list"],
        ["list", "--keys-only"],
        ["history", "k", "--limit", "1"],
        ["put", "k", "v", "--prev"],
        ["del", "k"],
        ["del", "k", "--prev"],
        ["compact", "3"],
        ["status"],
        ["member", "list"],
        ["member", "promote", "n2"],
        ["member", "remove", "n2"],
        ["member", "add", "n4", "--peer", "h:1"],
        ["member", "repair", "n2"],
        ["transfer", "n2"],
        ["settings"],
        ["chaos", "status"],
        ["chaos", "isolate", "n1"],
        ["chaos", "heal"],
        ["check", "--duration", "1s"],
    ];

    public static TheoryData<string> Lines => [.. Commands.Select(command => string.Join(' ', command))];

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task Command_ServerWhoseTextsActOnTerminals_PrintsNoneOfThatAsItIs(string line)
    {
        using var good = new ScriptedServer(Answer);
        using var bad = new ScriptedServer(_ => Reply.Json(503, $$$"""{"type":"urn:raftstore:error:{{{Bad}}}","title":"{{{Bad}}}","status":503,"detail":"{{{Bad}}}","leader":"{{{Bad}}}","outcome":"not-applied"}""", "RaftStore-Leader: x\u001b[2J"));
        foreach (ScriptedServer server in new[] { good, bad })
        {
            string[] args = [.. line.Split(' '), "--timeout", "300ms", "--endpoints", server.Endpoint.ToString()];
            foreach (bool isTerminal in new[] { true, false })
            {
                Shell.Ran ran = await Shell.RunAsync(args, [], isTerminal, _ => null);

                Assert.True((ran.Text + ran.Error).Length > 0 || ran.Code == 0, $"exit code {ran.Code} without a word");
                Assert.DoesNotContain(ran.Text + ran.Error, Acts);
            }

            // JSON is for programs, and stays what it is; control characters are none of it.
            Shell.Ran json = await Shell.RunAsync([.. args, "-o", "json"], [], isTerminal: true, _ => null);
            Assert.DoesNotContain(json.Text, character => char.IsControl(character) && character != '\n');
        }
    }

    [Fact]
    public async Task Get_ValueThatActsOnTerminals_IsShownEscaped()
    {
        using var server = new ScriptedServer(Answer);

        Shell.Ran ran = await Shell.RunAsync(["get", "k", "--endpoints", server.Endpoint.ToString()], [], isTerminal: true, _ => null);

        Assert.Equal("x\\u{1b}[2J\\u{9b}2J\\u{7f}\\u{202e}y\n", ran.Text);
    }

    private static bool Acts(char character) => (char.IsControl(character) && character is not ('\n' or '\t' or '\r')) || character is '\u202e';

    private static Reply Answer(ScriptedRequest request)
    {
        string path = request.Target.Split('?')[0];
        return (request.Method, path) switch
        {
            ("GET", "/v1/kv") => Reply.Json(200, $$$"""{"revision":9,"count":1,"more":false,"items":[{"key":"{{{BadValue}}}","value":"{{{BadValue}}}","createRevision":1,"modRevision":9,"version":1}]}"""),
            ("GET", "/v1/kv/k") => Reply.Value(Encoding.UTF8.GetString(Convert.FromBase64String(BadValue)), 9, "ETag: \"9\""),
            ("PUT", _) => Reply.Json(200, $$$"""{"revision":9,"version":1,"prev":{"key":"{{{BadValue}}}","value":"{{{BadValue}}}","createRevision":1,"modRevision":8,"version":1}}"""),
            ("DELETE", "/v1/kv/k") => Reply.Json(200, $$$"""{"revision":9,"deleted":1,"prev":{"key":"{{{BadValue}}}","value":"{{{BadValue}}}","createRevision":1,"modRevision":8,"version":1}}"""),
            (_, "/v1/status") => Reply.Json(200, $$$"""{"id":"1","name":"{{{Bad}}}","phase":"quarantined","detail":"{{{Bad}}}","role":"leader","term":4,"leader":"{{{Bad}}}","commitIndex":1,"appliedIndex":1,"revision":1,"keys":1,"version":"{{{Bad}}}","stateHash":{"index":1000,"hash":"{{{Bad}}}"}}"""),
            (_, "/v1/cluster") => Reply.Json(200, $$$"""{"clusterId":"{{{Bad}}}","leader":"{{{Bad}}}","term":4,"commitIndex":1,"members":[{"id":"1","name":"{{{Bad}}}","role":"voter","peer":"{{{Bad}}}","client":"{{{Bad}}}","healthy":true},{"id":"2","name":"n2{{{Bad}}}","role":"{{{Bad}}}","peer":"{{{Bad}}}","client":null,"healthy":false}]}"""),
            (_, "/v1/cluster/settings") => Reply.Json(200, $$$"""{"{{{Bad}}}":"{{{Bad}}}"}"""),
            (_, "/v1/faults") => Reply.Json(200, $$$"""{"to":[{"peer":"{{{Bad}}}","drop":true,"delayMs":0}],"from":[],"stallLogMs":0,"tickFactor":1,"framesDropped":0,"framesDelayed":0}"""),
            (_, "/v1/compact") => Reply.Json(200, """{"revision":9,"compactedRevision":3}"""),
            _ => Reply.Json(200, $$$"""{"id":"2","name":"{{{Bad}}}","role":"{{{Bad}}}","stage":"{{{Bad}}}","peer":"{{{Bad}}}","client":"{{{Bad}}}","leader":"{{{Bad}}}","term":5}"""),
        };
    }
}
