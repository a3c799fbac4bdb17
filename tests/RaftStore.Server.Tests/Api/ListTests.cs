using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using RaftStore.Server.Http;
using RaftStore.Server.Tests.Support;

namespace RaftStore.Server.Tests.Api;

[Collection(OneNodeCollection.Name)]
public sealed class ListTests(OneNode node)
{
    [Fact]
    public async Task List_Prefix_IsInByteOrderAndWhole()
    {
        string prefix = await FillAsync(OneNode.Key(), "c", "a", "B", "%FF", "b");

        JsonObject page = await ListAsync($"prefix={prefix}&encoding=utf8");

        Assert.Equal([prefix + "B", prefix + "a", prefix + "b", prefix + "c"], Keys(page).Take(4));
        Assert.Equal("base64", (string?)page["items"]![4]!["encoding"]);
        Assert.Equal((5, false), ((int)page["count"]!, (bool)page["more"]!));
        Assert.False(page.ContainsKey("cursor"));
        Assert.True((long)page["revision"]! >= (long)page["items"]![0]!["modRevision"]!);
        Assert.Equal("value", (string?)page["items"]![0]!["value"]);
    }

    [Fact]
    public async Task List_StartAndEnd_IsHalfOpen()
    {
        string prefix = await FillAsync(OneNode.Key(), "a", "b", "c", "d");

        Assert.Equal(["b", "c"], Ends(await ListAsync($"start={prefix}b&end={prefix}d&encoding=utf8"), prefix));
        Assert.Equal(["d", "c", "b"], Ends(await ListAsync($"start={prefix}b&end={prefix}e&encoding=utf8&reverse=true"), prefix));
        Assert.Empty(Keys(await ListAsync($"start={prefix}d&end={prefix}b")));
        Assert.Equal(["c"], Ends(await ListAsync($"start64={Base64(prefix + "c")}&end64={Base64(prefix + "d")}&encoding=utf8"), prefix));
    }

    [Fact]
    public async Task List_WithoutBounds_HoldsEveryKey()
    {
        string prefix = await FillAsync(OneNode.Key(), "a");

        long all = (long)(await ListAsync("count_only=true"))["count"]!;
        JsonObject some = await ListAsync($"prefix={prefix}&count_only=true");

        Assert.True(all >= 1);
        Assert.Equal(["revision", "count"], some.Select(member => member.Key));
        Assert.Equal(1, (int)some["count"]!);
    }

    [Fact]
    public async Task List_KeysOnly_HasNoValues()
    {
        string prefix = await FillAsync(OneNode.Key(), "a");

        JsonObject item = (await ListAsync($"prefix={prefix}&keys_only&encoding=utf8"))["items"]![0]!.AsObject();

        Assert.Equal(["key", "createRevision", "modRevision", "version", "encoding"], item.Select(member => member.Key));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task List_PageByPage_StaysOnTheFirstRevision(bool reverse)
    {
        string[] ends = [.. Enumerable.Range(0, 7).Select(number => $"{number}")];
        string prefix = await FillAsync(OneNode.Key() + reverse, ends);
        string query = $"prefix={prefix}&limit=3&encoding=utf8&reverse={(reverse ? "true" : "false")}";

        JsonObject first = await ListAsync(query);
        await node.PutAsync(prefix + "35", "came later");
        await node.Client.DeleteAsync("/v1/kv/" + prefix + "4");
        JsonObject second = await ListAsync($"{query}&cursor={(string)first["cursor"]!}");
        JsonObject third = await ListAsync($"{query}&cursor={(string)second["cursor"]!}");

        Assert.Equal(reverse ? ends.Reverse() : ends, [.. Ends(first, prefix), .. Ends(second, prefix), .. Ends(third, prefix)]);
        Assert.Equal((true, true, false), ((bool)first["more"]!, (bool)second["more"]!, (bool)third["more"]!));
        Assert.Equal((3, 3, 1), ((int)first["count"]!, (int)second["count"]!, (int)third["count"]!));
        Assert.Equal((long)first["revision"]!, (long)third["revision"]!);
    }

    [Fact]
    public async Task List_Cursor_BelongsToItsQuery()
    {
        string prefix = await FillAsync(OneNode.Key(), "1", "2", "3");
        string cursor = (string)(await ListAsync($"prefix={prefix}&limit=1"))["cursor"]!;
        string damaged = (cursor[0] == 'A' ? 'B' : 'A') + cursor[1..];

        Assert.Equal(2, (int)(await ListAsync($"prefix={prefix}&limit=2&encoding=utf8&cursor={cursor}"))["count"]!);
        foreach (string query in new[] { $"prefix={prefix}x", "", $"prefix={prefix}&reverse", $"prefix={prefix}&keys_only", $"start={prefix}" })
        {
            await ProblemAssert.IsAsync(ProblemType.InvalidCursor, await node.Client.GetAsync($"/v1/kv?{query}&cursor={cursor}"));
        }

        foreach (string bad in new[] { damaged, cursor[..^1], "", "AAAA", "*", new string('A', 9000) })
        {
            await ProblemAssert.IsAsync(ProblemType.InvalidCursor, await node.Client.GetAsync($"/v1/kv?prefix={prefix}&cursor={bad}"));
        }
    }

    [Fact]
    public async Task List_CursorOfAFutureRevision_IsRefused()
    {
        string prefix = await FillAsync(OneNode.Key(), "1", "2");
        byte[] bytes = Encoding.UTF8.GetBytes(prefix);
        ulong digest = ListCursor.Digest(Kv.KeyRange.Prefix(bytes), reverse: false, keysOnly: false);
        string cursor = new ListCursor(1_000_000_000, digest, bytes).Encode();

        await ProblemAssert.IsAsync(ProblemType.InvalidCursor, await node.Client.GetAsync($"/v1/kv?prefix={prefix}&cursor={cursor}"));
        using HttpResponseMessage behind = await node.Client.GetAsync($"/v1/kv?prefix={prefix}&consistency=stale&cursor={cursor}");
        await ProblemAssert.IsAsync(ProblemType.NotCaughtUp, behind);
        Assert.Equal("1", behind.Headers.GetValues("Retry-After").Single());
    }

    [Fact]
    public async Task List_MoreThanFourMebibytes_EndsThePage()
    {
        string prefix = OneNode.Key();
        string value = new('v', OneNode.ValueBytesMax);
        for (int i = 0; i < 45; i++)
        {
            await node.PutAsync($"{prefix}{i:D2}", value);
        }

        JsonObject page = await ListAsync($"prefix={prefix}");

        Assert.True((bool)page["more"]!);
        Assert.InRange((int)page["count"]!, 40, 42);
        Assert.Equal((int)page["count"]!, page["items"]!.AsArray().Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task List_AsNdjson_StreamsEverything(bool reverse)
    {
        string prefix = OneNode.Key() + reverse;
        string[] keys = [.. Enumerable.Range(0, 2500).Select(number => $"{prefix}{number:D4}")];
        foreach (string[] some in keys.Chunk(100))
        {
            await Task.WhenAll(some.Select(key => node.PutAsync(key, key)));
        }

        using HttpResponseMessage answer = await node.SendAsync(HttpMethod.Get, $"/v1/kv?prefix={prefix}&encoding=utf8&reverse={(reverse ? "true" : "false")}", ("Accept", "application/x-ndjson"));
        string text = await answer.Content.ReadAsStringAsync();

        Assert.Equal("application/x-ndjson", answer.Content.Headers.ContentType?.ToString());
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        Assert.Equal(reverse ? keys.Reverse() : keys, text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => (string?)JsonNode.Parse(line)!["value"]));
    }

    [Fact]
    public async Task List_AsNdjson_StopsAtLimitAndMayBeEmpty()
    {
        string prefix = await FillAsync(OneNode.Key(), "1", "2", "3");

        using HttpResponseMessage two = await node.SendAsync(HttpMethod.Get, $"/v1/kv?prefix={prefix}&limit=2", ("Accept", "application/x-ndjson"));
        using HttpResponseMessage none = await node.SendAsync(HttpMethod.Get, $"/v1/kv?prefix={prefix}x", ("Accept", "application/x-ndjson"));
        RawAnswer head = await node.RawAsync($"HEAD /v1/kv?prefix={prefix} HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\nConnection: close\r\n\r\n");

        Assert.Equal(2, (await two.Content.ReadAsStringAsync()).Count(symbol => symbol == '\n'));
        Assert.Equal((HttpStatusCode.OK, ""), (none.StatusCode, await none.Content.ReadAsStringAsync()));
        Assert.Equal((200, 0), (head.Status, head.Body.Length));
    }

    [Fact]
    public async Task List_Stale_SaysHowOldItMayBe()
    {
        using HttpResponseMessage answer = await node.Client.GetAsync("/v1/kv?prefix=none&consistency=stale");

        Assert.InRange(long.Parse(answer.Headers.GetValues("RaftStore-Staleness-Ms").Single()), 0, 60_000);
    }

    [Fact]
    public async Task DeleteRange_Prefix_IsOneRevision()
    {
        string prefix = await FillAsync(OneNode.Key(), "1", "2", "3");
        long before = await node.PutAsync(OneNode.Key()[..3] + "-other", "stays");

        JsonObject deleted = await OneNode.JsonAsync(await node.Client.DeleteAsync($"/v1/kv?prefix={prefix}"));
        JsonObject again = await OneNode.JsonAsync(await node.Client.DeleteAsync($"/v1/kv?prefix={prefix}"));

        Assert.Equal((before + 1, 3), ((long)deleted["revision"]!, (int)deleted["deleted"]!));
        Assert.Equal((before + 1, 0), ((long)again["revision"]!, (int)again["deleted"]!));
        Assert.Equal(0, (int)(await ListAsync($"prefix={prefix}"))["count"]!);
    }

    [Fact]
    public async Task DeleteRange_StartAndEnd_LeavesTheRest()
    {
        string prefix = await FillAsync(OneNode.Key(), "1", "2", "3", "4");

        await node.Client.DeleteAsync($"/v1/kv?start={prefix}2&end={prefix}4");

        Assert.Equal(["1", "4"], Ends(await ListAsync($"prefix={prefix}&encoding=utf8"), prefix));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?prefix=")]
    [InlineData("?start=")]
    public async Task DeleteRange_WithoutABound_Is400(string query) =>
        await ProblemAssert.IsAsync(ProblemType.InvalidParameter, await node.Client.DeleteAsync("/v1/kv" + query));

    [Fact]
    public async Task DeleteRange_TooManyKeys_Is413AndDeletesNothing()
    {
        string prefix = OneNode.Key();
        foreach (int[] some in Enumerable.Range(0, Kv.KvCommand.RangeKeysMax + 1).Chunk(256))
        {
            await Task.WhenAll(some.Select(number => node.PutAsync($"{prefix}{number:D5}", "")));
        }

        await ProblemAssert.IsAsync(ProblemType.RangeTooLarge, await node.Client.DeleteAsync($"/v1/kv?prefix={prefix}"));
        Assert.Equal(Kv.KvCommand.RangeKeysMax + 1, (int)(await ListAsync($"prefix={prefix}&count_only=true"))["count"]!);
        await node.Client.DeleteAsync($"/v1/kv/{prefix}00000");
        Assert.Equal(Kv.KvCommand.RangeKeysMax, (int)(await OneNode.JsonAsync(await node.Client.DeleteAsync($"/v1/kv?prefix={prefix}")))["deleted"]!);
    }

    [Fact]
    public async Task Range_Conditions_Are400()
    {
        foreach (HttpMethod method in new[] { HttpMethod.Get, HttpMethod.Delete })
        {
            await ProblemAssert.IsAsync(ProblemType.InvalidCondition, await node.SendAsync(method, "/v1/kv?prefix=x", ("If-Match", "*")));
            await ProblemAssert.IsAsync(ProblemType.InvalidCondition, await node.SendAsync(method, "/v1/kv?prefix=x", ("If-None-Match", "*")));
        }
    }

    private async Task<string> FillAsync(string prefix, params string[] ends)
    {
        foreach (string end in ends)
        {
            await node.PutAsync(prefix + end, "value");
        }

        return prefix;
    }

    private async Task<JsonObject> ListAsync(string query)
    {
        using HttpResponseMessage answer = await node.Client.GetAsync("/v1/kv?" + query);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await OneNode.JsonAsync(answer);
    }

    private static string[] Keys(JsonObject page) => [.. page["items"]!.AsArray().Select(item => (string)item!["key"]!)];

    private static string[] Ends(JsonObject page, string prefix) => [.. Keys(page).Select(key => key[prefix.Length..])];

    private static string Base64(string text) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
