using RaftStore.Client;

namespace RaftStore.Kvctl.Commands;

/// <summary>One member as <c>status</c> shows it: what it says of itself, and what the cluster says of it.</summary>
/// <param name="Name">The member's name; null for an endpoint that did not answer and is no known member's address.</param>
/// <param name="Address">Its client address.</param>
/// <param name="Status">What it says of itself; null when it did not answer.</param>
/// <param name="Member">What the cluster says of it; null when nobody could be asked.</param>
/// <param name="IsLeadersWord">Whether it is the leader that says so; the others hear from the leader only, and know nothing of each other's health.</param>
internal sealed record MemberRow(string? Name, string? Address, NodeStatus? Status, ClusterMember? Member, bool IsLeadersWord)
{
    /// <summary>One word or two on how the member is.</summary>
    public string Health => (Status, Member) switch
    {
        (null, _) => "unreachable",
        ({ Phase: { } phase and not "running" }, _) => phase,
        ({ Leader: null or "" }, _) => "no leader",
        (_, { Healthy: false }) when IsLeadersWord => "unheard by the leader",
        _ => "healthy",
    };

    /// <summary>How many committed entries the member has yet to catch up with, as far as anyone knows.</summary>
    public long? LagBehind(long commitIndex) =>
        Member?.Lag ?? (Status is { } status ? Math.Max(0, commitIndex - status.AppliedIndex) : null);
}
