using System.Globalization;
using System.Net;
using RaftStore.Server.Http;
using RaftStore.Server.Tests.Support;

namespace RaftStore.Server.Tests.Api;

/// <summary><c>min_revision</c> and <c>max_staleness</c>, and what a cached answer is worth.</summary>
[Collection(OneNodeCollection.Name)]
public sealed class ReadRecencyTests(OneNode node)
{
    [Theory]
    [InlineData("linearizable")]
    [InlineData("stale")]
    public async Task Get_MinRevisionThatIsThere_IsAnsweredAtOnce(string consistency)
    {
        string key = OneNode.Key() + consistency;
        long revision = await node.PutAsync(key, "x");

        using HttpResponseMessage answer = await node.Client.GetAsync($"/v1/kv/{key}?consistency={consistency}&min_revision={revision}");

        Assert.Equal("x", await answer.Content.ReadAsStringAsync());
        Assert.True(RevisionOf(answer) >= revision);
    }

    [Theory]
    [InlineData("/v1/kv/{0}?consistency=linearizable&min_revision={1}")]
    [InlineData("/v1/kv/{0}?consistency=stale&min_revision={1}")]
    [InlineData("/v1/kv?prefix={0}&consistency=stale&min_revision={1}")]
    public async Task Get_MinRevisionToCome_WaitsForTheWriteThatMakesIt(string form)
    {
        string key = OneNode.Key();
        long revision = await node.PutAsync(key, "before");
        Task<HttpResponseMessage> read = node.Client.GetAsync(string.Format(CultureInfo.InvariantCulture, form, key, revision + 3));
        long written = revision;
        for (int i = 0; i < 3 || !read.IsCompleted; i++)
        {
            Assert.False(read.IsCompleted && written < revision + 3, $"answered at {written}");
            written = await node.PutAsync(key, $"{i}");
        }

        using HttpResponseMessage answer = await read;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(RevisionOf(answer) >= revision + 3);
    }

    [Fact]
    public async Task Get_MinRevisionThatNeverComes_Is504AtTheRequestTimeout()
    {
        await using TestServer server = await TestServer.StartReadyAsync(("name", "patient"), ("request-timeout", "300ms"));
        foreach (string consistency in new[] { "linearizable", "stale" })
        {
            using HttpResponseMessage answer = await server.Client.GetAsync($"/v1/kv/x?consistency={consistency}&min_revision=1000000");

            Assert.Contains("1000000", await ProblemAssert.IsAsync(ProblemType.Timeout, answer), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Get_ManyWaitingForOneRevision_AreAllAnswered()
    {
        string key = OneNode.Key();
        long revision = await node.PutAsync(key, "before");
        Task<HttpResponseMessage>[] reads = [.. Enumerable.Range(0, 100).Select(number => node.Client.GetAsync($"/v1/kv/{key}?consistency=stale&min_revision={revision + 1 + (number % 5)}"))];
        for (int i = 0; i < 5 || !reads.All(read => read.IsCompleted); i++)
        {
            await node.PutAsync(key, $"{i}");
        }

        for (int i = 0; i < reads.Length; i++)
        {
            using HttpResponseMessage answer = await reads[i];
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.True(RevisionOf(answer) >= revision + 1 + (i % 5));
        }
    }

    [Fact]
    public async Task Get_MaxStalenessThatHolds_IsAnswered()
    {
        await node.PutAsync(OneNode.Key(), "x");

        using HttpResponseMessage answer = await node.Client.GetAsync($"/v1/kv/{OneNode.Key()}?consistency=stale&max_staleness=1h");

        Assert.Equal("x", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Head_IfNoneMatch_Is304WithTheTagAndNoBody()
    {
        string target = "/v1/kv/" + OneNode.Key();
        long revision = await node.PutAsync(OneNode.Key(), "x");

        using HttpResponseMessage head = await node.SendAsync(HttpMethod.Head, target, ("If-None-Match", $"\"{revision}\""));
        using HttpResponseMessage json = await node.SendAsync(HttpMethod.Get, target, ("If-None-Match", $"\"{revision}\""), ("Accept", "application/json"));
        using HttpResponseMessage stale = await node.SendAsync(HttpMethod.Get, target + "?consistency=stale", ("If-None-Match", $"\"{revision}\""));

        foreach (HttpResponseMessage answer in new[] { head, json, stale })
        {
            Assert.Equal((HttpStatusCode.NotModified, $"\"{revision}\""), (answer.StatusCode, answer.Headers.ETag?.ToString()));
            Assert.True(RevisionOf(answer) >= revision);
            Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
        }
    }

    [Theory]
    [InlineData("5")]
    [InlineData("W/\"5\"")]
    [InlineData("\"5\", \"6\"")]
    [InlineData("\"x\"")]
    public async Task Get_IfNoneMatchOtherThanOneStrongTag_Is400(string tag)
    {
        using HttpResponseMessage answer = await node.SendAsync(HttpMethod.Get, "/v1/kv/" + OneNode.Key(), ("If-None-Match", tag));

        await ProblemAssert.IsAsync(ProblemType.InvalidCondition, answer);
    }

    private static long RevisionOf(HttpResponseMessage answer) => long.Parse(answer.Headers.GetValues("RaftStore-Revision").Single(), CultureInfo.InvariantCulture);
}
