using RaftStore.Client;

namespace RaftStore.Kvctl.Chaos;

/// <summary>Faults that are to be set together, gathered by the node that has to be asked for them.</summary>
internal sealed class ChaosPlan
{
    /// <summary>The longest delay of a message that a node takes (docs/http-api.md).</summary>
    public static readonly TimeSpan DelayMax = TimeSpan.FromSeconds(60);

    /// <summary>The longest stall of a write to the log that a node takes (docs/http-api.md).</summary>
    public static readonly TimeSpan LogStallMax = TimeSpan.FromMinutes(10);

    private readonly SortedDictionary<string, (ChaosNode Node, List<string> To, List<string> From)> _lost = new(StringComparer.Ordinal);
    private readonly List<(ChaosNode From, ChaosNode To)> _cuts = [];
    private readonly List<(ChaosNode Node, FaultChange Change)> _own = [];

    /// <summary>Messages from the one to the other are to be lost: at both ends, so that one that does not answer is enough.</summary>
    public void Cut(ChaosNode from, ChaosNode to)
    {
        _cuts.Add((from, to));
        Of(from).To.Add(to.Name);
        Of(to).From.Add(from.Name);
    }

    /// <summary>No message is to pass between two nodes of different groups.</summary>
    public void CutApart(IReadOnlyList<IReadOnlyList<ChaosNode>> groups)
    {
        foreach (IReadOnlyList<ChaosNode> group in groups)
        {
            foreach (IReadOnlyList<ChaosNode> other in groups.Where(other => other != group))
            {
                foreach (ChaosNode from in group)
                {
                    foreach (ChaosNode to in other)
                    {
                        Cut(from, to);
                    }
                }
            }
        }
    }

    /// <summary>A node is to be asked for something that nobody else can do.</summary>
    public void Ask(ChaosNode node, FaultChange change) => _own.Add((node, change));

    /// <summary>Sets all of it, on all nodes at the same time.</summary>
    /// <returns>What could not be done, a sentence each, empty where all was; and whether any node did what it was asked for.</returns>
    public async Task<(IReadOnlyList<string> Failures, bool IsAnyDone)> ApplyAsync(RaftStoreClient client, CancellationToken cancellationToken)
    {
        List<(ChaosNode Node, FaultChange Change)> requests =
        [
            .. _lost.Values.Select(lost => (lost.Node, new FaultChange { To = lost.To, From = lost.From, Drop = true })),
            .. _own,
        ];
        string?[] troubles = await Task.WhenAll(requests.Select(request => TryAsync(client, request.Node, request.Change, cancellationToken)));
        var deaf = requests.Zip(troubles).Where(done => done.Second is not null).ToDictionary(done => done.First.Node, done => done.Second!);
        List<string> failures = [.. _own.Where(request => deaf.ContainsKey(request.Node)).Select(request => $"{request.Node.Name}: {deaf[request.Node]}")];
        foreach ((ChaosNode from, ChaosNode to) in _cuts.Where(cut => deaf.ContainsKey(cut.From) && deaf.ContainsKey(cut.To)))
        {
            failures.Add($"messages from {from.Name} to {to.Name} are not cut: {from.Name}: {deaf[from]}; {to.Name}: {deaf[to]}");
        }

        return (failures, troubles.Any(trouble => trouble is null));
    }

    private static async Task<string?> TryAsync(RaftStoreClient client, ChaosNode node, FaultChange change, CancellationToken cancellationToken)
    {
        if (node.Address is null)
        {
            return "nobody knows where clients reach it";
        }

        try
        {
            await client.Faults.ChangeAsync(node.Address, change, cancellationToken);
            return null;
        }
        catch (RaftStoreException refused)
        {
            return refused.Message.TrimEnd('.');
        }
    }

    private (ChaosNode Node, List<string> To, List<string> From) Of(ChaosNode node)
    {
        if (!_lost.TryGetValue(node.Name, out (ChaosNode, List<string>, List<string>) lost))
        {
            lost = (node, [], []);
            _lost.Add(node.Name, lost);
        }

        return lost;
    }
}
