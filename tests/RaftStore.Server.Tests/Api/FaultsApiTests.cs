using System.Net;
using System.Net.Http.Headers;
using System.Text;
using RaftStore.Server.Http;
using RaftStore.Server.Tests.Support;

namespace RaftStore.Server.Tests.Api;

/// <summary><c>/v1/faults</c>.</summary>
public sealed class FaultsApiTests
{
    private const string Path = "/v1/faults";
    private const string None = """{"to":[],"from":[],"stallLogMs":0,"tickFactor":1,"framesDropped":0,"framesDelayed":0}""";

    [Fact]
    public async Task Faults_NotEnabled_Are404AndSayHow()
    {
        await using TestServer server = await TestServer.StartReadyAsync();
        Assert.Contains("--enable-fault-injection", await ProblemAssert.IsAsync(ProblemType.NotFound, await server.Client.GetAsync(Path)), StringComparison.Ordinal);
        await ProblemAssert.IsAsync(ProblemType.NotFound, await PostAsync(server, """{"stallLogMs":1}"""));
    }

    [Fact]
    public async Task Faults_Enabled_AreShownSetAndHealed()
    {
        await using TestServer server = await TestServer.StartReadyAsync(("enable-fault-injection", "true"));
        Assert.Equal(None, await server.Client.GetStringAsync(Path));

        using HttpResponseMessage set = await PostAsync(server, """{"stallLogMs":30,"tickFactor":1.25}""");
        Assert.Equal(HttpStatusCode.OK, set.StatusCode);
        Assert.Equal(None.Replace("\"stallLogMs\":0,\"tickFactor\":1,", "\"stallLogMs\":30,\"tickFactor\":1.25,", StringComparison.Ordinal), await set.Content.ReadAsStringAsync());
        Assert.Equal(await set.Content.ReadAsStringAsync(), await server.Client.GetStringAsync(Path));
        Assert.Equal(HttpStatusCode.OK, (await server.Client.PutAsync("/v1/kv/slow", new StringContent("x"))).StatusCode);

        using HttpResponseMessage healed = await server.Client.DeleteAsync(Path);
        Assert.Equal(None, await healed.Content.ReadAsStringAsync());
        Assert.Equal(None, await server.Client.GetStringAsync(Path));
    }

    [Fact]
    public async Task Faults_OfNoOtherMember_AreRefusedAndNothingIsSet()
    {
        await using TestServer server = await TestServer.StartReadyAsync(("enable-fault-injection", "true"), ("name", "solo"));

        Assert.Contains("no member 'n2'", await ProblemAssert.IsAsync(ProblemType.InvalidRequest, await PostAsync(server, """{"to":["n2"],"drop":true,"stallLogMs":5}""")), StringComparison.Ordinal);
        Assert.Contains("this node itself", await ProblemAssert.IsAsync(ProblemType.InvalidRequest, await PostAsync(server, """{"from":["solo"],"drop":true}""")), StringComparison.Ordinal);
        await ProblemAssert.IsAsync(ProblemType.InvalidParameter, await server.Client.GetAsync(Path + "?x=1"));
        await ProblemAssert.IsAsync(ProblemType.MethodNotAllowed, await server.Client.PutAsync(Path, new StringContent("x")));
        await ProblemAssert.IsAsync(ProblemType.UnsupportedMediaType, await server.Client.PostAsync(Path, new StringContent("{}")));
        Assert.Equal(None, await server.Client.GetStringAsync(Path));
    }

    private static async Task<HttpResponseMessage> PostAsync(TestServer server, string body)
    {
        StringContent content = new(body, Encoding.UTF8);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return await server.Client.PostAsync(Path, content);
    }
}
