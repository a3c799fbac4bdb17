using System.Buffers.Text;
using System.Text;
using RaftStore.Server.Http;
using RaftStore.Server.Tests.Support;

namespace RaftStore.Server.Tests.Api;

/// <summary>Keys as they stand on the wire: what a client library would tidy up before sending it.</summary>
[Collection(OneNodeCollection.Name)]
public sealed class RawTargetTests(OneNode node)
{
    [Theory]
    [InlineData("raw-a%2Fb", "raw-a/b")]
    [InlineData("raw-c/d", "raw-c/d")]
    [InlineData("raw-a%252Fb", "raw-a%2Fb")]
    [InlineData("raw//double/", "raw//double/")]
    [InlineData("/raw-leading", "/raw-leading")]
    [InlineData("raw-a+b", "raw-a+b")]
    [InlineData("raw-%20space", "raw- space")]
    [InlineData("raw-%3F%23%26=", "raw-?#&=")]
    [InlineData("raw-...", "raw-...")]
    [InlineData("raw/.../x", "raw/.../x")]
    [InlineData("raw/.hidden", "raw/.hidden")]
    [InlineData("raw/a..b", "raw/a..b")]
    [InlineData("raw-%7e~%41", "raw-~~A")]
    [InlineData("raw-%C3%BC", "raw-ü")]
    [InlineData("raw-%e2%82%ac;x:@!$'()*,", "raw-€;x:@!$'()*,")]
    public async Task Key_InThePath_IsDecodedExactlyOnce(string encoded, string key)
    {
        RawAnswer put = await node.RawTargetAsync("PUT", "/v1/kv/" + encoded, body: key.Length.ToString());
        RawAnswer byBase64 = await node.RawTargetAsync("GET", "/v1/kv?key64=" + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(key)));
        RawAnswer byPath = await node.RawTargetAsync("GET", "/v1/kv/" + encoded);

        Assert.Equal(200, put.Status);
        Assert.Equal(key.Length.ToString(), byBase64.Text);
        Assert.Equal(key.Length.ToString(), byPath.Text);
    }

    [Fact]
    public async Task Key_SlashPlainOrEncoded_IsTheSameKeyAndDoublyEncodedAnother()
    {
        await node.RawTargetAsync("PUT", "/v1/kv/same%2Fkey", "one");
        await node.RawTargetAsync("PUT", "/v1/kv/same%252Fkey", "two");

        Assert.Equal("one", (await node.RawTargetAsync("GET", "/v1/kv/same/key")).Text);
        Assert.Equal("two", (await node.RawTargetAsync("GET", "/v1/kv?key=same%252Fkey")).Text);
    }

    [Fact]
    public async Task Key_EveryByte_RoundTrips()
    {
        for (int value = 1; value < 256; value++)
        {
            string encoded = $"byte-%{value:X2}";
            byte[] key = [.. "byte-"u8, (byte)value];
            await node.RawTargetAsync("PUT", "/v1/kv/" + encoded, $"{value}");
            Assert.Equal($"{value}", (await node.RawTargetAsync("GET", "/v1/kv?key64=" + Base64Url.EncodeToString(key))).Text);
        }
    }

    [Fact]
    public async Task Key_ZeroByte_NeedsKey64()
    {
        byte[] key = [.. "zero"u8, 0, 1];
        string target = "/v1/kv?key64=" + Base64Url.EncodeToString(key);

        RawAnswer plain = await node.RawTargetAsync("PUT", "/v1/kv/zero%00%01", "x");
        RawAnswer put = await node.RawTargetAsync("PUT", target, "zero");

        Assert.Equal(400, plain.Status);
        Assert.Equal(200, put.Status);
        Assert.Equal("zero", (await node.RawTargetAsync("GET", target)).Text);
    }

    [Theory]
    [InlineData("/v1/kv/.")]
    [InlineData("/v1/kv/..")]
    [InlineData("/v1/kv/./a")]
    [InlineData("/v1/kv/a/../b")]
    [InlineData("/v1/kv/a/..")]
    [InlineData("/v1/kv/%2e")]
    [InlineData("/v1/kv/%2E%2e/a")]
    [InlineData("/v1/kv/.%2e/a")]
    [InlineData("/v1/kv/a%2F..%2Fb")]
    [InlineData("/v1/kv/a%2f.")]
    [InlineData("/v1/kv/../status")]
    [InlineData("/v1/../v1/kv/a")]
    [InlineData("/./livez")]
    public async Task Key_DotSegment_Is400ForEveryVerb(string target)
    {
        foreach (string method in new[] { "GET", "PUT", "DELETE" })
        {
            ProblemAssert.Is(ProblemType.InvalidKey, await node.RawTargetAsync(method, target), isWrite: method != "GET");
        }
    }

    [Theory]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("a/../b")]
    public async Task Key_DotSegmentByKey64_IsAKeyLikeAnyOther(string key)
    {
        string target = "/v1/kv?key64=" + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(key));

        Assert.Equal(200, (await node.RawTargetAsync("PUT", target, key)).Status);
        Assert.Equal(key, (await node.RawTargetAsync("GET", target)).Text);
        Assert.Equal(key, (await node.RawTargetAsync("GET", "/v1/kv?key=" + Uri.EscapeDataString(key))).Text);
    }

    [Theory]
    [InlineData("/v1/kv/a%")]
    [InlineData("/v1/kv/a%4")]
    [InlineData("/v1/kv/a%zz")]
    [InlineData("/v1/kv/%u0041")]
    [InlineData("/v1/kv/")]
    [InlineData("/v1/kv?key=")]
    [InlineData("/v1/kv?key64=")]
    [InlineData("/v1/kv?key=%4")]
    [InlineData("/v1/kv?key64=a")]
    [InlineData("/v1/kv?key64=YQ+/")]
    [InlineData("/v1/kv?key64=Y%20Q")]
    [InlineData("/v1/kv?key64=Y*Q")]
    [InlineData("/v1/kv/a?key=b")]
    [InlineData("/v1/kv/a?key64=YQ")]
    public async Task Key_Malformed_Is400(string target)
    {
        foreach (string method in new[] { "GET", "PUT", "DELETE" })
        {
            ProblemAssert.Is(ProblemType.InvalidKey, await node.RawTargetAsync(method, target), isWrite: method != "GET");
        }
    }

    [Theory]
    [InlineData("cGFk")]
    [InlineData("cGFkZA")]
    [InlineData("cGFkZA==")]
    [InlineData("cGFkZA%3D%3d")]
    [InlineData("-_8")]
    public async Task Key64_PaddedOrNot_IsTheSameKey(string text)
    {
        Assert.Equal(200, (await node.RawTargetAsync("PUT", "/v1/kv?key64=" + text, "padded")).Status);

        Assert.Equal("padded", (await node.RawTargetAsync("GET", "/v1/kv?key64=" + text.Replace("=", "", StringComparison.Ordinal).Split('%')[0])).Text);
    }

    [Fact]
    public async Task Key_OfTheLongestLength_IsServedAndOneByteMoreRefused()
    {
        string longest = string.Concat(Enumerable.Repeat("%C3", 4096));
        string base64 = Base64Url.EncodeToString(Enumerable.Repeat((byte)0xC3, 4096).ToArray());

        Assert.Equal(200, (await node.RawTargetAsync("PUT", "/v1/kv/" + longest, "long")).Status);
        Assert.Equal("long", (await node.RawTargetAsync("GET", "/v1/kv?key64=" + base64)).Text);
        ProblemAssert.Is(ProblemType.InvalidKey, await node.RawTargetAsync("PUT", "/v1/kv/" + longest + "x"), isWrite: true);
        ProblemAssert.Is(ProblemType.InvalidKey, await node.RawTargetAsync("GET", "/v1/kv?key64=" + Base64Url.EncodeToString(new byte[4097])), isWrite: false);
    }

    [Fact]
    public async Task RequestLine_UpTo32KiB_IsReadAndMoreIs414()
    {
        string start = string.Concat(Enumerable.Repeat("%C3", 4096));
        string query = $"start={start}&end={start}z";
        string filler = new('&', (32 << 10) - "GET /v1/kv? HTTP/1.1\r\n".Length - query.Length);

        RawAnswer full = await node.RawTargetAsync("GET", $"/v1/kv?{query}{filler}");
        RawAnswer over = await node.RawTargetAsync("GET", $"/v1/kv?{query}{filler}&");

        ProblemAssert.Is(ProblemType.InvalidParameter, full, isWrite: false);
        Assert.Equal(414, over.Status);
    }

    [Fact]
    public async Task Target_AbsoluteForm_IsServedLikeTheOther()
    {
        await node.PutAsync("absolute", "form");

        RawAnswer answer = await node.RawAsync("GET http://localhost/v1/kv/absolute?consistency=stale HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        RawAnswer bare = await node.RawAsync("GET http://localhost HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

        Assert.Equal((200, "form"), (answer.Status, answer.Text));
        Assert.Equal(404, bare.Status);
    }

    [Fact]
    public async Task Target_OfOtherForms_Is404()
    {
        Assert.Equal(404, (await node.RawAsync("OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).Status);
        Assert.Equal(404, (await node.RawTargetAsync("GET", "/")).Status);
        Assert.Equal(404, (await node.RawTargetAsync("GET", "/v1/%6bv/x")).Status);
        Assert.Equal(404, (await node.RawTargetAsync("GET", "/V1/KV/x")).Status);
    }

    [Fact]
    public async Task Query_PlusIsASpaceAndPercentIsDecodedOnce()
    {
        await node.RawTargetAsync("PUT", "/v1/kv/query%20x%2By", "found");

        Assert.Equal("found", (await node.RawTargetAsync("GET", "/v1/kv?key=query+x%2By")).Text);
        Assert.Equal(1, (int)(await node.RawTargetAsync("GET", "/v1/kv?prefix=query+x%2B&count_only")).Json["count"]!);
    }
}
