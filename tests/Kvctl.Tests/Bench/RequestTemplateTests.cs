using System.Text;
using System.Text.Json;
using RaftStore.Kvctl.Bench;

namespace RaftStore.Kvctl.Tests.Bench;

public sealed class RequestTemplateTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(42)]
    [InlineData(999_999_999_999_999_999)]
    public void Patch_RaftStorePut_IsTheWholeRequest(long number)
    {
        RequestTemplate template = RequestTemplate.Build(BenchTarget.RaftStore, isWrite: true, isStale: false, "h:1", 256, new Random(1));
        template.Patch(number, nonce: 1);

        ScriptedRequest request = Parse(template);
        Assert.Equal(("PUT", $"/v1/kv/bench/{number:D18}", 256), (request.Method, request.Target, request.Body.Length));
        Assert.Equal("h:1", request.Headers["Host"]);
    }

    [Theory]
    [InlineData(false, "/v1/kv/bench/000000000000000007")]
    [InlineData(true, "/v1/kv/bench/000000000000000007?consistency=stale")]
    public void Patch_RaftStoreGet_IsTheWholeRequest(bool isStale, string target)
    {
        RequestTemplate template = RequestTemplate.Build(BenchTarget.RaftStore, isWrite: false, isStale, "h:1", 0, new Random(1));
        template.Patch(7, nonce: 1);

        ScriptedRequest request = Parse(template);
        Assert.Equal(("GET", target, 0), (request.Method, request.Target, request.Body.Length));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(256)]
    public void Patch_EtcdPut_IsJsonWithKeyAndValueInBase64(int valueSize)
    {
        RequestTemplate template = RequestTemplate.Build(BenchTarget.Etcd, isWrite: true, isStale: false, "h:1", valueSize, new Random(1));
        template.Patch(12345, nonce: 99);

        ScriptedRequest request = Parse(template);
        JsonElement json = JsonDocument.Parse(request.Body).RootElement;
        Assert.Equal(("POST", "/v3/kv/put"), (request.Method, request.Target));
        Assert.Equal("bench/000000000000012345", Encoding.ASCII.GetString(json.GetProperty("key").GetBytesFromBase64()));
        Assert.Equal(valueSize, json.GetProperty("value").GetBytesFromBase64().Length);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Patch_EtcdRange_AsksSerializableForStaleReadsOnly(bool isStale)
    {
        RequestTemplate template = RequestTemplate.Build(BenchTarget.Etcd, isWrite: false, isStale, "h:1", 0, new Random(1));
        template.Patch(3, nonce: 1);

        JsonElement json = JsonDocument.Parse(Parse(template).Body).RootElement;
        Assert.Equal("bench/000000000000000003", Encoding.ASCII.GetString(json.GetProperty("key").GetBytesFromBase64()));
        Assert.Equal(isStale, json.TryGetProperty("serializable", out JsonElement value) && value.GetBoolean());
    }

    [Theory]
    [InlineData(true, "PUT", 10)]
    [InlineData(false, "GET", 0)]
    public void Patch_Null_IsTheRoot(bool isWrite, string method, int length)
    {
        RequestTemplate template = RequestTemplate.Build(BenchTarget.Null, isWrite, isStale: false, "h:1", 10, new Random(1));
        template.Patch(3, nonce: 1);

        ScriptedRequest request = Parse(template);
        Assert.Equal((method, "/", length), (request.Method, request.Target, request.Body.Length));
    }

    [Theory]
    [InlineData("RaftStore")]
    [InlineData("Etcd")]
    public void Patch_AnotherNonce_ChangesTheValueOnly(string target)
    {
        RequestTemplate template = RequestTemplate.Build(Enum.Parse<BenchTarget>(target), isWrite: true, isStale: false, "h:1", 64, new Random(1));
        template.Patch(3, nonce: 1);
        byte[] first = template.Bytes.ToArray();
        template.Patch(3, nonce: 2);

        Assert.NotEqual(first, template.Bytes.ToArray());
        Assert.Equal(Parse(template).Target, ScriptedRequest.TryParse([.. first])!.Target);
    }

    [Fact]
    public void Source_SameSeed_DrawsTheSameRequests()
    {
        string[] Draw(int seed) => [.. DrawTargets(new RequestSource(Options() with { Seed = seed }, "h:1", client: 3, sequence: null), 50)];

        Assert.Equal(Draw(1), Draw(1));
        Assert.NotEqual(Draw(1), Draw(2));
    }

    [Fact]
    public void Source_UniformKeys_StayWithinTheirNumberAndCoverIt()
    {
        var source = new RequestSource(Options() with { Keys = 10 }, "h:1", client: 0, sequence: null);

        Assert.Equal(
            Enumerable.Range(0, 10).Select(i => $"/v1/kv/bench/{i:D18}"),
            DrawTargets(source, 500).Distinct().Order());
    }

    [Fact]
    public void Source_Sequence_RepeatsAKeyUntilItSucceedsAndThenEnds()
    {
        var source = new RequestSource(Options(), "h:1", client: 0, new SharedCounter(5, 7));

        Assert.Equal($"/v1/kv/bench/{5:D18}", Parse(source.Next()!).Target);
        Assert.Equal($"/v1/kv/bench/{5:D18}", Parse(source.Next()!).Target);
        source.Succeeded();
        Assert.Equal($"/v1/kv/bench/{6:D18}", Parse(source.Next()!).Target);
        source.Succeeded();
        Assert.Null(source.Next());
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(30, 2_600, 3_400)]
    [InlineData(100, 10_000, 10_000)]
    public void Source_Mixed_ReadsAsOftenAsAsked(int percent, int least, int most)
    {
        var source = new RequestSource(Options() with { Workload = BenchWorkload.Mixed, ReadPercent = percent }, "h:1", client: 0, sequence: null);

        Assert.InRange(Enumerable.Range(0, 10_000).Count(_ => !source.Next()!.IsWrite), least, most);
    }

    [Fact]
    public void FreshNumbers_LaterRuns_DoNotMeetEarlierOnes()
    {
        long first = SharedCounter.Fresh().Take();

        Assert.InRange(first, 1_000_000_000_000_00000, 999_999_999_999_999_999);
    }

    private static IEnumerable<string> DrawTargets(RequestSource source, int count) =>
        Enumerable.Range(0, count).Select(_ => Parse(source.Next()!).Target);

    private static ScriptedRequest Parse(RequestTemplate template)
    {
        List<byte> bytes = [.. template.Bytes.Span];
        ScriptedRequest request = ScriptedRequest.TryParse(bytes)!;
        Assert.Empty(bytes);
        return request;
    }

    private static BenchOptions Options() => new()
    {
        Workload = BenchWorkload.Put,
        Target = BenchTarget.RaftStore,
        Endpoints = [],
        Clients = [1],
        Duration = TimeSpan.Zero,
        Warmup = TimeSpan.Zero,
        ValueBytes = 16,
        Keys = 100,
        ReadPercent = 50,
        SkipsPreload = false,
        Seed = 1,
        Threads = 1,
        Pids = [],
    };
}
