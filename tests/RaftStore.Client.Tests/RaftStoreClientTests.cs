using System.Text;
using RaftStore.Client.Tests.Fakes;

namespace RaftStore.Client.Tests;

/// <summary>What each call puts on the wire, and what it makes of the answer.</summary>
public sealed class RaftStoreClientTests
{
    [Fact]
    public async Task Put_WithEverything_SendsBodyConditionAndPrev()
    {
        using var server = new ScriptedServer(_ => Reply.Json(
            200, """{"revision":7,"version":3,"prev":{"key":"aw==","value":"b2xk","createRevision":1,"modRevision":5,"version":2}}"""));
        using RaftStoreClient client = Clients.Patient(server.Endpoint);

        PutResult result = await client.PutAsync("k", "new", new PutOptions { Condition = WriteCondition.IfRevision(5), WithPrevious = true });

        ScriptedRequest request = Assert.Single(server.Requests);
        Assert.Equal(("PUT", "/v1/kv/k?prev=true", "new"), (request.Method, request.Target, request.BodyText));
        Assert.Equal("\"5\"", request.Headers["If-Match"]);
        Assert.Equal((true, 7L, 3L), (result.Applied, result.Revision, result.Version));
        Assert.Equal("old", Encoding.UTF8.GetString(result.Previous!.Value.Span));
        Assert.Equal(5, result.Previous.ModRevision);
    }

    [Fact]
    public async Task Put_PreviousWasNothing_IsNull()
    {
        using var server = new ScriptedServer(_ => Reply.Json(200, """{"revision":7,"version":1,"prev":null}"""));
        using RaftStoreClient client = Clients.Patient(server.Endpoint);

        Assert.Null((await client.PutAsync("k", "v", new PutOptions { WithPrevious = true })).Previous);
    }

    [Theory]
    [InlineData("absent", "If-None-Match", "*")]
    [InlineData("exists", "If-Match", "*")]
    [InlineData("zero", "If-Match", "\"0\"")]
    public async Task Put_Condition_IsTheHttpHeader(string which, string header, string value)
    {
        using var server = new ScriptedServer(_ => Reply.Json(200, """{"revision":7,"version":1}"""));
        using RaftStoreClient client = Clients.Patient(server.Endpoint);
        WriteCondition condition = which switch
        {
            "absent" => WriteCondition.IfAbsent,
            "exists" => WriteCondition.IfExists,
            _ => WriteCondition.IfRevision(0),
        };

        await client.PutAsync("k", "v", new PutOptions { Condition = condition });

        Assert.Equal(value, server.Requests[0].Headers[header]);
    }

    [Fact]
    public async Task Put_ConditionFails_IsAResultWithTheCurrentRevision()
    {
        using var server = new ScriptedServer(_ => Reply.Problem(412, "condition-failed", "not-applied", "ETag: \"12\"", "RaftStore-Revision: 20"));
        using RaftStoreClient client = Clients.Patient(server.Endpoint);

        PutResult result = await client.PutAsync("k", "v", new PutOptions { Condition = WriteCondition.IfRevision(5) });

        Assert.Equal((false, 20L, 12L), (result.Applied, result.Revision, result.CurrentModRevision));
    }

    [Fact]
    public async Task Delete_ConditionFails_IsAResult()
    {
        using var server = new ScriptedServer(_ => Reply.Problem(412, "condition-failed", "not-applied"));
        using RaftStoreClient client = Clients.Patient(server.Endpoint);

        DeleteResult result = await client.DeleteAsync("k", WriteCondition.IfExists);

        Assert.Equal((false, null), (result.Applied, result.CurrentModRevision));
    }

    [Fact]
    public async Task Delete_OneKeyAndARange_SayHowMany()
    {
        using var server = new ScriptedServer((_, before) => Reply.Json(200, before == 0 ? """{"revision":7,"deleted":0}""" : """{"revision":8,"deleted":1234}"""));
        using RaftStoreClient client = Clients.Patient(server.Endpoint);

        Assert.Equal(0, (await client.DeleteAsync("k")).Deleted);
        Assert.Equal(1234, (await client.DeleteRangeAsync(KeyRange.Prefix("users/"))).Deleted);

        Assert.Equal(["DELETE /v1/kv/k", "DELETE /v1/kv?prefix=users/"], server.Requests.Select(request => $"{request.Method} {request.Target}"));
        Assert.All(server.Requests, request => Assert.Equal("0", request.Headers["Content-Length"]));
    }

    [Fact]
    public async Task DeleteRange_OfEverything_IsRefusedHere()
    {
        using RaftStoreClient client = Clients.Patient(ScriptedServer.RefusingEndpoint());

        await Assert.ThrowsAsync<ArgumentException>(() => client.DeleteRangeAsync(KeyRange.Prefix("")));
    }

    [Fact]
    public async Task Get_Stale_SaysRevisionAndStaleness()
    {
        using var server = new ScriptedServer(_ => Reply.Value("v", 3, "RaftStore-Staleness-Ms: 120", "RaftStore-Node: n2"));
        using RaftStoreClient client = Clients.Patient(server.Endpoint);

        GetResult result = await client.GetAsync("k", ReadConsistency.Stale);

        Assert.Equal("/v1/kv/k?consistency=stale", server.Requests[0].Target);
        Assert.Equal((9L, "n2", TimeSpan.FromMilliseconds(120)), (result.Revision, result.Node, result.Staleness));
        Assert.Equal((1L, 3L, 2L), (result.Item!.CreateRevision, result.Item.ModRevision, result.Item.Version));
    }

    [Fact]
    public async Task Get_WithBoundsOnItsAge_AsksForThem()
    {
        using var server = new ScriptedServer(_ => Reply.Value("v", 3));
        using RaftStoreClient client = Clients.Patient(server.Endpoint);

        await client.GetAsync("k"u8.ToArray(), new ReadOptions { MinRevision = 12 });
        await client.GetAsync("k"u8.ToArray(), new ReadOptions { Consistency = ReadConsistency.Stale, MaxStaleness = TimeSpan.FromSeconds(2) });

        Assert.Equal(["/v1/kv/k?min_revision=12", "/v1/kv/k?consistency=stale&max_staleness=2000ms"], server.Requests.Select(request => request.Target));
        await Assert.ThrowsAsync<ArgumentException>(() => client.GetAsync("k"u8.ToArray(), new ReadOptions { MaxStaleness = TimeSpan.FromSeconds(2) }));
    }

    [Fact]
    public async Task Get_KeyThatNeedsKey64_KeepsTheTargetAsWritten()
    {
        using var server = new ScriptedServer(_ => Reply.Value("v", 3));
        using RaftStoreClient client = Clients.Patient(server.Endpoint);

        await client.GetAsync("a/../b", ReadConsistency.Stale);
        await client.GetAsync("a%2Fb");

        Assert.Equal(["/v1/kv?key64=YS8uLi9i&consistency=stale", "/v1/kv/a%252Fb"], server.Requests.Select(request => request.Target));
    }

    [Fact]
    public async Task List_SeveralPages_FollowsTheCursor()
    {
        using var server = new ScriptedServer((_, before) => Reply.Json(200, before switch
        {
            0 => """{"revision":9,"count":2,"more":true,"cursor":"c+/=","items":[{"key":"YQ==","value":"AP8=","createRevision":1,"modRevision":2,"version":2},{"key":"Yg==","createRevision":3,"modRevision":3,"version":1}]}""",
            1 => """{"revision":9,"count":0,"more":true,"cursor":"d","items":[]}""",
            _ => """{"revision":9,"count":1,"more":false,"items":[{"key":"Yw==","value":"","createRevision":4,"modRevision":4,"version":1}]}""",
        }));
        using RaftStoreClient client = Clients.Patient(server.Endpoint);

        var items = new List<KvItem>();
        await foreach (KvItem item in client.ListAsync(KeyRange.Prefix("x/"), new ListOptions { PageSize = 2, KeysOnly = true, Reverse = true }))
        {
            items.Add(item);
        }

        Assert.Equal(["a", "b", "c"], items.Select(item => Encoding.UTF8.GetString(item.Key.Span)));
        Assert.Equal([0x00, 0xFF], items[0].Value.ToArray());
        Assert.Equal(
        [
            "/v1/kv?prefix=x/&keys_only=true&reverse=true&limit=2",
            "/v1/kv?prefix=x/&keys_only=true&reverse=true&limit=2&cursor=c%2B%2F%3D",
            "/v1/kv?prefix=x/&keys_only=true&reverse=true&limit=2&cursor=d",
        ], server.Requests.Select(request => request.Target));
    }

    [Theory]
    [InlineData("""{"revision":9,"count":0,"more":true,"items":[]}""")]
    [InlineData("""{"revision":9}""")]
    [InlineData("""{"revision":9,"count":1,"items":[{"key":"!"}]}""")]
    public async Task List_PageThatMakesNoSense_IsAFailure(string page)
    {
        using var server = new ScriptedServer(_ => Reply.Json(200, page));
        using RaftStoreClient client = Clients.Patient(server.Endpoint);

        await Clients.FailsAsync(() => client.ListPageAsync(KeyRange.All));
    }

    [Fact]
    public async Task Count_OfARange_IsTheTotal()
    {
        using var server = new ScriptedServer(_ => Reply.Json(200, """{"revision":9,"count":123456,"more":false}"""));
        using RaftStoreClient client = Clients.Patient(server.Endpoint);

        Assert.Equal(123456, await client.CountAsync(KeyRange.Between("a"u8.ToArray(), "b"u8.ToArray()), ReadConsistency.Stale));
        Assert.Equal("/v1/kv?start=a&end=b&count_only=true&consistency=stale", server.Requests[0].Target);
    }

    [Fact]
    public async Task Cluster_Members_AreRead()
    {
        using var server = new ScriptedServer(_ => Reply.Json(
            200,
            """
            {"clusterId":"c","leader":null,"term":4,"commitIndex":17,"future":{"x":[1]},
             "members":[{"id":"1","name":"n1","role":"voter","peer":"127.0.0.1:7501","client":"http://127.0.0.1:7401","matchIndex":17,"appliedIndex":16,"lag":1,"healthy":true,"lastContactMs":12},
                        {"id":"2","name":"n2","role":"learner","client":null}]}
            """));
        using RaftStoreClient client = Clients.Patient(server.Endpoint);

        ClusterStatus cluster = await client.ClusterAsync();

        Assert.Null(cluster.Leader);
        Assert.Equal((4L, 17L), (cluster.Term, cluster.CommitIndex));
        Assert.Equal((17L, 16L, 1L, true, 12L), (cluster.Members[0].MatchIndex, cluster.Members[0].AppliedIndex, cluster.Members[0].Lag, cluster.Members[0].Healthy, cluster.Members[0].LastContactMs));
        Assert.Equal(("n2", null), (cluster.Members[1].Name, cluster.Members[1].Healthy));
    }

    [Theory]
    [InlineData("ftp://127.0.0.1:1")]
    [InlineData("http://127.0.0.1:1/path")]
    [InlineData("http://user@127.0.0.1:1")]
    [InlineData("/relative")]
    public void Options_EndpointOfAnotherForm_IsRefused(string endpoint) => Assert.Throws<ArgumentException>(
        () => new RaftStoreClient(new RaftStoreClientOptions { Endpoints = [new Uri(endpoint, UriKind.RelativeOrAbsolute)] }));

    [Fact]
    public void Options_NoEndpoint_IsRefused() =>
        Assert.Throws<ArgumentException>(() => new RaftStoreClient(new RaftStoreClientOptions { Endpoints = [] }));

    [Fact]
    public async Task Calls_ManyAtOnce_ShareTheClient()
    {
        using var server = new ScriptedServer(request => Reply.Value(request.Target, 3));
        using RaftStoreClient client = Clients.Patient(server.Endpoint);

        string[] answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(async i =>
            Encoding.UTF8.GetString((await client.GetAsync($"k{i}")).Item!.Value.Span)));

        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"/v1/kv/k{i}"), answers);
    }
}
