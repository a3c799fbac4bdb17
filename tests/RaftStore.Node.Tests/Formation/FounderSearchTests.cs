using RaftStore.Node.Formation;
using RaftStore.Raft;

namespace RaftStore.Node.Tests.Formation;

public sealed class FounderSearchTests
{
    [Fact]
    public void Search_ThreeThatSeeEachOther_AreFirmForTheSameList()
    {
        SearchWorld world = new(seed: 1, expect: 3, nodes: 3);

        world.RunUntilSettled(node => world.Names);

        Assert.All(world.Nodes, node => Assert.Equal(["n1", "n2", "n3"], node.Formed!.Voters.Select(member => member.Name)));
    }

    [Fact]
    public void Search_MoreThanExpected_FoundsByTheFirstNamesAndTheOthersJoin()
    {
        SearchWorld world = new(seed: 2, expect: 3, nodes: 5);

        world.RunUntilSettled(node => world.Names);

        Assert.Equal([true, true, true, false, false], world.Nodes.Select(node => node.Formed is not null));
        Assert.All(world.Nodes.Skip(3), node => Assert.Equal(SearchAction.Join, node.Last!.Action));
    }

    [Fact]
    public void Search_TooFew_WaitsAndSaysWhoIsThere()
    {
        SearchWorld world = new(seed: 3, expect: 3, nodes: 2);

        world.Run(steps: 500, node => world.Names);

        Assert.All(world.Nodes, node => Assert.Equal(SearchAction.Wait, node.Last!.Action));
        Assert.StartsWith("found 2 of 3: n1 (n1:1), n2 (n2:1)", world.Nodes[0].Last!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Search_OneThatDnsShowsDoesNotAnswer_FoundsNothing()
    {
        SearchWorld world = new(seed: 4, expect: 3, nodes: 3);

        world.Run(steps: 1000, node => [.. world.Names, "n9"]);

        Assert.All(world.Nodes, node => Assert.Equal(SearchAction.Wait, node.Last!.Action));
        Assert.Contains("n9:1 does not answer", world.Nodes[0].Last!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Search_AClusterThatIsFormed_IsJoinedEvenWhereOthersDoNotAnswer()
    {
        FounderSearch search = new("n4", "n4:1", life: 4, expect: 3);
        NodeSighting member = Sighting("n1", NodeStage.Formed) with { Cluster = new ClusterId(7), ClientAddress = "http://n1" };

        SearchStep step = Round(search, new SearchAnswer("n1:1", member, ""), new SearchAnswer("n2:1", null, "refused"));

        Assert.Equal((SearchAction.Join, "http://n1"), (step.Action, Assert.Single(step.Clients)));
    }

    [Fact]
    public void Search_NodesOfTwoClusters_JoinsNeither()
    {
        FounderSearch search = new("n4", "n4:1", life: 4, expect: 0);

        SearchStep step = Round(
            search,
            new SearchAnswer("n1:1", Sighting("n1", NodeStage.Formed) with { Cluster = new ClusterId(7) }, ""),
            new SearchAnswer("n2:1", Sighting("n2", NodeStage.Formed) with { Cluster = new ClusterId(8) }, ""));

        Assert.Equal(SearchAction.Wait, step.Action);
        Assert.Contains("different clusters", step.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("n2", 3, "n2", "two nodes call themselves n2")]
    [InlineData("n1", 3, "n3", "two nodes call themselves n1")]
    [InlineData("n2", 5, "n3", "n2 (n2:1) expects 5 founders, and this node 3")]
    public void Search_OneNameTwiceOrAnotherNumber_FoundsNothingAndSaysSo(string second, int expect, string third, string said)
    {
        FounderSearch search = new("n1", "n1:1", life: 1, expect: 3);
        SearchAnswer[] answers =
        [
            new("a:1", Sighting(second, NodeStage.Searching) with { Life = 12, Expect = expect }, ""),
            new("b:1", Sighting(third, NodeStage.Searching) with { Life = 13 }, ""),
        ];

        SearchStep step = Round(search, answers);
        step = Round(search, answers);

        Assert.Equal(SearchAction.Wait, step.Action);
        Assert.Contains(said, step.Detail, StringComparison.Ordinal);
    }

    // What it was firm for cannot end at once; and by the time that it has, DNS shows it the members no more.
    [Fact]
    public void Search_FirmWhereAMemberOfAFormedClusterAnswers_AsksItAgainAndFoundsNothingBesideIt()
    {
        FounderSearch search = new("n1", "n1:1", life: 1, expect: 2);
        Configuration word = FoundingList.Create([("n1", "n1:1"), ("n2", "n2:1")]);
        SearchAnswer second = new("n2:1", Sighting("n2", NodeStage.Searching) with { Expect = 2, Founders = word }, "");
        SearchAnswer member = new("n5:1", Sighting("n5", NodeStage.Formed) with { Cluster = new ClusterId(7), ClientAddress = "http://n5" }, "");
        Round(search, second);
        Assert.Equal(SearchAction.Found, Round(search, second).Action);
        Assert.Equal(SearchAction.Release, Round(search, second, member).Action);

        Assert.Contains("n5:1", search.AddressesToAsk(["n2:1"]));
        SearchStep step = search.Conclude([second, new SearchAnswer("n5:1", null, "no answer in time")], ["n2:1"], "", 0);
        Assert.Equal(SearchAction.Wait, step.Action);
        Assert.StartsWith("found 2 of 2: n1 (n1:1), n2 (n2:1); n5:1 does not answer", step.Detail, StringComparison.Ordinal);

        search.AddressesToAsk(["n2:1"]);
        Assert.Equal(SearchAction.Join, search.Conclude([second, member], ["n2:1"], "", 0).Action);
    }

    [Fact]
    public void Search_WithoutExpectation_NeverFounds()
    {
        FounderSearch search = new("n1", "n1:1", life: 1, expect: 0);

        SearchStep step = Round(search, new SearchAnswer("n2:1", Sighting("n2", NodeStage.Searching), ""));

        Assert.Equal(SearchAction.Wait, step.Action);
        Assert.Contains("only joins", step.Detail, StringComparison.Ordinal);
        Assert.Null(search.Answer("n2", "n2:1", 0).Word);
    }

    [Fact]
    public void Search_OneWhoAskedWhileARoundWasUnderWay_IsHeardBeforeAnythingIsFounded()
    {
        FounderSearch search = new("n2", "n2:1", life: 2, expect: 2);
        Configuration word = FoundingList.Create([("n2", "n2:1"), ("n3", "n3:1")]);
        SearchAnswer third = new("n3:1", Sighting("n3", NodeStage.Searching) with { Expect = 2, Founders = word }, "");
        Round(search, third);

        search.AddressesToAsk(["n3:1"]);
        search.Answer("n1", "n1:1", 0);
        SearchStep step = search.Conclude([third], ["n3:1"], "", 0);

        Assert.Equal(SearchAction.Wait, step.Action);
        Assert.Contains("n1:1", search.AddressesToAsk(["n3:1"]));
    }

    /// <summary>DNS shows everybody something else, changing all the time; then it shows everybody all.</summary>
    [Theory]
    [InlineData(3, 6)]
    [InlineData(2, 5)]
    [InlineData(1, 3)]
    [InlineData(3, 4)]
    public void Search_WhateverDnsShowsMeanwhile_NeverFoundsTwoClustersOfNodesThatHaveAskedEachOther(int expect, int nodes)
    {
        int single = 0;
        for (int seed = 0; seed < 200; seed++)
        {
            SearchWorld world = new(seed, expect, nodes);
            world.Run(steps: 400, world.ShowSome);
            world.Run(steps: 4000, node => world.Names);

            world.CheckFormed();
            if (world.FormedLists.Count == 1)
            {
                single++;
                Assert.All(world.Nodes, node => Assert.True(node.Formed is not null || node.Last!.Action == SearchAction.Join || node.Fixed is not null, $"seed {seed}: {node.Name} {node.Last!.Detail}"));
            }
        }

        Assert.True(single > 20, $"only {single} of 200 runs ended with one cluster");
    }

    private static NodeSighting Sighting(string name, NodeStage stage) =>
        new() { Name = name, Stage = stage, Life = (ulong)name[1] * 100, PeerAddress = $"{name}:1", Expect = stage == NodeStage.Searching ? 3 : 0 };

    private static SearchStep Round(FounderSearch search, params SearchAnswer[] answers)
    {
        string[] shown = [.. answers.Select(answer => answer.Address)];
        search.AddressesToAsk(shown);
        return search.Conclude(answers, shown, "", 0);
    }
}
