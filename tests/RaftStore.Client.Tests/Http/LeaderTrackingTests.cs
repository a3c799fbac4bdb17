using System.Globalization;
using RaftStore.Client.Http;
using RaftStore.Client.Tests.Fakes;

namespace RaftStore.Client.Tests.Http;

/// <summary>Leader hints save hops and cannot do harm.</summary>
public sealed class LeaderTrackingTests
{
    private const string Written = """{"revision":7,"version":1,"count":0}""";

    [Fact]
    public async Task Put_LeaderKnownByName_GoesThereFirst()
    {
        using var follower = new ScriptedServer(_ => Reply.Json(200, Written, "RaftStore-Node: n1", "RaftStore-Leader: n2", "RaftStore-Term: 4"));
        using var leader = new ScriptedServer(_ => Reply.Json(200, Written, "RaftStore-Node: n2", "RaftStore-Leader: n2", "RaftStore-Term: 4"));
        using RaftStoreClient client = Clients.Patient(follower.Endpoint, leader.Endpoint);

        await client.PutAsync("k", "1");
        await ReadStaleAsync(client, times: 2);
        Assert.Single(follower.Requests, request => request.Method == "PUT");

        await client.PutAsync("k", "2");
        await client.PutAsync("k", "3");

        Assert.Equal(2, leader.Requests.Count(request => request.Method == "PUT"));
    }

    [Fact]
    public async Task Put_RefusedWithAHint_AsksTheHintedNodeNext()
    {
        using var first = new ScriptedServer(_ => Reply.Problem(503, "no-leader", "not-applied", "RaftStore-Node: n1", "RaftStore-Leader: n3", "RaftStore-Term: 4"));
        using var second = new ScriptedServer(_ => Reply.Json(200, Written, "RaftStore-Node: n2"));
        using var third = new ScriptedServer(_ => Reply.Json(200, Written, "RaftStore-Node: n3"));
        using RaftStoreClient client = Clients.Patient(first.Endpoint, second.Endpoint, third.Endpoint);
        await ReadStaleAsync(client, times: 3, ignoreFailures: true);
        int secondBefore = second.Requests.Count;
        int thirdBefore = third.Requests.Count;

        await client.PutAsync("k", "v");

        Assert.Equal(secondBefore, second.Requests.Count);
        Assert.Equal(thirdBefore + 1, third.Requests.Count);
    }

    [Fact]
    public async Task Put_StaleHintsPointAtEachOther_EachNodeIsAskedOnceARound()
    {
        using var one = new ScriptedServer(_ => Reply.Problem(503, "no-leader", "not-applied", "RaftStore-Node: n1", "RaftStore-Leader: n2", "RaftStore-Term: 4"));
        using var two = new ScriptedServer(_ => Reply.Problem(503, "no-leader", "not-applied", "RaftStore-Node: n2", "RaftStore-Leader: n1", "RaftStore-Term: 4"));
        using var three = new ScriptedServer((_, before) => before < 2
            ? Reply.Problem(503, "no-leader", "not-applied", "RaftStore-Node: n3", "RaftStore-Leader: n1", "RaftStore-Term: 4")
            : Reply.Json(200, Written, "RaftStore-Node: n3"));
        using RaftStoreClient client = Clients.Patient(one.Endpoint, two.Endpoint, three.Endpoint);

        Assert.True((await client.PutAsync("k", "v")).Applied);

        Assert.Equal(3, three.Requests.Count);
        Assert.InRange(one.Requests.Count, 2, 3);
        Assert.InRange(two.Requests.Count, 2, 3);
    }

    [Fact]
    public async Task Put_KnownLeaderIsGone_GoesOnAndForgetsIt()
    {
        using var one = new ScriptedServer(_ => Reply.Json(200, Written, "RaftStore-Node: n1", "RaftStore-Leader: n2", "RaftStore-Term: 4"));
        var two = new ScriptedServer(_ => new Reply(Reply.Json(200, Written, "RaftStore-Node: n2", "RaftStore-Leader: n2", "RaftStore-Term: 4", "Connection: close").Bytes, ThenClose: true));
        using RaftStoreClient client = Clients.Patient(two.Endpoint, one.Endpoint);
        await client.PutAsync("k", "1");
        two.Dispose();

        await client.PutAsync("k", "2");
        await client.PutAsync("k", "3");

        Assert.Equal(2, one.Requests.Count);
        Assert.Single(two.Requests);
    }

    [Fact]
    public void Endpoints_HintOfAnOlderTerm_IsDropped()
    {
        var endpoints = new EndpointSet([new Uri("http://a:1"), new Uri("http://b:1"), new Uri("http://c:1")]);
        endpoints.Learn(0, "n1", "n2", 5);
        endpoints.Learn(1, "n2", "n2", 5);
        endpoints.Learn(2, "n3", "n3", 4);

        Assert.Equal(1, endpoints.First(prefersLeader: true));

        endpoints.Learn(2, "n3", "n3", 6);
        Assert.Equal(2, endpoints.First(prefersLeader: true));
    }

    [Fact]
    public void Endpoints_NodeMovedToAnotherAddress_IsFoundThere()
    {
        var endpoints = new EndpointSet([new Uri("http://a:1"), new Uri("http://b:1")]);
        endpoints.Learn(0, "n1", "n1", 1);
        endpoints.Learn(1, "n1", "n1", 2);

        Assert.Equal(1, endpoints.Find("n1"));
    }

    [Fact]
    public void Endpoints_StaleReads_TakeTurns()
    {
        var endpoints = new EndpointSet([new Uri("http://a:1"), new Uri("http://b:1")]);

        Assert.Equal([0, 1, 0], Enumerable.Range(0, 3).Select(_ => endpoints.First(prefersLeader: false)));
    }

    [Fact]
    public void Rounds_WhateverTheHints_VisitEachEndpointOnceARound()
    {
        var random = new Random(17);
        for (int run = 0; run < 500; run++)
        {
            int count = random.Next(1, 8);
            var rounds = new Rounds(count, random.Next(count));
            for (int round = 0; round < 3; round++)
            {
                var seen = new List<int>();
                while (!rounds.IsOver)
                {
                    seen.Add(rounds.Take(random.Next(-1, count)));
                }

                Assert.Equal(Enumerable.Range(0, count), seen.Order());
                rounds.Restart();
            }
        }
    }

    [Fact]
    public void Rounds_WithoutHints_GoAround()
    {
        var rounds = new Rounds(3, first: 2);

        Assert.Equal("2 0 1", string.Join(' ', Enumerable.Range(0, 3).Select(_ => rounds.Take(-1).ToString(CultureInfo.InvariantCulture))));
    }

    private static async Task ReadStaleAsync(RaftStoreClient client, int times, bool ignoreFailures = false)
    {
        for (int i = 0; i < times; i++)
        {
            try
            {
                await client.CountAsync(KeyRange.All, ReadConsistency.Stale);
            }
            catch (RaftStoreException) when (ignoreFailures)
            {
            }
        }
    }
}
