using RaftStore.Client.Tests.Fakes;

namespace RaftStore.Client.Tests.Http;

/// <summary>A write is repeated only when the attempt before certainly did nothing.</summary>
public sealed class WriteRetryTests
{
    private const string Written = """{"revision":7,"version":1}""";
    private const string Deleted = """{"revision":7,"deleted":1}""";

    public static TheoryData<string> Writes => ["put", "put-empty", "delete", "delete-range"];

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task Write_ConnectionClosedWithoutAnswer_IsUnknownAndSentOnce(string write)
    {
        using var server = new ScriptedServer(_ => Reply.Close);
        using var other = new ScriptedServer(_ => Reply.Json(200, Written));
        using RaftStoreClient client = Clients.Patient(server.Endpoint, other.Endpoint);

        RaftStoreException failure = await Clients.FailsAsync(() => RunAsync(client, write));

        Assert.Equal(Outcome.Unknown, failure.Outcome);
        Assert.Null(failure.Status);
        Assert.Contains("closed the connection", failure.Message, StringComparison.Ordinal);
        Assert.Single(server.Requests);
        Assert.Empty(other.Requests);
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task Write_ReusedConnectionClosedWithoutAnswer_IsUnknownAndSentOnce(string write)
    {
        // HTTP libraries resend a request without content on their own when a kept connection ends like this.
        using var server = new ScriptedServer((_, before) => before == 0 ? Reply.Value("v", 3) : Reply.Close);
        using RaftStoreClient client = Clients.Patient(server.Endpoint);
        await client.GetAsync("k");

        RaftStoreException failure = await Clients.FailsAsync(() => RunAsync(client, write));

        Assert.Equal(Outcome.Unknown, failure.Outcome);
        Assert.Equal(2, server.Requests.Count);
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task Put_AnswerCutAtAnyByte_IsUnknownAndSentOnce()
    {
        Reply whole = Reply.Json(200, Written);
        for (int cut = 0; cut < whole.Bytes.Length; cut++)
        {
            int length = cut;
            using var server = new ScriptedServer(_ => whole.CutAt(length));
            using RaftStoreClient client = Clients.Patient(server.Endpoint);

            RaftStoreException failure = await Clients.FailsAsync(() => client.PutAsync("k", "v"));

            Assert.Equal(Outcome.Unknown, failure.Outcome);
            Assert.Single(server.Requests);
        }
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task Write_NoAnswerInTime_IsUnknownAndSentOnce(string write)
    {
        using var server = new ScriptedServer(_ => Reply.Silence);
        using var other = new ScriptedServer(_ => Reply.Json(200, Written));
        using RaftStoreClient client = Clients.Hasty(server.Endpoint, other.Endpoint);

        RaftStoreException failure = await Clients.FailsAsync(() => RunAsync(client, write));

        Assert.Equal(Outcome.Unknown, failure.Outcome);
        Assert.Contains("no answer in time", failure.Message, StringComparison.Ordinal);
        Assert.Single(server.Requests);
        Assert.Empty(other.Requests);
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task Write_ConnectionRefusedEverywhere_IsNotApplied(string write)
    {
        using RaftStoreClient client = Clients.Patient(ScriptedServer.RefusingEndpoint(), ScriptedServer.RefusingEndpoint());

        RaftStoreException failure = await Clients.FailsAsync(() => RunAsync(client, write));

        Assert.Equal(Outcome.NotApplied, failure.Outcome);
        Assert.Null(failure.Status);
        Assert.Equal(8, failure.Attempts);
        Assert.Contains("refused the connection", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task Write_FirstEndpointRefuses_GoesToTheNext(string write)
    {
        using var server = new ScriptedServer(request => Reply.Json(200, request.Method == "PUT" ? Written : Deleted));
        using RaftStoreClient client = Clients.Patient(ScriptedServer.RefusingEndpoint(), server.Endpoint);

        await RunAsync(client, write);

        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Put_ConnectionNeverEstablished_IsNotApplied()
    {
        using var full = new FullBacklog();
        using RaftStoreClient client = Clients.Hasty(full.Endpoint);

        RaftStoreException failure = await Clients.FailsAsync(() => client.PutAsync("k", "v"));

        Assert.Equal(Outcome.NotApplied, failure.Outcome);
        Assert.Contains("could not be connected to", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_TotalTimePassesWhileConnecting_IsNotApplied()
    {
        using var full = new FullBacklog();
        using var client = new RaftStoreClient(new RaftStoreClientOptions
        {
            Endpoints = [full.Endpoint],
            Timeout = TimeSpan.FromMilliseconds(200),
            ConnectTimeout = TimeSpan.FromSeconds(30),
        });

        RaftStoreException failure = await Clients.FailsAsync(() => client.PutAsync("k", new string('v', 100_000)));

        Assert.Equal(Outcome.NotApplied, failure.Outcome);
    }

    [Theory]
    [InlineData(503)]
    [InlineData(429)]
    public async Task Put_RefusedAsNotApplied_IsRepeatedElsewhere(int status)
    {
        using var refusing = new ScriptedServer(_ => Reply.Problem(status, "no-leader", "not-applied"));
        using var server = new ScriptedServer(_ => Reply.Json(200, Written));
        using RaftStoreClient client = Clients.Patient(refusing.Endpoint, server.Endpoint);

        PutResult result = await client.PutAsync("k", "v");

        Assert.True(result.Applied);
        Assert.Equal(7, result.Revision);
        Assert.Equal(1, result.Version);
        Assert.Single(refusing.Requests);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Put_NodeTakesLongToRefuse_IsNotRepeatedIntoAnUnknownOutcome()
    {
        var hold = new ManualResetEventSlim();
        using var server = new ScriptedServer(_ =>
        {
            hold.Wait(TimeSpan.FromSeconds(2));
            return Reply.Problem(503, "no-leader", "not-applied");
        });
        using var client = new RaftStoreClient(new RaftStoreClientOptions { Endpoints = [server.Endpoint], Timeout = TimeSpan.FromSeconds(4.5) });

        RaftStoreException failure = await Clients.FailsAsync(() => client.PutAsync("k", "v"));

        Assert.Equal((Outcome.NotApplied, 503), (failure.Outcome, failure.Status));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Put_RefusedAsNotAppliedUntilTimeIsOver_SaysTheServersReason()
    {
        using var server = new ScriptedServer(_ => Reply.Problem(503, "no-leader", "not-applied", "RaftStore-Leader: n2"));
        using var client = new RaftStoreClient(new RaftStoreClientOptions { Endpoints = [server.Endpoint], Timeout = TimeSpan.FromSeconds(4) });

        RaftStoreException failure = await Clients.FailsAsync(() => client.PutAsync("k", "v"));

        Assert.Equal(Outcome.NotApplied, failure.Outcome);
        Assert.Equal(503, failure.Status);
        Assert.Equal("urn:raftstore:error:no-leader", failure.Type);
        Assert.Equal("D", failure.Detail);
        Assert.Equal("n2", failure.Leader);
        Assert.Equal(server.Endpoint, failure.Endpoint);
        Assert.Equal(server.Requests.Count, failure.Attempts);
        Assert.True(failure.Attempts > 1);
    }

    [Theory]
    [InlineData(503, null, Outcome.Unknown)]
    [InlineData(503, "unknown", Outcome.Unknown)]
    [InlineData(429, null, Outcome.NotApplied)]
    [InlineData(504, "unknown", Outcome.Unknown)]
    [InlineData(504, null, Outcome.Unknown)]
    [InlineData(504, "not-applied", Outcome.NotApplied)]
    [InlineData(500, null, Outcome.Unknown)]
    [InlineData(502, null, Outcome.Unknown)]
    [InlineData(507, "not-applied", Outcome.NotApplied)]
    [InlineData(400, "not-applied", Outcome.NotApplied)]
    [InlineData(404, "not-applied", Outcome.NotApplied)]
    [InlineData(409, "unknown", Outcome.Unknown)]
    [InlineData(412, "not-applied", Outcome.NotApplied)]
    [InlineData(413, "not-applied", Outcome.NotApplied)]
    [InlineData(422, "not-applied", Outcome.NotApplied)]
    public async Task Put_OtherRefusals_AreFinalWithTheirOutcome(int status, string? outcome, Outcome expected)
    {
        using var server = new ScriptedServer(_ => Reply.Problem(status, "x", outcome));
        using var other = new ScriptedServer(_ => Reply.Json(200, Written));
        using RaftStoreClient client = Clients.Patient(server.Endpoint, other.Endpoint);

        RaftStoreException failure = await Clients.FailsAsync(() => client.PutAsync("k", "v"));

        Assert.Equal(expected, failure.Outcome);
        Assert.Equal(status, failure.Status);
        Assert.Single(server.Requests);
        Assert.Empty(other.Requests);
    }

    [Theory]
    [InlineData(400, Outcome.NotApplied)]
    [InlineData(431, Outcome.NotApplied)]
    [InlineData(307, Outcome.NotApplied)]
    [InlineData(503, Outcome.Unknown)]
    public async Task Put_RefusalWithoutBody_IsJudgedByItsStatus(int status, Outcome expected)
    {
        using var other = new ScriptedServer(_ => Reply.Json(200, Written));
        using var server = new ScriptedServer(_ => Reply.Empty(status, $"Location: {other.Endpoint}v1/kv/k"));
        using RaftStoreClient client = Clients.Patient(server.Endpoint);

        RaftStoreException failure = await Clients.FailsAsync(() => client.PutAsync("k", "v"));

        Assert.Equal(expected, failure.Outcome);
        Assert.Single(server.Requests);
        Assert.Empty(other.Requests);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("null")]
    [InlineData("{\"revision\":\"x\"}")]
    public async Task Put_SuccessWithUnreadableBody_IsUnknown(string body)
    {
        using var server = new ScriptedServer(_ => Reply.Json(200, body));
        using RaftStoreClient client = Clients.Patient(server.Endpoint);

        RaftStoreException failure = await Clients.FailsAsync(() => client.PutAsync("k", "v"));

        Assert.Equal(Outcome.Unknown, failure.Outcome);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Put_Cancelled_EndsAsCancelled()
    {
        using var cancellation = new CancellationTokenSource();
        using var server = new ScriptedServer(_ =>
        {
            cancellation.Cancel();
            return Reply.Silence;
        });
        using RaftStoreClient client = Clients.Patient(server.Endpoint);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.PutAsync("k", "v", cancellationToken: cancellation.Token));
    }

    private static Task RunAsync(RaftStoreClient client, string write) => write switch
    {
        "put" => client.PutAsync("k", "v"),
        "put-empty" => client.PutAsync("k", ""),
        "delete" => client.DeleteAsync("k"),
        "delete-range" => client.DeleteRangeAsync(KeyRange.Prefix("k")),
        _ => throw new ArgumentException(write),
    };
}
