using RaftStore.Client;
using RaftStore.Kvctl.CommandLine;

namespace RaftStore.Kvctl.Commands;

/// <summary>Everything that can be learnt of a cluster by asking every endpoint and every member it names.</summary>
internal sealed class ClusterView
{
    /// <summary>How long one node may take: a table with an unreachable row soon is worth more than a complete one late.</summary>
    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(2);

    private ClusterView(ClusterStatus? cluster, IReadOnlyList<MemberRow> rows)
    {
        Cluster = cluster;
        Rows = rows;
    }

    /// <summary>The cluster as the node that knows most sees it; null when none could say.</summary>
    public ClusterStatus? Cluster { get; }

    /// <summary>The members by name, then the endpoints that are nobody's.</summary>
    public IReadOnlyList<MemberRow> Rows { get; }

    public bool IsAnyoneThere => Rows.Any(row => row.Status is not null);

    /// <summary>The leader as the reachable node with the highest term names it; null when it names none.</summary>
    public string? Leader => Rows.Select(row => row.Status).OfType<NodeStatus>().MaxBy(status => (status.Term, status.Leader is { Length: > 0 }))?.Leader;

    public long Term => Rows.Max(row => row.Status?.Term) ?? 0;

    public long CommitIndex => Rows.Max(row => row.Status?.CommitIndex) ?? 0;

    /// <summary>The first two members whose hashes of the same applied index differ: their states have diverged.</summary>
    public (MemberRow One, MemberRow Other)? Divergence => (
        from one in Rows
        from other in Rows
        where one.Status?.StateHash is { Index: > 0, Hash: not null } && other.Status?.StateHash?.Index == one.Status.StateHash.Index
            && other.Status.StateHash.Hash is { } hash && hash != one.Status.StateHash.Hash
        select ((MemberRow, MemberRow)?)(one, other)).FirstOrDefault();

    /// <summary>Asks everyone, at the same time.</summary>
    public static async Task<ClusterView> TakeAsync(Session session, CancellationToken cancellationToken)
    {
        using var client = new RaftStoreClient(new RaftStoreClientOptions
        {
            Endpoints = session.Endpoints,
            Timeout = session.Timeout < AnswerTimeMax ? session.Timeout : AnswerTimeMax,
            UnreachableRounds = 1,
        });
        Answered[] answers = await AskAllAsync(client, session.Endpoints, cancellationToken);
        (ClusterStatus? cluster, bool isLeadersWord) = await ClusterOfAsync(client, answers, cancellationToken);
        Uri[] further = [.. FurtherMembers(cluster, answers)];
        Answered[] all = [.. answers, .. await AskAllAsync(client, further, cancellationToken)];
        return new ClusterView(cluster, Merge(cluster, isLeadersWord, all, session.EndpointsAreGiven));
    }

    private static Task<Answered[]> AskAllAsync(RaftStoreClient client, IEnumerable<Uri> endpoints, CancellationToken cancellationToken) =>
        Task.WhenAll(endpoints.Select(async endpoint =>
        {
            try
            {
                return new Answered(endpoint, await client.StatusAsync(endpoint, cancellationToken));
            }
            catch (RaftStoreException)
            {
                return new Answered(endpoint, null);
            }
        }));

    /// <summary>The leader knows most of the members; a node that leads nobody may still know the configuration.</summary>
    private static async Task<(ClusterStatus? Cluster, bool IsLeadersWord)> ClusterOfAsync(RaftStoreClient client, Answered[] answers, CancellationToken cancellationToken)
    {
        foreach (Answered answer in answers.Where(answer => answer.Status is not null).OrderByDescending(answer => (answer.Status!.Role == "leader", answer.Status.Term)))
        {
            try
            {
                return (await client.ClusterAsync(answer.Endpoint, cancellationToken), answer.Status!.Role == "leader");
            }
            catch (RaftStoreException)
            {
                // The next one may do better; without any, the table shows what the nodes say of themselves.
            }
        }

        return (null, false);
    }

    private static IEnumerable<Uri> FurtherMembers(ClusterStatus? cluster, Answered[] answers)
    {
        var known = answers.Select(answer => answer.Status?.Name).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var asked = answers.Select(answer => answer.Endpoint.Authority).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (ClusterMember member in cluster?.Members ?? [])
        {
            if (!known.Contains(member.Name) && AddressOf(member) is { } address && !asked.Contains(address.Authority))
            {
                yield return address;
            }
        }
    }

    private static List<MemberRow> Merge(ClusterStatus? cluster, bool isLeadersWord, Answered[] answers, bool endpointsAreGiven)
    {
        var rows = new List<MemberRow>();
        var left = answers.ToList();
        foreach (ClusterMember member in cluster?.Members ?? [])
        {
            Answered? answer = left.Find(candidate => candidate.Status?.Name == member.Name)
                ?? left.Find(candidate => candidate.Status is null && AddressOf(member)?.Authority == candidate.Endpoint.Authority);
            left.RemoveAll(candidate => candidate == answer || (candidate.Status?.Name == member.Name));
            rows.Add(new MemberRow(member.Name, (answer?.Endpoint ?? AddressOf(member))?.Authority, answer?.Status, member, isLeadersWord));
        }

        foreach (Answered answer in left)
        {
            // Nobody need listen on every default address; on one the user named, its absence is news.
            if (answer.Status is not null || endpointsAreGiven)
            {
                rows.Add(new MemberRow(answer.Status?.Name, answer.Endpoint.Authority, answer.Status, null, false));
            }
        }

        rows.Sort((a, b) => (a.Name is null).CompareTo(b.Name is null) is var nameless and not 0
            ? nameless
            : string.CompareOrdinal(a.Name ?? a.Address, b.Name ?? b.Address));
        return rows;
    }

    private static Uri? AddressOf(ClusterMember member) =>
        Uri.TryCreate(member.Client, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"
        && Uri.TryCreate(address.GetLeftPart(UriPartial.Authority), UriKind.Absolute, out Uri? origin)
            ? origin
            : null;

    private sealed record Answered(Uri Endpoint, NodeStatus? Status);
}
