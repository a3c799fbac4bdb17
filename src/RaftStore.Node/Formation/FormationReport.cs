using System.Collections.Immutable;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node.Formation;

/// <summary>Says in one sentence what keeps a cluster from being formed, for status, health and the log: first what a person must
/// put right, then what only needs time.</summary>
internal static class FormationReport
{
    /// <summary>Silence after which a founder counts as gone, for the sentence alone: several rounds of messages.</summary>
    private const long SilentAfterMs = 3000;

    public static string Describe(string name, Configuration founders, ImmutableArray<FormationPeer> others, NodeIdentity? identity, long nowMs) =>
        DescribeMisfit(name, founders, others, identity)
        ?? DescribeMissing(others, nowMs)
        ?? DescribeUnmet(founders, others)
        ?? DescribeConfirmations(name, founders, others, identity);

    private static string? DescribeMisfit(string name, Configuration founders, ImmutableArray<FormationPeer> others, NodeIdentity? identity)
    {
        foreach (FormationPeer other in others)
        {
            if (other.Believed is not { } status || (status.IsFormed && status.Cluster == identity?.Cluster))
            {
                continue;
            }

            if (status.IsFormed)
            {
                return $"{other.Member.Name} belongs to the formed cluster {status.Cluster}, which has no member named {name}: correct --cluster of this node";
            }

            if (FoundingList.DescribeDifference(founders, status.Founders, name, other.Member.Name) is { } difference)
            {
                return $"the lists of founders differ: {difference}; start both with the same --cluster";
            }
        }

        return null;
    }

    private static string? DescribeMissing(ImmutableArray<FormationPeer> others, long nowMs)
    {
        List<string> missing = [];
        foreach (FormationPeer other in others)
        {
            bool isSilent = other.Believed is null || nowMs - other.LastHeardMs > SilentAfterMs;
            if (isSilent)
            {
                string trouble = other.Trouble is null ? "" : $": {other.Trouble}";
                missing.Add($"{other.Member.Name} ({other.Member.PeerAddress}{trouble})");
            }
        }

        return missing.Count == 0 ? null : $"waiting to meet {string.Join(", ", missing)}";
    }

    private static string? DescribeUnmet(Configuration founders, ImmutableArray<FormationPeer> others)
    {
        foreach (FormationPeer other in others)
        {
            foreach (Member member in founders.Voters)
            {
                if (member != other.Member && !other.Believed!.Met.Contains(member.Name))
                {
                    return $"waiting for {other.Member.Name} to meet {member.Name} ({member.PeerAddress})";
                }
            }
        }

        return null;
    }

    private static string DescribeConfirmations(string name, Configuration founders, ImmutableArray<FormationPeer> others, NodeIdentity? identity)
    {
        string coordinator = founders.Voters[0].Name;
        if (!string.Equals(coordinator, name, StringComparison.Ordinal))
        {
            return identity is null
                ? $"all founders have met; waiting for {coordinator} to draw the cluster's id"
                : $"this node has confirmed cluster {identity.Cluster}; waiting for {coordinator} to hear so from every founder";
        }

        IEnumerable<string> open = others.Where(other => identity is null || other.Believed!.Cluster != identity.Cluster).Select(other => other.Member.Name);
        return $"all founders have met; waiting for the confirmation of {string.Join(", ", open)}";
    }
}
