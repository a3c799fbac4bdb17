using RaftStore.Raft;

namespace RaftStore.Node.Formation;

/// <summary>The list of founders that <c>--cluster</c> gives, as a configuration. Its ids are decided here and nowhere else.</summary>
public static class FoundingList
{
    /// <summary>The founders in ordinal order of their names, with the ids 1…n in that order: every node that was given the same
    /// list gives every founder the same id, whatever the order in which it was written.</summary>
    /// <exception cref="ArgumentException">No founder, or a name that occurs twice.</exception>
    public static Configuration Create(IEnumerable<(string Name, string PeerAddress)> founders)
    {
        uint id = 0;
        return new Configuration(founders
            .OrderBy(founder => founder.Name, StringComparer.Ordinal)
            .Select(founder => new Member(new NodeId(++id), founder.Name, founder.PeerAddress, ClientAddress: "")));
    }

    /// <summary>The member of that name, or null.</summary>
    public static Member? FindByName(this Configuration members, string name)
    {
        foreach (Member member in members.Voters)
        {
            if (string.Equals(member.Name, name, StringComparison.Ordinal))
            {
                return member;
            }
        }

        return null;
    }

    /// <summary>True where both name the same founders at the same addresses. Client addresses do not count: nobody is told them
    /// by <c>--cluster</c>.</summary>
    public static bool AreEqual(Configuration one, Configuration other) =>
        ReferenceEquals(one, other) || DescribeDifference(one, other, "this", "the other") is null;

    /// <summary>The first thing in which two lists differ, for the people who wrote them.</summary>
    /// <param name="mine">One list.</param>
    /// <param name="theirs">The other.</param>
    /// <param name="me">Who has <paramref name="mine"/>.</param>
    /// <param name="them">Who has <paramref name="theirs"/>.</param>
    /// <returns>Null where they are equal.</returns>
    public static string? DescribeDifference(Configuration mine, Configuration theirs, string me, string them)
    {
        foreach (Member member in mine.Voters)
        {
            Member? other = theirs.FindByName(member.Name);
            if (other is null)
            {
                return $"{me} lists {member.Name}={member.PeerAddress}, which {them} does not list";
            }

            if (!string.Equals(other.PeerAddress, member.PeerAddress, StringComparison.OrdinalIgnoreCase))
            {
                return $"{me} lists {member.Name}={member.PeerAddress}, but {them} lists {member.Name}={other.PeerAddress}";
            }
        }

        foreach (Member member in theirs.Voters)
        {
            if (mine.FindByName(member.Name) is null)
            {
                return $"{them} lists {member.Name}={member.PeerAddress}, which {me} does not list";
            }
        }

        return null;
    }
}
