using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using RaftStore.Server.Http;
using RaftStore.Server.Tests.Support;

namespace RaftStore.Server.Tests.Api;

[Collection(OneNodeCollection.Name)]
public sealed class KeyWriteTests(OneNode node)
{
    [Fact]
    public async Task Put_NewAndAgain_CountsRevisionAndVersion()
    {
        string target = "/v1/kv/" + OneNode.Key();

        using HttpResponseMessage first = await node.Client.PutAsync(target, new StringContent("a"));
        using HttpResponseMessage second = await node.Client.PutAsync(target, new StringContent("b"));

        JsonObject one = await OneNode.JsonAsync(first);
        JsonObject two = await OneNode.JsonAsync(second);
        Assert.Equal("application/json", first.Content.Headers.ContentType?.ToString());
        Assert.Equal((1, 2), ((int)one["version"]!, (int)two["version"]!));
        Assert.Equal((long)one["revision"]! + 1, (long)two["revision"]!);
        Assert.Equal((long)two["revision"]!, long.Parse(second.Headers.GetValues("RaftStore-Revision").Single()));
        Assert.Equal(["revision", "version"], two.Select(member => member.Key));
    }

    [Fact]
    public async Task Put_WithPrev_AddsThePreviousItem()
    {
        string target = "/v1/kv/" + OneNode.Key() + "?prev=true";

        JsonObject first = await OneNode.JsonAsync(await node.Client.PutAsync(target, new StringContent("old")));
        JsonObject second = await OneNode.JsonAsync(await node.Client.PutAsync(target + "&encoding=utf8", new StringContent("new")));

        Assert.True(first.ContainsKey("prev"));
        Assert.Null(first["prev"]);
        Assert.Equal("old", (string?)second["prev"]!["value"]);
        Assert.Equal((long)first["revision"]!, (long)second["prev"]!["modRevision"]!);
    }

    [Fact]
    public async Task Delete_ExistingThenMissing_CountsAndMakesNoEmptyRevision()
    {
        string target = "/v1/kv/" + OneNode.Key();
        long put = await node.PutAsync(OneNode.Key(), "x");

        JsonObject first = await OneNode.JsonAsync(await node.Client.DeleteAsync(target));
        JsonObject second = await OneNode.JsonAsync(await node.Client.DeleteAsync(target));

        Assert.Equal((put + 1, 1), ((long)first["revision"]!, (int)first["deleted"]!));
        Assert.Equal((put + 1, 0), ((long)second["revision"]!, (int)second["deleted"]!));
        Assert.Equal(HttpStatusCode.NotFound, (await node.Client.GetAsync(target)).StatusCode);
    }

    [Fact]
    public async Task Delete_WithPrev_AddsWhatWasThere()
    {
        string target = $"/v1/kv/{OneNode.Key()}?prev=true&encoding=utf8";
        await node.PutAsync(OneNode.Key(), "gone");

        JsonObject first = await OneNode.JsonAsync(await node.Client.DeleteAsync(target));
        JsonObject second = await OneNode.JsonAsync(await node.Client.DeleteAsync(target));

        Assert.Equal("gone", (string?)first["prev"]!["value"]);
        Assert.Null(second["prev"]);
    }

    [Fact]
    public async Task Put_Conditions_HoldOrAnswer412WithTheCurrentTag()
    {
        string target = "/v1/kv/" + OneNode.Key();

        await FailsAsync(HttpMethod.Put, target, "If-Match", "*", "\"0\"");
        await FailsAsync(HttpMethod.Put, target, "If-Match", "\"1\"", "\"0\"");
        long created = await HoldsAsync(HttpMethod.Put, target, "If-None-Match", "*");
        await FailsAsync(HttpMethod.Put, target, "If-None-Match", "*", $"\"{created}\"");
        await FailsAsync(HttpMethod.Put, target, "If-Match", "\"0\"", $"\"{created}\"");
        long changed = await HoldsAsync(HttpMethod.Put, target, "If-Match", $"\"{created}\"");
        await FailsAsync(HttpMethod.Delete, target, "If-Match", $"\"{created}\"", $"\"{changed}\"");
        long again = await HoldsAsync(HttpMethod.Put, target, "If-Match", "*");
        await HoldsAsync(HttpMethod.Delete, target, "If-Match", $"\"{again}\"");
        await HoldsAsync(HttpMethod.Put, target, "If-Match", "\"0\"");
    }

    [Theory]
    [InlineData("If-Match", "5")]
    [InlineData("If-Match", "W/\"5\"")]
    [InlineData("If-Match", "\"5\", \"6\"")]
    [InlineData("If-Match", "\"five\"")]
    [InlineData("If-Match", "\"-1\"")]
    [InlineData("If-Match", "\"99999999999999999999\"")]
    [InlineData("If-Match", "\"\"")]
    [InlineData("If-None-Match", "\"5\"")]
    [InlineData("If-None-Match", "nothing")]
    public async Task Write_MalformedCondition_Is400(string header, string value)
    {
        foreach (HttpMethod method in new[] { HttpMethod.Put, HttpMethod.Delete })
        {
            using HttpResponseMessage answer = await node.SendAsync(method, "/v1/kv/" + OneNode.Key(), (header, value));
            Assert.Contains(header, await ProblemAssert.IsAsync(ProblemType.InvalidCondition, answer), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Write_BothConditions_Is400()
    {
        using HttpResponseMessage answer = await node.SendAsync(HttpMethod.Put, "/v1/kv/" + OneNode.Key(), ("If-Match", "*"), ("If-None-Match", "*"));

        await ProblemAssert.IsAsync(ProblemType.InvalidCondition, answer);
    }

    [Fact]
    public async Task Put_ValueOfExactlyTheLimit_IsStored()
    {
        byte[] value = new byte[OneNode.ValueBytesMax];
        Random.Shared.NextBytes(value);
        value[0] = 1;

        using HttpResponseMessage answer = await node.Client.PutAsync("/v1/kv/" + OneNode.Key(), new ByteArrayContent(value));

        Assert.True(answer.IsSuccessStatusCode);
        Assert.Equal(value, await node.Client.GetByteArrayAsync("/v1/kv/" + OneNode.Key()));
    }

    [Fact]
    public async Task Put_Chunked_IsStoredWhole()
    {
        string key = OneNode.Key();
        const string Chunks = "5\r\nhello\r\n1\r\n \r\n5;ext=1\r\nworld\r\n0\r\n\r\n";

        RawAnswer answer = await node.RawAsync($"PUT /v1/kv/{key} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n", Encoding.ASCII.GetBytes(Chunks));

        Assert.Equal(200, answer.Status);
        Assert.Equal("hello world", await node.Client.GetStringAsync("/v1/kv/" + key));
    }

    [Fact]
    public async Task Put_ChunkedAndLong_GrowsToTheLimit()
    {
        byte[] value = new byte[OneNode.ValueBytesMax];
        new Random(7).NextBytes(value);
        using HttpRequestMessage request = new(HttpMethod.Put, new Uri(node.BaseAddress, "/v1/kv/" + OneNode.Key())) { Content = new StreamContent(new MemoryStream(value)) };
        request.Headers.TransferEncodingChunked = true;

        using HttpResponseMessage answer = await node.Client.SendAsync(request);

        Assert.True(answer.IsSuccessStatusCode);
        Assert.Equal(value, await node.Client.GetByteArrayAsync("/v1/kv/" + OneNode.Key()));
    }

    [Fact]
    public async Task Put_ContentEncoding_Is415()
    {
        using ByteArrayContent content = new([1]);
        content.Headers.ContentEncoding.Add("gzip");

        using HttpResponseMessage answer = await node.Client.PutAsync("/v1/kv/" + OneNode.Key(), content);

        await ProblemAssert.IsAsync(ProblemType.UnsupportedMediaType, answer);
    }

    [Fact]
    public async Task Put_ManyAtOnce_AllAreStoredOnce()
    {
        string key = OneNode.Key();
        JsonObject[] answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(async number =>
            await OneNode.JsonAsync(await node.Client.PutAsync($"/v1/kv/{key}/{number}", new StringContent($"value {number}")))));

        Assert.Equal(64, answers.Select(answer => (long)answer["revision"]!).Distinct().Count());
        for (int number = 0; number < 64; number++)
        {
            Assert.Equal($"value {number}", await node.Client.GetStringAsync($"/v1/kv/{key}/{number}"));
        }
    }

    private async Task<long> HoldsAsync(HttpMethod method, string target, string header, string value)
    {
        using HttpResponseMessage answer = await node.SendAsync(method, target, (header, value));
        Assert.True(answer.IsSuccessStatusCode, $"{method} {header}: {value} answered {(int)answer.StatusCode}");
        return (long)(await OneNode.JsonAsync(answer))["revision"]!;
    }

    private async Task FailsAsync(HttpMethod method, string target, string header, string value, string currentTag)
    {
        using HttpResponseMessage answer = await node.SendAsync(method, target, (header, value));
        await ProblemAssert.IsAsync(ProblemType.ConditionFailed, answer);
        Assert.Equal(currentTag, answer.Headers.ETag?.ToString());
    }
}
