using System.Diagnostics;
using RaftStore.Kvctl.Check;
using RaftStore.Verification;

namespace RaftStore.Kvctl.Tests.Check;

/// <summary>What an answer, or its absence, says about an operation.</summary>
public sealed class NodeConnectionTests
{
    private static readonly Operation Get = new() { Client = 1, Kind = OperationKind.Get, Key = "check/k", InvokedAt = 0, Outcome = OperationOutcome.Ok };
    private static readonly Operation Put = Get with { Kind = OperationKind.Put, Value = "v" };
    private static readonly Operation Delete = Get with { Kind = OperationKind.Delete };
    private static readonly Operation List = Get with { Kind = OperationKind.Range, Key = "check/a", End = "check/z" };

    [Fact]
    public async Task Get_AValueOrNone_IsTold()
    {
        Operation found = await RunAsync(Reply.Binary("v"u8.ToArray(), "RaftStore-Revision: 9", "ETag: \"4\""), Get);
        Assert.Equal((OperationOutcome.Ok, "v", 4L, 9L), (found.Outcome, found.Value, found.ModRevision, found.Revision));
        Operation missing = await RunAsync(Reply.NotFound(), Get);
        Assert.Equal((OperationOutcome.Ok, null, 0L, 9L), (missing.Outcome, missing.Value, missing.ModRevision, missing.Revision));
        Assert.Equal(OperationOutcome.NotApplied, (await RunAsync(Reply.Empty(404), Get)).Outcome);
    }

    [Fact]
    public async Task Write_ItsAnswers_AreToldApart()
    {
        Operation done = await RunAsync(Reply.Json(200, """{"revision":5,"version":1}"""), Put);
        Assert.Equal((OperationOutcome.Ok, true, 5L), (done.Outcome, done.Changed, done.Revision));
        Operation nothing = await RunAsync(Reply.Json(200, """{"revision":5,"deleted":0}"""), Delete);
        Assert.Equal((OperationOutcome.Ok, false, 5L), (nothing.Outcome, nothing.Changed, nothing.Revision));
        Operation refused = await RunAsync(Reply.Problem(412, "condition-failed", "not-applied", "RaftStore-Revision: 8", "ETag: \"3\""), Put with { Condition = Precondition.IfAbsent });
        Assert.Equal((OperationOutcome.Ok, false, 8L, 3L), (refused.Outcome, refused.Changed, refused.Revision, refused.ModRevision));
    }

    [Fact]
    public async Task Write_NotAnsweredAsDone_IsUnknownUnlessTheNodeSaysOtherwise()
    {
        Assert.Equal(OperationOutcome.NotApplied, (await RunAsync(Reply.Problem(503, "no-leader", "not-applied"), Put)).Outcome);
        Assert.Equal(OperationOutcome.Unknown, (await RunAsync(Reply.Problem(504, "timeout", "unknown"), Put)).Outcome);
        Assert.Equal(OperationOutcome.Unknown, (await RunAsync(Reply.Empty(503), Put)).Outcome);
        Assert.Equal(OperationOutcome.Unknown, (await RunAsync(Reply.Json(200, "not json"), Put)).Outcome);
        Assert.Equal(OperationOutcome.Unknown, (await RunAsync(Reply.Silence, Put)).Outcome);
        Assert.Equal(OperationOutcome.Unknown, (await RunAsync(Reply.Close, Put)).Outcome);
        using NodeConnection nobody = new(new CheckNode("n1", ScriptedServer.RefusingEndpoint()), Stopwatch.StartNew(), TimeSpan.FromSeconds(10));
        Assert.Equal(OperationOutcome.NotApplied, (await nobody.RunAsync(Put)).Outcome);
    }

    [Fact]
    public async Task Write_OnAConnectionThatDies_IsNeverSentTwice()
    {
        int writes = 0;
        using ScriptedServer server = new(request => Interlocked.Increment(ref writes) == 1 ? Reply.Json(200, """{"revision":1,"version":1,"deleted":1}""") : Reply.Close);
        using NodeConnection node = new(new CheckNode("n1", server.Endpoint), Stopwatch.StartNew(), TimeSpan.FromSeconds(10));
        await node.RunAsync(Put);
        Assert.Equal(OperationOutcome.Unknown, (await node.RunAsync(Put)).Outcome);
        Assert.Equal(OperationOutcome.Unknown, (await node.RunAsync(Delete)).Outcome);
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public async Task List_APageThatWasCut_EndsBehindItsLastKey()
    {
        Operation list = await RunAsync(Reply.Json(200, """{"revision":7,"count":1,"more":true,"cursor":"c","items":[{"key":"check/b","value":"v","modRevision":2}]}""", "RaftStore-Revision: 7"), List);
        Assert.Equal((OperationOutcome.Ok, 7L, "check/b\0"), (list.Outcome, list.Revision, list.End));
        Assert.Equal([new ReadItem("check/b", "v", 2)], list.Items);
    }

    private static async Task<Operation> RunAsync(Reply reply, Operation operation)
    {
        using ScriptedServer server = new(_ => reply);
        using NodeConnection node = new(new CheckNode("n1", server.Endpoint), Stopwatch.StartNew(), TimeSpan.FromSeconds(reply == Reply.Silence ? 1 : 30));
        Operation ended = await node.RunAsync(operation);
        Assert.True(ended.AnsweredAt >= ended.InvokedAt);
        return ended;
    }
}
