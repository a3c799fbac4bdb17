using System.Text;
using RaftStore.Client.Tests.Fakes;

namespace RaftStore.Client.Tests.Http;

/// <summary>A read may be repeated at will, and never leaves a doubt.</summary>
public sealed class ReadRetryTests
{
    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task Get_NodeCannotAnswer_NextIsAsked(int status)
    {
        using var broken = new ScriptedServer(_ => Reply.Problem(status, "x", null));
        using var server = new ScriptedServer(_ => Reply.Value("hello", 3));
        using RaftStoreClient client = Clients.Patient(broken.Endpoint, server.Endpoint);

        GetResult result = await client.GetAsync("k");

        Assert.Equal("hello", Encoding.UTF8.GetString(result.Item!.Value.Span));
        Assert.Single(broken.Requests);
    }

    [Fact]
    public async Task Get_AnswerCutAtAnyByte_NextIsAsked()
    {
        Reply whole = Reply.Value("hello", 3);
        using var server = new ScriptedServer(_ => whole);
        for (int cut = 0; cut < whole.Bytes.Length; cut++)
        {
            int length = cut;
            using var broken = new ScriptedServer(_ => whole.CutAt(length));
            using RaftStoreClient client = Clients.Patient(broken.Endpoint, server.Endpoint);

            GetResult result = await client.GetAsync("k");

            Assert.Equal("hello", Encoding.UTF8.GetString(result.Item!.Value.Span));
        }
    }

    [Fact]
    public async Task Get_NodeSilent_NextIsAsked()
    {
        using var silent = new ScriptedServer(_ => Reply.Silence);
        using var server = new ScriptedServer(_ => Reply.Value("hello", 3));
        using var client = new RaftStoreClient(new RaftStoreClientOptions
        {
            Endpoints = [silent.Endpoint, server.Endpoint],
            Timeout = TimeSpan.FromSeconds(60),
            ReadPatience = TimeSpan.FromMilliseconds(100),
        });

        Assert.NotNull((await client.GetAsync("k")).Item);
        Assert.Single(silent.Requests);
    }

    [Fact]
    public async Task Get_SlowNodeAnswersAfterTheNextWasAsked_IsHeard()
    {
        var bothAsked = new TaskCompletionSource();
        using var slow = new ScriptedServer(_ =>
        {
            bothAsked.Task.Wait(TimeSpan.FromSeconds(30));
            return Reply.Value("slow", 3);
        });
        using var silent = new ScriptedServer(_ =>
        {
            bothAsked.TrySetResult();
            return Reply.Silence;
        });
        using var client = new RaftStoreClient(new RaftStoreClientOptions
        {
            Endpoints = [slow.Endpoint, silent.Endpoint],
            Timeout = TimeSpan.FromSeconds(60),
            ReadPatience = TimeSpan.FromMilliseconds(50),
        });

        GetResult result = await client.GetAsync("k");

        Assert.Equal("slow", Encoding.UTF8.GetString(result.Item!.Value.Span));
    }

    [Fact]
    public async Task Get_SomeSilentAndOneRefuses_SaysTheReasonOfTheOneThatAnswered()
    {
        using var silent = new ScriptedServer(_ => Reply.Silence);
        using var refusing = new ScriptedServer(_ => Reply.Problem(503, "no-leader", null));
        using RaftStoreClient client = Clients.Hasty(silent.Endpoint, refusing.Endpoint, ScriptedServer.RefusingEndpoint());

        RaftStoreException failure = await Clients.FailsAsync(() => client.GetAsync("k"));

        Assert.Equal((503, "urn:raftstore:error:no-leader"), (failure.Status, failure.Type));
    }

    [Fact]
    public async Task Get_NobodyAnswersInTime_IsNotApplied()
    {
        using var silent = new ScriptedServer(_ => Reply.Silence);
        using RaftStoreClient client = Clients.Hasty(silent.Endpoint);

        RaftStoreException failure = await Clients.FailsAsync(() => client.GetAsync("k"));

        Assert.Equal(Outcome.NotApplied, failure.Outcome);
        Assert.Contains("no answer in time", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(403)]
    [InlineData(410)]
    public async Task Get_RefusedForGood_IsNotRepeated(int status)
    {
        using var server = new ScriptedServer(_ => Reply.Problem(status, "x", "not-applied"));
        using RaftStoreClient client = Clients.Patient(server.Endpoint);

        RaftStoreException failure = await Clients.FailsAsync(() => client.GetAsync("k"));

        Assert.Equal((status, Outcome.NotApplied), (failure.Status, failure.Outcome));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Get_MissingKey_IsNullWithTheStoresRevision()
    {
        using var server = new ScriptedServer(_ => Reply.NotFound("RaftStore-Node: n1"));
        using RaftStoreClient client = Clients.Patient(server.Endpoint);

        GetResult result = await client.GetAsync("k");

        Assert.Equal(new GetResult(null, 9, "n1", null), result);
    }

    [Fact]
    public async Task Get_NotFoundFromSomethingElse_IsAFailure()
    {
        using var server = new ScriptedServer(_ => Reply.Empty(404));
        using RaftStoreClient client = Clients.Patient(server.Endpoint);

        RaftStoreException failure = await Clients.FailsAsync(() => client.GetAsync("k"));

        Assert.Equal(404, failure.Status);
    }

    [Fact]
    public async Task Get_SuccessFromSomethingElse_IsAFailure()
    {
        using var server = new ScriptedServer(_ => Reply.Json(200, "<html>"));
        using RaftStoreClient client = Clients.Patient(server.Endpoint);

        RaftStoreException failure = await Clients.FailsAsync(() => client.GetAsync("k"));

        Assert.Contains("is it a RaftStore node?", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_AnswerLargerThanTheLimit_IsRefused()
    {
        using var server = new ScriptedServer(_ => Reply.Value(new string('x', 5000), 3));
        using var client = new RaftStoreClient(new RaftStoreClientOptions
        {
            Endpoints = [server.Endpoint],
            Timeout = TimeSpan.FromMilliseconds(300),
            AnswerBytesMax = 4999,
        });

        RaftStoreException failure = await Clients.FailsAsync(() => client.GetAsync("k"));

        Assert.Equal(Outcome.NotApplied, failure.Outcome);
    }

    [Fact]
    public async Task Get_RateLimited_WaitsAsLongAsAsked()
    {
        long? firstAt = null;
        long waited = 0;
        using var server = new ScriptedServer((_, before) =>
        {
            long now = Environment.TickCount64;
            firstAt ??= now;
            waited = now - firstAt.Value;
            return before == 0 ? Reply.Problem(429, "rate", null, "Retry-After: 1") : Reply.Value("v", 3);
        });
        using RaftStoreClient client = Clients.Patient(server.Endpoint);

        await client.GetAsync("k");

        Assert.InRange(waited, 900, 60_000);
    }

    [Fact]
    public async Task Status_AskedOfOneNode_IsNeverAnsweredByAnother()
    {
        using var server = new ScriptedServer(_ => Reply.Json(200, """{"id":"1","name":"n1"}"""));
        using RaftStoreClient client = Clients.Patient(server.Endpoint);

        NodeStatus status = await client.StatusAsync(server.Endpoint);
        RaftStoreException failure = await Clients.FailsAsync(() => client.StatusAsync(ScriptedServer.RefusingEndpoint()));

        Assert.Equal("n1", status.Name);
        Assert.Equal(Outcome.NotApplied, failure.Outcome);
        Assert.Single(server.Requests);
    }
}
