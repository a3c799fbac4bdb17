using RaftStore.Client;
using RaftStore.Kvctl.CommandLine;
using RaftStore.Kvctl.Commands;

namespace RaftStore.Kvctl.Chaos;

/// <summary>One node whose faults can be set, if it answers.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Id">Its id, as text.</param>
/// <param name="Address">Where clients reach it; null where nobody knows.</param>
internal sealed record ChaosNode(string Name, string Id, Uri? Address);

/// <summary>The members of the cluster, found by what words say.</summary>
internal sealed class ChaosNodes
{
    private ChaosNodes(IReadOnlyList<ChaosNode> all) => All = all;

    /// <summary>Every member, by name.</summary>
    public IReadOnlyList<ChaosNode> All { get; }

    /// <summary>Asks the cluster who belongs to it.</summary>
    /// <exception cref="RaftStoreException">Nobody answers.</exception>
    public static async Task<ChaosNodes> FindAsync(Session session, CancellationToken cancellationToken)
    {
        ClusterView view = await ClusterView.TakeAsync(session, cancellationToken);
        if (view.Cluster is null)
        {
            // Nobody could say: the client's own attempt tells why.
            await session.Client.ClusterAsync(cancellationToken: cancellationToken);
        }

        return Of(view.Rows.Where(row => row is { Name: not null, Member: not null })
            .Select(row => new ChaosNode(row.Name!, row.Member!.Id, row.Address is null ? null : new Uri("http://" + row.Address))));
    }

    /// <summary>Those nodes.</summary>
    public static ChaosNodes Of(IEnumerable<ChaosNode> nodes) => new([.. nodes.OrderBy(node => node.Name, StringComparer.Ordinal)]);

    /// <summary>The node that a word means: a name, or the number of a node of <c>scripts/cluster.sh</c>, or an id.</summary>
    /// <exception cref="UsageException">There is none.</exception>
    public ChaosNode Find(string word) =>
        All.FirstOrDefault(node => node.Name == word)
        ?? All.FirstOrDefault(node => node.Name == "n" + word)
        ?? All.FirstOrDefault(node => node.Id == word)
        ?? throw new UsageException($"there is no node '{word}'; there are {string.Join(", ", All.Select(node => node.Name))}");

    /// <summary>The nodes of a list with commas between.</summary>
    /// <exception cref="UsageException">One of them is not there, or stands there twice.</exception>
    public IReadOnlyList<ChaosNode> FindAll(IEnumerable<string> words)
    {
        List<ChaosNode> found = [];
        foreach (string word in words.SelectMany(word => word.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))
        {
            ChaosNode node = Find(word);
            if (found.Contains(node))
            {
                throw new UsageException($"{node.Name} is named twice");
            }

            found.Add(node);
        }

        return found;
    }

    /// <summary>Every other node.</summary>
    public IEnumerable<ChaosNode> Except(ChaosNode node) => All.Where(other => other != node);
}
