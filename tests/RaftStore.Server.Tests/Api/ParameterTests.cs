using RaftStore.Server.Http;
using RaftStore.Server.Tests.Support;

namespace RaftStore.Server.Tests.Api;

[Collection(OneNodeCollection.Name)]
public sealed class ParameterTests(OneNode node)
{
    [Theory]
    [InlineData("GET", "/v1/kv/x?limits=1", "'limits'")]
    [InlineData("GET", "/v1/kv/x?limit=1", "'limit'")]
    [InlineData("GET", "/v1/kv/x?prev", "'prev'")]
    [InlineData("GET", "/v1/kv/x?prefix=a", "range")]
    [InlineData("GET", "/v1/kv?key=x&start=a", "range")]
    [InlineData("GET", "/v1/kv?prefix=a&start=b", "'prefix'")]
    [InlineData("GET", "/v1/kv?prefix=a&end=b", "'prefix'")]
    [InlineData("GET", "/v1/kv?prefix=a&prefix64=YQ", "twice")]
    [InlineData("GET", "/v1/kv?limit=1&limit=1", "twice")]
    [InlineData("GET", "/v1/kv?limit=0", "1000")]
    [InlineData("GET", "/v1/kv?limit=1001", "1000")]
    [InlineData("GET", "/v1/kv?limit=-1", "1000")]
    [InlineData("GET", "/v1/kv?limit=", "1000")]
    [InlineData("GET", "/v1/kv?limit=1e1", "1000")]
    [InlineData("GET", "/v1/kv?reverse=yes", "true or false")]
    [InlineData("GET", "/v1/kv?keys_only=", "true or false")]
    [InlineData("GET", "/v1/kv?encoding=latin1", "utf8")]
    [InlineData("GET", "/v1/kv/x?consistency=eventual", "linearizable")]
    [InlineData("GET", "/v1/kv/x?consistency", "linearizable")]
    [InlineData("GET", "/v1/kv?end=", "'end'")]
    [InlineData("GET", "/v1/kv?start=%4", "'start'")]
    [InlineData("GET", "/v1/kv?prefix64=a%2Fb", "'prefix64'")]
    [InlineData("GET", "/v1/kv?count_only&cursor=abc", "'count_only'")]
    [InlineData("GET", "/v1/kv/x?consistency=stale&redirect", "'redirect'")]
    [InlineData("GET", "/v1/kv?prev", "'prev'")]
    [InlineData("GET", "/v1/kv/x?=1", "''")]
    [InlineData("PUT", "/v1/kv/x?consistency=stale", "'consistency'")]
    [InlineData("PUT", "/v1/kv/x?limit=1", "'limit'")]
    [InlineData("DELETE", "/v1/kv/x?reverse", "'reverse'")]
    [InlineData("DELETE", "/v1/kv?prefix=x&limit=1", "'limit'")]
    [InlineData("DELETE", "/v1/kv?prefix=x&prev=true", "'prev'")]
    [InlineData("GET", "/v1/kv/x?revision=-1", "'revision'")]
    [InlineData("GET", "/v1/kv/x?revision=", "'revision'")]
    [InlineData("GET", "/v1/kv?revision=99999999999999999999", "'revision'")]
    [InlineData("PUT", "/v1/kv/x?revision=1", "'revision'")]
    [InlineData("DELETE", "/v1/kv?prefix=x&revision=1", "'revision'")]
    [InlineData("POST", "/v1/compact?revision=1", "'revision'")]
    [InlineData("GET", "/v1/kv/x?min_revision=-1", "'min_revision'")]
    [InlineData("GET", "/v1/kv/x?min_revision", "'min_revision'")]
    [InlineData("GET", "/v1/kv/x?min_revision=99999999999999999999", "'min_revision'")]
    [InlineData("GET", "/v1/kv/x?consistency=stale&max_staleness=2", "'max_staleness'")]
    [InlineData("GET", "/v1/kv?consistency=stale&max_staleness=", "'max_staleness'")]
    [InlineData("GET", "/v1/kv/x?max_staleness=2s", "consistency=stale")]
    [InlineData("PUT", "/v1/kv/x?min_revision=1", "'min_revision'")]
    [InlineData("DELETE", "/v1/kv?prefix=x&max_staleness=1s", "'max_staleness'")]
    [InlineData("GET", "/v1/cluster?x=1", "'x'")]
    [InlineData("GET", "/v1/status?x=1", "'x'")]
    [InlineData("GET", "/v1/status?at=last", "'at'")]
    [InlineData("GET", "/v1/snapshot?x=1", "'x'")]
    [InlineData("GET", "/v1/snapshot?consistency=now", "'consistency'")]
    [InlineData("GET", "/v1/snapshot?consistency=stale&consistency=stale", "'consistency'")]
    [InlineData("GET", "/livez?x", "'x'")]
    [InlineData("GET", "/readyz?x", "'x'")]
    public async Task Parameter_UnknownMalformedOrContradicting_Is400NamingIt(string method, string target, string named) =>
        Assert.Contains(named, ProblemAssert.Is(ProblemType.InvalidParameter, await node.RawTargetAsync(method, target), isWrite: method != "GET"), StringComparison.Ordinal);

    [Theory]
    [InlineData("PUT", "/v1/kv/later?ttl=30s", "'ttl'")]
    [InlineData("PUT", "/v1/kv/later?lease=1", "'lease'")]
    [InlineData("GET", "/v1/kv?from_revision=1", "'from_revision'")]
    public async Task Parameter_OfALaterVersion_IsRefusedByName(string method, string target, string named) =>
        Assert.Contains(named, ProblemAssert.Is(ProblemType.NotSupported, await node.RawTargetAsync(method, target), isWrite: method != "GET"), StringComparison.Ordinal);

    [Theory]
    [InlineData("Idempotency-Key")]
    [InlineData("RaftStore-Fence")]
    [InlineData("RaftStore-Session-Ack")]
    public async Task Header_OfALaterVersion_IsRefusedByName(string header)
    {
        foreach (HttpMethod method in new[] { HttpMethod.Put, HttpMethod.Delete, HttpMethod.Get })
        {
            using HttpResponseMessage answer = await node.SendAsync(method, "/v1/kv/later", (header, "1"));
            Assert.Contains(header, await ProblemAssert.IsAsync(ProblemType.NotSupported, answer), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("POST", "/v1/txn")]
    [InlineData("GET", "/v1/watch?prefix=a")]
    [InlineData("POST", "/v1/leases")]
    [InlineData("POST", "/v1/leases/1/keepalive")]
    [InlineData("POST", "/v1/locks/a")]
    [InlineData("POST", "/v1/sessions")]
    public async Task Path_OfALaterVersion_Is404ThatSaysSo(string method, string target) =>
        Assert.Contains("not there yet", ProblemAssert.Is(ProblemType.NotFound, await node.RawTargetAsync(method, target), isWrite: method != "GET"), StringComparison.Ordinal);

    [Theory]
    [InlineData("POST", "/v1/kv/x", "GET, HEAD, PUT, DELETE")]
    [InlineData("PATCH", "/v1/kv?prefix=x", "GET, HEAD, PUT, DELETE")]
    [InlineData("BREW", "/v1/kv/x", "GET, HEAD, PUT, DELETE")]
    [InlineData("POST", "/v1/cluster", "GET, HEAD")]
    [InlineData("PUT", "/v1/status", "GET, HEAD")]
    [InlineData("POST", "/v1/snapshot", "GET, HEAD")]
    [InlineData("DELETE", "/v1/compact", "POST")]
    [InlineData("DELETE", "/livez", "GET, HEAD")]
    [InlineData("POST", "/readyz", "GET, HEAD")]
    [InlineData("POST", "/metrics", "GET, HEAD")]
    public async Task Method_NotOfTheResource_Is405WithAllow(string method, string target, string allow)
    {
        RawAnswer answer = await node.RawTargetAsync(method, target);

        ProblemAssert.Is(ProblemType.MethodNotAllowed, answer, isWrite: true);
        Assert.Equal(allow, answer.Headers["Allow"]);
    }

    [Fact]
    public async Task Put_WithoutAKey_Is400() =>
        ProblemAssert.Is(ProblemType.InvalidKey, await node.RawTargetAsync("PUT", "/v1/kv"), isWrite: true);

    [Fact]
    public async Task Redirect_AtTheLeader_IsServedThere()
    {
        await node.PutAsync(OneNode.Key(), "here");

        Assert.Equal("here", await node.Client.GetStringAsync($"/v1/kv/{OneNode.Key()}?redirect=true"));
    }
}
