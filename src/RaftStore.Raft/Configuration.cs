using System.Collections.Immutable;

namespace RaftStore.Raft;

/// <summary>A member as the replicated configuration describes it.</summary>
/// <param name="Id">Its id, unique over the life of the cluster.</param>
/// <param name="Name">Its name, unique among the members of one configuration.</param>
/// <param name="PeerAddress">host:port where peers reach it.</param>
/// <param name="ClientAddress">URL where clients reach it; empty while it is not known.</param>
public sealed record Member(NodeId Id, string Name, string PeerAddress, string ClientAddress);

/// <summary>Who belongs to the cluster and who votes. Immutable. A configuration takes effect when it is appended to the
/// log, not when it commits (thesis §4.1).</summary>
public sealed class Configuration
{
    /// <summary>Makes a configuration of voters.</summary>
    /// <exception cref="ArgumentException">No voter, an id of 0, or an id or name that occurs twice.</exception>
    public Configuration(IEnumerable<Member> voters)
    {
        Voters = [.. voters.OrderBy(member => member.Id)];
        VoterIds = [.. Voters.Select(member => member.Id)];
        if (Voters.IsEmpty || VoterIds[0].IsNone)
        {
            throw new ArgumentException("A configuration needs at least one voter, and every voter an id above 0.", nameof(voters));
        }

        if (VoterIds.Distinct().Count() != Voters.Length || Voters.Select(member => member.Name).Distinct(StringComparer.Ordinal).Count() != Voters.Length)
        {
            throw new ArgumentException("Every voter needs an id and a name of its own.", nameof(voters));
        }
    }

    /// <summary>The voters in order of their ids.</summary>
    public ImmutableArray<Member> Voters { get; }

    /// <summary>The ids of <see cref="Voters"/>, in the same order.</summary>
    public ImmutableArray<NodeId> VoterIds { get; }

    /// <summary>True where <paramref name="id"/> votes.</summary>
    public bool IsVoter(NodeId id) => VoterIds.BinarySearch(id) >= 0;

    /// <summary>The member with that id, or null.</summary>
    public Member? Find(NodeId id) => VoterIds.BinarySearch(id) is >= 0 and int place ? Voters[place] : null;
}
