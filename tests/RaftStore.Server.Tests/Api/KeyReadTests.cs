using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using RaftStore.Server.Http;
using RaftStore.Server.Tests.Support;

namespace RaftStore.Server.Tests.Api;

[Collection(OneNodeCollection.Name)]
public sealed class KeyReadTests(OneNode node)
{
    [Fact]
    public async Task Get_ExistingKey_ReturnsBytesAndHeaders()
    {
        byte[] value = [.. Enumerable.Range(0, 256).Select(number => (byte)number)];
        string key = OneNode.Key();
        await node.PutAsync(key, "first");
        await node.Client.PutAsync("/v1/kv/" + key, new ByteArrayContent(value));

        using HttpResponseMessage answer = await node.Client.GetAsync("/v1/kv/" + key);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(value, await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal("application/octet-stream", answer.Content.Headers.ContentType?.ToString());
        long modRevision = long.Parse(answer.Headers.GetValues("RaftStore-Mod-Revision").Single());
        Assert.Equal($"\"{modRevision}\"", answer.Headers.ETag?.ToString());
        Assert.Equal(modRevision - 1, long.Parse(answer.Headers.GetValues("RaftStore-Create-Revision").Single()));
        Assert.Equal("2", answer.Headers.GetValues("RaftStore-Version").Single());
        Assert.False(answer.Headers.Contains("RaftStore-Lease"));
        Assert.False(answer.Headers.Contains("Server"));
    }

    [Fact]
    public async Task Get_AnyAnswer_CarriesTheCommonHeaders()
    {
        await node.PutAsync(OneNode.Key(), "x");
        foreach (string target in new[] { "/v1/kv/" + OneNode.Key(), "/v1/kv/none", "/v1/kv?limit=x", "/v1/kv", "/v1/cluster", "/v1/status", "/livez", "/readyz", "/metrics", "/nowhere" })
        {
            using HttpResponseMessage answer = await node.Client.GetAsync(target);
            Assert.True(long.Parse(answer.Headers.GetValues("RaftStore-Revision").Single()) > 0, target);
            Assert.Equal("solo", answer.Headers.GetValues("RaftStore-Node").Single());
            Assert.Equal("solo", answer.Headers.GetValues("RaftStore-Leader").Single());
            Assert.True(long.Parse(answer.Headers.GetValues("RaftStore-Term").Single()) > 0, target);
        }
    }

    [Fact]
    public async Task Get_MissingKey_Is404WithoutOutcome()
    {
        using HttpResponseMessage answer = await node.Client.GetAsync("/v1/kv/" + OneNode.Key());

        await ProblemAssert.IsAsync(ProblemType.KeyNotFound, answer);
        Assert.Null((await OneNode.JsonAsync(answer))["outcome"]);
        Assert.Equal("solo", (string?)(await OneNode.JsonAsync(answer))["leader"]);
    }

    [Fact]
    public async Task Get_EmptyValue_IsAnEmptyBody()
    {
        await node.PutAsync(OneNode.Key(), "");

        using HttpResponseMessage answer = await node.Client.GetAsync("/v1/kv/" + OneNode.Key());

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(0, answer.Content.Headers.ContentLength);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/html, APPLICATION/JSON;q=0.5")]
    public async Task Get_AcceptingJson_ReturnsTheItem(string accept)
    {
        string key = OneNode.Key();
        long revision = await node.PutAsync(key, "grüße");

        using HttpResponseMessage answer = await node.SendAsync(HttpMethod.Get, "/v1/kv/" + key, ("Accept", accept));

        JsonObject item = await OneNode.JsonAsync(answer);
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.ToString());
        Assert.Equal(Convert.ToBase64String(Encoding.UTF8.GetBytes(key)), (string?)item["key"]);
        Assert.Equal(Convert.ToBase64String(Encoding.UTF8.GetBytes("grüße")), (string?)item["value"]);
        Assert.Equal(revision, (long)item["modRevision"]!);
        Assert.False(item.ContainsKey("encoding"));
        Assert.False(item.ContainsKey("lease"));
    }

    [Theory]
    [InlineData("application/json;q=0")]
    [InlineData("*/*")]
    [InlineData("application/*")]
    public async Task Get_NotNamingJson_ReturnsBytes(string accept)
    {
        await node.PutAsync(OneNode.Key(), "raw");

        using HttpResponseMessage answer = await node.SendAsync(HttpMethod.Get, "/v1/kv/" + OneNode.Key(), ("Accept", accept));

        Assert.Equal("raw", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Get_JsonAsUtf8_IsPlainWhereItCanBe()
    {
        string key = OneNode.Key();
        const string Value = "a \"quoted\" \\ line\n\u0001 and grüße 🙂";
        await node.PutAsync(key, Value);
        await node.Client.PutAsync($"/v1/kv/{key}-binary", new ByteArrayContent([0xFF, 0x00]));

        JsonObject plain = await OneNode.JsonAsync(await node.SendAsync(HttpMethod.Get, $"/v1/kv/{key}?encoding=utf8", ("Accept", "application/json")));
        JsonObject binary = await OneNode.JsonAsync(await node.SendAsync(HttpMethod.Get, $"/v1/kv/{key}-binary?encoding=utf8", ("Accept", "application/json")));

        Assert.Equal((key, Value, "utf8"), ((string?)plain["key"], (string?)plain["value"], (string?)plain["encoding"]));
        Assert.Equal((Convert.ToBase64String(Encoding.UTF8.GetBytes(key + "-binary")), "/wA=", "base64"), ((string?)binary["key"], (string?)binary["value"], (string?)binary["encoding"]));
    }

    [Fact]
    public async Task Get_LongValues_ComeBackWholeInEveryForm()
    {
        string key = OneNode.Key();
        string value = string.Concat(Enumerable.Range(0, 9000).Select(number => (number % 7) switch { 0 => "🙂", 1 => "ü", 2 => "\"", 3 => "\n", _ => "a" }));
        await node.PutAsync(key, value);

        string raw = await node.Client.GetStringAsync("/v1/kv/" + key);
        JsonObject plain = await OneNode.JsonAsync(await node.SendAsync(HttpMethod.Get, $"/v1/kv/{key}?encoding=utf8", ("Accept", "application/json")));
        JsonObject base64 = await OneNode.JsonAsync(await node.SendAsync(HttpMethod.Get, $"/v1/kv/{key}", ("Accept", "application/json")));

        Assert.Equal(value, raw);
        Assert.Equal(value, (string?)plain["value"]);
        Assert.Equal(value, Encoding.UTF8.GetString(Convert.FromBase64String((string)base64["value"]!)));
    }

    [Fact]
    public async Task Head_Key_HasTheHeadersAndNoBody()
    {
        await node.PutAsync(OneNode.Key(), "12345");

        RawAnswer answer = await node.RawTargetAsync("HEAD", "/v1/kv/" + OneNode.Key());
        RawAnswer missing = await node.RawTargetAsync("HEAD", "/v1/kv/none");

        Assert.Equal((200, "5", 0), (answer.Status, answer.Headers["Content-Length"], answer.Body.Length));
        Assert.StartsWith("\"", answer.Headers["ETag"], StringComparison.Ordinal);
        Assert.Equal((404, 0), (missing.Status, missing.Body.Length));
    }

    [Fact]
    public async Task Get_IfNoneMatch_Is304OnlyWhereItMatches()
    {
        string target = "/v1/kv/" + OneNode.Key();
        long revision = await node.PutAsync(OneNode.Key(), "x");

        using HttpResponseMessage same = await node.SendAsync(HttpMethod.Get, target, ("If-None-Match", $"\"{revision}\""));
        using HttpResponseMessage any = await node.SendAsync(HttpMethod.Get, target, ("If-None-Match", "*"));
        using HttpResponseMessage other = await node.SendAsync(HttpMethod.Get, target, ("If-None-Match", $"\"{revision + 1}\""));
        using HttpResponseMessage missing = await node.SendAsync(HttpMethod.Get, target + "-none", ("If-None-Match", "*"));

        Assert.Equal((HttpStatusCode.NotModified, $"\"{revision}\""), (same.StatusCode, same.Headers.ETag?.ToString()));
        Assert.Empty(await same.Content.ReadAsByteArrayAsync());
        Assert.Equal(HttpStatusCode.NotModified, any.StatusCode);
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
    }

    [Fact]
    public async Task Get_IfMatch_Is412WhereItDoesNotMatch()
    {
        string target = "/v1/kv/" + OneNode.Key();
        long revision = await node.PutAsync(OneNode.Key(), "x");

        using HttpResponseMessage same = await node.SendAsync(HttpMethod.Get, target, ("If-Match", $"\"{revision}\""));
        using HttpResponseMessage other = await node.SendAsync(HttpMethod.Get, target, ("If-Match", $"\"{revision + 1}\""));
        using HttpResponseMessage missing = await node.SendAsync(HttpMethod.Get, target + "-none", ("If-Match", "*"));

        Assert.Equal(HttpStatusCode.OK, same.StatusCode);
        await ProblemAssert.IsAsync(ProblemType.ConditionFailed, other);
        Assert.Equal($"\"{revision}\"", other.Headers.ETag?.ToString());
        await ProblemAssert.IsAsync(ProblemType.ConditionFailed, missing);
        Assert.Equal("\"0\"", missing.Headers.ETag?.ToString());
    }

    [Fact]
    public async Task Get_Stale_SaysHowOldItMayBe()
    {
        await node.PutAsync(OneNode.Key(), "x");

        using HttpResponseMessage stale = await node.Client.GetAsync($"/v1/kv/{OneNode.Key()}?consistency=stale");
        using HttpResponseMessage linearizable = await node.Client.GetAsync($"/v1/kv/{OneNode.Key()}?consistency=linearizable");

        Assert.Equal("x", await stale.Content.ReadAsStringAsync());
        Assert.InRange(long.Parse(stale.Headers.GetValues("RaftStore-Staleness-Ms").Single()), 0, 60_000);
        Assert.False(linearizable.Headers.Contains("RaftStore-Staleness-Ms"));
    }
}
