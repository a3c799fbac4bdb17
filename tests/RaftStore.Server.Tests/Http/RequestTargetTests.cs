using RaftStore.Server.Http;

namespace RaftStore.Server.Tests.Http;

public sealed class RequestTargetTests
{
    [Theory]
    [InlineData("/v1/kv/a?b=c?d", nameof(ApiRoute.Key), "/v1/kv/a", "b=c?d")]
    [InlineData("/v1/kv/", nameof(ApiRoute.Key), "/v1/kv/", "")]
    [InlineData("/v1/kv?", nameof(ApiRoute.Range), "/v1/kv", "")]
    [InlineData("/v1/kvx", nameof(ApiRoute.Unknown), "/v1/kvx", "")]
    [InlineData("/v1/status", nameof(ApiRoute.Status), "/v1/status", "")]
    [InlineData("/v1/cluster", nameof(ApiRoute.Cluster), "/v1/cluster", "")]
    [InlineData("/v1/cluster/members/3", nameof(ApiRoute.ClusterMembers), "/v1/cluster/members/3", "")]
    [InlineData("/v1/txns", nameof(ApiRoute.Unknown), "/v1/txns", "")]
    [InlineData("http://host:1/livez?x", nameof(ApiRoute.Live), "/livez", "x")]
    [InlineData("http://host", nameof(ApiRoute.Unknown), "", "")]
    [InlineData("http://host?q", nameof(ApiRoute.Unknown), "", "q")]
    [InlineData("*", nameof(ApiRoute.Unknown), "", "")]
    [InlineData("host:443", nameof(ApiRoute.Unknown), "", "")]
    [InlineData("", nameof(ApiRoute.Unknown), "", "")]
    public void Parse_Target_IsCut(string raw, string route, string path, string query)
    {
        RequestTarget target = RequestTarget.Parse(raw);

        Assert.Equal((route, path, query), (target.Route.ToString(), target.Path.ToString(), target.Query.ToString()));
    }

    [Theory]
    [InlineData("/a/./b", true)]
    [InlineData("/a/..", true)]
    [InlineData("/%2e%2E/b", true)]
    [InlineData("/a%2f..%2Fb", true)]
    [InlineData("..", true)]
    [InlineData("/a/.../b", false)]
    [InlineData("/a/.b", false)]
    [InlineData("/a/b.", false)]
    [InlineData("/a/..b", false)]
    [InlineData("/a/%2e%2eb", false)]
    [InlineData("/a/%252e/b", false)]
    [InlineData("/a//b", false)]
    [InlineData("/a/%2", false)]
    [InlineData("/a/%", false)]
    [InlineData("/", false)]
    public void HasDotSegment_Path_SeesPlainAndEncodedOnes(string path, bool expected) => Assert.Equal(expected, RequestTarget.HasDotSegment(path));

    [Fact]
    public void QueryReader_Query_YieldsNamesAndValuesAsTheyStand()
    {
        List<string> seen = [];
        QueryReader reader = new("a=1&b&&c=&=d&e=f=g&%61=%2B");
        while (reader.Next())
        {
            seen.Add($"{reader.Name}|{reader.Value}|{reader.HasValue}");
        }

        Assert.Equal(["a|1|True", "b||False", "c||True", "|d|True", "e|f=g|True", "%61|%2B|True"], seen);
    }
}
