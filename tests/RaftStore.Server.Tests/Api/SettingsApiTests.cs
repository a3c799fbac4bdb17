using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using RaftStore.Server.Http;
using RaftStore.Server.Tests.Support;

namespace RaftStore.Server.Tests.Api;

/// <summary><c>/v1/cluster/settings</c>, on a server of its own for each test: settings are for all.</summary>
public sealed class SettingsApiTests : IAsyncLifetime
{
    private const string Path = "/v1/cluster/settings";

    private TestServer _server = null!;

    public async Task InitializeAsync() => _server = await TestServer.StartReadyAsync(("request-timeout", "1m"));

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Get_NewCluster_ShowsEverySettingInItsForm()
    {
        const string Fresh = """{"quotaBytes":8589934592,"keyBytesMax":4096,"valueBytesMax":1048576,"rangeKeysMax":10000,"historyAge":"10m","historyPercent":25,"historyRevisionsMin":1000}""";

        Assert.Equal(Fresh, await _server.Client.GetStringAsync(Path));
        Assert.Equal(Fresh, await _server.Client.GetStringAsync(Path + "?consistency=stale"));
        using HttpResponseMessage answer = await _server.Client.GetAsync(Path);
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.ToString());
        Assert.True(answer.Headers.Contains("RaftStore-Revision"));
    }

    [Fact]
    public async Task Patch_SomeSettings_ChangesThoseAndAnswersAll()
    {
        using HttpResponseMessage answer = await PatchAsync("""{"historyAge":"90s","keyBytesMax":8}""");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        JsonObject settings = await OneNode.JsonAsync(answer);
        Assert.Equal(("90s", 8, 25), ((string?)settings["historyAge"], (int)settings["keyBytesMax"]!, (int)settings["historyPercent"]!));
        Assert.Equal(settings.ToJsonString(), await _server.Client.GetStringAsync(Path));
        Assert.Equal("0", answer.Headers.GetValues("RaftStore-Revision").Single());
        await ProblemAssert.IsAsync(ProblemType.ValueTooLarge, await PutAsync("ninebytes", 1));
        Assert.Equal(HttpStatusCode.OK, (await PutAsync("eightbyt", 1)).StatusCode);
    }

    [Theory]
    [InlineData("""{"keyBytesMax":8,"quotaBytes":1048575}""", "'quotaBytes' must be a number of bytes from 1048576 to 1125899906842624")]
    [InlineData("""{"keyBytesMax":8,"valueBytesMax":16777217}""", "'valueBytesMax' must be a number of bytes from 1 to 16777216")]
    [InlineData("""{"keyBytesMax":8,"historyPercent":91}""", "'historyPercent' must be a whole number from 0 to 90, in percent")]
    [InlineData("""{"keyBytesMax":8,"rangeKeysMax":1.5}""", "'rangeKeysMax' must be a whole number from 1 to 10000")]
    [InlineData("""{"keyBytesMax":8,"historyAge":60}""", "'historyAge' must be a duration from \"0ms\" to \"8760h\"")]
    [InlineData("""{"keyBytesMax":8,"historyAge":"8761h"}""", "'historyAge' must be a duration from \"0ms\" to \"8760h\"")]
    [InlineData("""{"keyBytesMax":8,"quotaBytes":"1GiB"}""", "'quotaBytes' must be")]
    [InlineData("""{"keyBytesMax":8,"quotaBytes":null}""", "'quotaBytes' must be")]
    [InlineData("""{"keyBytesMax":8,"keyBytesMax":9}""", "'keyBytesMax' is given twice")]
    [InlineData("""{"keyBytesMax":8,"quota":1}""", "'quota' is no setting. There are quotaBytes, keyBytesMax")]
    [InlineData("{}", "names no setting")]
    public async Task Patch_OneOfThemWrong_ChangesNoneAndSaysWhich(string body, string detail)
    {
        string before = await _server.Client.GetStringAsync(Path);

        Assert.Contains(detail, await ProblemAssert.IsAsync(ProblemType.InvalidSetting, await PatchAsync(body)), StringComparison.Ordinal);
        Assert.Equal(before, await _server.Client.GetStringAsync(Path));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"keyBytesMax\":8")]
    [InlineData("")]
    [InlineData("{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}")]
    public async Task Patch_NoObject_IsMalformed(string body) =>
        await ProblemAssert.IsAsync(ProblemType.InvalidRequest, await PatchAsync(body));

    [Fact]
    public async Task Patch_TooLongABody_IsRefused() =>
        await ProblemAssert.IsAsync(ProblemType.InvalidRequest, await PatchAsync("{\"keyBytesMax\":8" + new string(' ', 70_000) + "}"));

    [Fact]
    public async Task Requests_OfAnotherFormOrMethod_AreRefused()
    {
        await ProblemAssert.IsAsync(ProblemType.UnsupportedMediaType, await PatchAsync("""{"keyBytesMax":8}""", "text/plain"));
        await ProblemAssert.IsAsync(ProblemType.UnsupportedMediaType, await PatchAsync("""{"keyBytesMax":8}""", mediaType: null));
        Assert.Equal(HttpStatusCode.OK, (await PatchAsync("""{"keyBytesMax":8}""", "application/json; charset=utf-8")).StatusCode);
        using HttpResponseMessage put = await _server.Client.PutAsync(Path, new StringContent("{}"));
        await ProblemAssert.IsAsync(ProblemType.MethodNotAllowed, put);
        Assert.Equal(["GET", "HEAD", "PATCH"], put.Content.Headers.Allow);
        await ProblemAssert.IsAsync(ProblemType.InvalidParameter, await _server.Client.GetAsync(Path + "?consistency=often"));
        await ProblemAssert.IsAsync(ProblemType.InvalidParameter, await _server.Client.GetAsync(Path + "?limit=1"));
    }

    [Fact]
    public async Task ValueLimit_OfTheCluster_IsRaisedAndLowered()
    {
        await ProblemAssert.IsAsync(ProblemType.ValueTooLarge, await PutAsync("v", (1 << 20) + 1));
        Assert.Contains("valueBytesMax", await ProblemAssert.IsAsync(ProblemType.ValueTooLarge, await PutAsync("v", (1 << 20) + 1, chunked: true)), StringComparison.Ordinal);
        await PatchAsync("""{"valueBytesMax":2097152}""");
        Assert.Equal(HttpStatusCode.OK, (await PutAsync("v", 2 << 20)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await PutAsync("v", 2 << 20, chunked: true)).StatusCode);
        await PatchAsync("""{"valueBytesMax":10}""");
        await ProblemAssert.IsAsync(ProblemType.ValueTooLarge, await PutAsync("v", 11));
        Assert.Equal(2 << 20, (await _server.Client.GetByteArrayAsync("/v1/kv/v")).Length);
    }

    [Fact]
    public async Task Quota_Reached_Is507AndDeletesStillWork()
    {
        await PatchAsync("""{"quotaBytes":1048576}""");
        Assert.Equal(HttpStatusCode.OK, (await PutAsync("a", 600_000)).StatusCode);
        await ProblemAssert.IsAsync(ProblemType.QuotaReached, await PutAsync("b", 600_000));
        Assert.Equal(HttpStatusCode.OK, (await _server.Client.DeleteAsync("/v1/kv/a")).StatusCode);

        // Its history still counts, until it is dropped: soon, where none is kept.
        await ProblemAssert.IsAsync(ProblemType.QuotaReached, await PutAsync("b", 600_000));
        await PatchAsync("""{"historyAge":"0s","historyRevisionsMin":0}""");
        await TestServer.UntilAsync(async () => (await PutAsync("b", 600_000)).IsSuccessStatusCode, "the history is dropped");
    }

    [Fact]
    public async Task RangeDelete_OverMoreKeysThanTheSetting_Is413()
    {
        await PatchAsync("""{"rangeKeysMax":1}""");
        await PutAsync("r1", 1);
        await PutAsync("r2", 1);
        await ProblemAssert.IsAsync(ProblemType.RangeTooLarge, await _server.Client.DeleteAsync("/v1/kv?prefix=r"));
    }

    private async Task<HttpResponseMessage> PatchAsync(string body, string? mediaType = "application/json")
    {
        StringContent content = new(body, Encoding.UTF8) { Headers = { ContentType = mediaType is null ? null : MediaTypeHeaderValue.Parse(mediaType) } };
        return await _server.Client.PatchAsync(Path, content);
    }

    private async Task<HttpResponseMessage> PutAsync(string key, int valueBytes, bool chunked = false)
    {
        using HttpRequestMessage request = new(HttpMethod.Put, "/v1/kv/" + key) { Content = new ByteArrayContent(new byte[valueBytes]) };
        request.Headers.TransferEncodingChunked = chunked;
        return await _server.Client.SendAsync(request);
    }
}
