using RaftStore.Node.Formation;
using RaftStore.Raft;

namespace RaftStore.Node.Tests.Formation;

/// <summary>Nodes that search for each other, with every question and every conclusion in an order drawn from a seed; and the formation that follows,
/// in short: the first founder goes first, each that is still firm follows, and all together are formed.</summary>
internal sealed class SearchWorld
{
    private readonly Random _random;
    private readonly int _expect;

    public SearchWorld(int seed, int expect, int nodes)
    {
        _random = new Random(seed);
        _expect = expect;
        Nodes = [.. Enumerable.Range(1, nodes).Select(i => new SearchNode($"n{i}", new FounderSearch($"n{i}", $"n{i}:1", (ulong)i, expect)))];
    }

    public IReadOnlyList<SearchNode> Nodes { get; }

    public string[] Names => [.. Nodes.Select(node => node.Name)];

    /// <summary>The lists that became clusters.</summary>
    public List<Configuration> FormedLists { get; } = [];

    /// <summary>A part of the nodes, drawn anew.</summary>
    public string[] ShowSome(SearchNode node) => [.. Names.Where(_ => _random.Next(2) == 0)];

    public void Run(int steps, Func<SearchNode, string[]> shown)
    {
        for (int step = 0; step < steps; step++)
        {
            SearchNode node = Nodes[_random.Next(Nodes.Count)];
            if (_random.Next(4) == 0)
            {
                Form(node);
            }
            else
            {
                Search(node, shown);
            }
        }
    }

    public void RunUntilSettled(Func<SearchNode, string[]> shown)
    {
        for (int rounds = 0; rounds < 100 && !Nodes.All(node => node.Formed is not null || node.Last?.Action == SearchAction.Join); rounds++)
        {
            Run(100, shown);
        }
    }

    /// <summary>No two clusters of which a node of one has asked a node of the other before it became firm.</summary>
    public void CheckFormed()
    {
        foreach (Configuration one in FormedLists)
        {
            foreach (Configuration other in FormedLists.Where(other => other != one))
            {
                Assert.DoesNotContain(one.Voters, member => other.FindByName(member.Name) is not null);
                foreach (SearchNode asker in Nodes.Where(node => one.FindByName(node.Name) is not null))
                {
                    Assert.DoesNotContain(asker.AskedBeforeFirm, asked => other.FindByName(asked) is not null);
                }
            }
        }
    }

    private void Search(SearchNode node, Func<SearchNode, string[]> shown)
    {
        if (node.Formed is not null)
        {
            return;
        }

        if (node.ToAsk is null)
        {
            node.Shown = [.. shown(node).Select(name => $"{name}:1")];
            node.ToAsk = new Queue<string>(node.Search.AddressesToAsk(node.Shown));
            node.Answers.Clear();
        }
        else if (node.ToAsk.TryDequeue(out string? address))
        {
            SearchNode? asked = Nodes.FirstOrDefault(other => $"{other.Name}:1" == address);
            if (asked is not null)
            {
                node.Asked.Add(asked.Name);
            }

            node.Answers.Add(new SearchAnswer(address, asked is null ? null : Describe(asked, node), asked is null ? "nobody" : ""));
        }
        else
        {
            node.ToAsk = null;
            node.Last = node.Search.Conclude(node.Answers, node.Shown, "", nowMs: 0);
            if (node.Firm is null && node.Last.Action == SearchAction.Found)
            {
                node.AskedBeforeFirm = [.. node.Asked];
            }

            node.Firm = node.Last.Action == SearchAction.Found ? node.Last.Founders : node.Last.Action == SearchAction.Release ? node.Fixed : node.Firm;
        }
    }

    private void Form(SearchNode node)
    {
        if (node.Firm is not { } list || node.Formed is not null)
        {
            return;
        }

        SearchNode[] founders = [.. list.Voters.Select(member => Nodes.Single(other => other.Name == member.Name))];
        bool mayFix = node.Name == list.Voters[0].Name
            ? founders.All(founder => founder.Firm is { } firm && FoundingList.AreEqual(firm, list))
            : founders[0].Fixed is { } asked && FoundingList.AreEqual(asked, list);
        if (node.Fixed is null && mayFix)
        {
            node.Fixed = list;
            node.Search.Fix(list);
        }

        if (founders.All(founder => founder.Fixed is { } durable && FoundingList.AreEqual(durable, list)))
        {
            FormedLists.Add(list);
            foreach (SearchNode founder in founders)
            {
                founder.Formed = list;
            }
        }
    }

    private NodeSighting Describe(SearchNode node, SearchNode asker)
    {
        NodeSighting self = new() { Name = node.Name, Stage = NodeStage.Searching, Life = (ulong)(Nodes.ToList().IndexOf(node) + 1), PeerAddress = $"{node.Name}:1", Expect = _expect };
        if (node.Formed is { } formed)
        {
            return self with { Stage = NodeStage.Formed, Cluster = new ClusterId((ulong)FormedLists.IndexOf(formed) + 1), ClientAddress = $"http://{node.Name}" };
        }

        if (node.Fixed is { } durable)
        {
            return self with { Stage = NodeStage.Forming, Founders = durable, IsFirm = true };
        }

        (Configuration? word, bool isFirm) = node.Search.Answer(asker.Name, $"{asker.Name}:1", nowMs: 0);
        return self with { Founders = word, IsFirm = isFirm };
    }
}

/// <summary>One node of a <see cref="SearchWorld"/>.</summary>
internal sealed class SearchNode(string name, FounderSearch search)
{
    public string Name { get; } = name;

    public FounderSearch Search { get; } = search;

    public Queue<string>? ToAsk { get; set; }

    public string[] Shown { get; set; } = [];

    public List<SearchAnswer> Answers { get; } = [];

    public HashSet<string> Asked { get; } = [];

    /// <summary>Whom it had asked when it became firm for the last time.</summary>
    public string[] AskedBeforeFirm { get; set; } = [];

    public SearchStep? Last { get; set; }

    /// <summary>The list that it forms, or null.</summary>
    public Configuration? Firm { get; set; }

    /// <summary>The list that it is durably forming, or null.</summary>
    public Configuration? Fixed { get; set; }

    public Configuration? Formed { get; set; }
}
