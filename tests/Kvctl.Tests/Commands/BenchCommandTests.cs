using System.Text.Json;
using RaftStore.Kvctl.Tests.Fakes;

namespace RaftStore.Kvctl.Tests.Commands;

/// <summary>The load generator over real sockets, with one client a thread (2) and many on one (8).</summary>
public sealed class BenchCommandTests
{
    private const string Written = """{"revision":7,"version":1}""";

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public async Task Bench_Put_CountsEveryAnswerAndWritesAKeyOnce(int clients)
    {
        using var server = new ScriptedServer(_ => Reply.Json(200, Written));

        JsonElement json = await RunAsync(0, server, "put", "--clients", $"{clients}", "--value-size", "33");

        JsonElement run = Assert.Single(json.GetProperty("runs").EnumerateArray());
        ScriptedRequest[] puts = [.. server.Requests.Where(request => request.Method == "PUT")];
        Assert.InRange(run.GetProperty("operations").GetInt64(), 1, puts.Length);
        Assert.Equal(puts.Length, puts.Select(request => request.Target).Distinct().Count());
        Assert.All(puts, request => Assert.Equal(33, request.Body.Length));
        Assert.Empty(run.GetProperty("errors").EnumerateObject());
        Assert.True(run.GetProperty("latencyMs").GetProperty("p50").GetDouble() > 0);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public async Task Bench_Get_WritesTheKeysFirstAndReadsOnlyThose(int clients)
    {
        using var server = new ScriptedServer(request => request.Method == "PUT" ? Reply.Json(200, Written) : Reply.Value("v", 3));

        JsonElement json = await RunAsync(0, server, "get", "--clients", $"{clients}", "--keys", "20");

        var written = server.Requests.Where(request => request.Method == "PUT").Select(request => request.Target).ToHashSet();
        Assert.Equal(20, written.Count);
        Assert.All(server.Requests.Where(request => request.Method == "GET" && request.Target != "/v1/status"), request => Assert.Contains(request.Target, written));
        Assert.Empty(json.GetProperty("runs")[0].GetProperty("errors").EnumerateObject());
    }

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public async Task Bench_Errors_AreCountedByStatusAndOutcome(int clients)
    {
        using var server = new ScriptedServer((_, before) => (before % 4) switch
        {
            0 => Reply.Problem(503, "no-leader", "not-applied"),
            1 => Reply.Problem(504, "timed-out", "unknown"),
            2 => Reply.Close,
            _ => Reply.Json(200, Written),
        });

        JsonElement json = await RunAsync(0, server, "put", "--clients", $"{clients}");

        JsonElement errors = json.GetProperty("runs")[0].GetProperty("errors");
        Assert.Equal(["503 not-applied", "504 unknown", "connection closed"], errors.EnumerateObject().Select(error => error.Name));
        Assert.All(errors.EnumerateObject(), error => Assert.True(error.Value.GetInt64() > 0));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public async Task Bench_NothingSucceeds_ExitsWith4(int clients)
    {
        using var server = new ScriptedServer(request => request.Target == "/v1/status" ? Reply.Json(200, "{}") : Reply.Empty(500));

        JsonElement json = await RunAsync(4, server, "put", "--clients", $"{clients}");

        Assert.Equal(0, json.GetProperty("runs")[0].GetProperty("operations").GetInt64());
    }

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public async Task Bench_NodeGoesAway_GoesOnWithTheOther(int clients)
    {
        using var stays = new ScriptedServer(_ => Reply.Json(200, Written));
        ScriptedServer? goes = null;
        goes = new ScriptedServer((_, before) =>
        {
            if (before > 20)
            {
                goes!.Dispose();
                return Reply.Close;
            }

            return Reply.Json(200, Written);
        });

        Shell.Ran ran = await Shell.RunAsync([goes.Endpoint, stays.Endpoint], "bench", "put", "--clients", $"{clients}", "--duration", "1s", "--warmup", "200ms", "-o", "json");

        Assert.Equal(0, ran.Code);
        Assert.True(stays.Connections > clients / 2, $"{stays.Connections} connections");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(6)]
    public async Task Bench_ValueLargerThanTheSocketsBuffers_ArrivesWhole(int keys)
    {
        using var server = new ScriptedServer(request => request.Method == "PUT" ? Reply.Json(200, Written) : Reply.Value("v", 3));

        await RunAsync(0, server, "get", "--clients", "1", "--keys", $"{keys}", "--value-size", "8000000");

        Assert.All(server.Requests.Where(request => request.Method == "PUT"), request => Assert.Equal(8_000_000, request.Body.Length));
        Assert.Equal(keys, server.Requests.Where(request => request.Method == "PUT").Select(request => request.Target).Distinct().Count());
    }

    [Fact]
    public async Task Bench_EtcdKeyMissing_IsAnError()
    {
        using var server = new ScriptedServer(request => request.Target == "/v3/kv/put"
            ? Reply.Json(200, """{"header":{"revision":"2"}}""")
            : Reply.Json(200, """{"header":{"revision":"2"}}"""));

        JsonElement json = await RunAsync(4, server, "get", "--target", "etcd", "--keys", "3", "--clients", "1");

        Assert.Equal("200 without the key", Assert.Single(json.GetProperty("runs")[0].GetProperty("errors").EnumerateObject()).Name);
    }

    [Fact]
    public async Task Bench_Mixed_ReportsReadsAndWritesApart()
    {
        using var server = new ScriptedServer(request => request.Method == "PUT" ? Reply.Json(200, Written) : Reply.Value("v", 3));

        JsonElement run = (await RunAsync(0, server, "mixed", "--keys", "5", "--clients", "1")).GetProperty("runs")[0];

        Assert.True(run.GetProperty("readLatencyMs").GetProperty("p50").GetDouble() > 0);
        Assert.True(run.GetProperty("writeLatencyMs").GetProperty("p50").GetDouble() > 0);
    }

    [Fact]
    public async Task Bench_OwnPid_CountsItsTime()
    {
        using var server = new ScriptedServer(_ => Reply.Empty(200));

        Shell.Ran ran = await Shell.RunAsync(server, "bench", "put", "--target", "null", "--clients", "1", "--duration", "1s", "--warmup", "200ms", "--pids", $"{Environment.ProcessId}");

        Assert.Equal(0, ran.Code);
        Assert.Contains("servers µs/op", ran.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("?", ran.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bench_NobodyThere_ExitsWith4()
    {
        Shell.Ran ran = await Shell.RunAsync([ScriptedServer.RefusingEndpoint()], "bench", "put");

        Assert.Equal((4, ""), (ran.Code, ran.Text));
        Assert.Contains("no endpoint takes a connection", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bench_PreloadKeepsFailing_ExitsWith4()
    {
        using var server = new ScriptedServer(_ => Reply.Empty(500));

        Shell.Ran ran = await Shell.RunAsync(server, "bench", "get", "--keys", "3", "--clients", "1");

        Assert.Equal(4, ran.Code);
        Assert.Contains("could not be written", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sprint")]
    [InlineData("put --clients 0")]
    [InlineData("put --clients 1,x")]
    [InlineData("put --duration 10")]
    [InlineData("put --value-size -1")]
    [InlineData("put --value-size 16777217")]
    [InlineData("get --keys 0")]
    [InlineData("mixed --reads 101")]
    [InlineData("put --target consul")]
    [InlineData("put --pids 0")]
    [InlineData("put --threads 0")]
    [InlineData("put --endpoints https://h:1")]
    public async Task Bench_InvalidOption_ExitsWith2(string line)
    {
        Shell.Ran ran = await Shell.RunAsync(["bench", .. line.Split(' ')], [], isTerminal: false, _ => null);

        Assert.Equal((2, ""), (ran.Code, ran.Text));
    }

    private static async Task<JsonElement> RunAsync(int code, ScriptedServer server, params string[] args)
    {
        string[] limits = args.Contains("--duration") ? [] : ["--duration", "1s"];
        Shell.Ran ran = await Shell.RunAsync(server, ["bench", .. args, .. limits, "--warmup", "200ms", "-o", "json"]);
        Assert.True(code == ran.Code, $"exit code {ran.Code}: {ran.Error}");
        return JsonDocument.Parse(ran.Text).RootElement;
    }
}
