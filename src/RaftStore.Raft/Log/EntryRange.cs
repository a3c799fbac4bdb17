using System.Globalization;

namespace RaftStore.Raft;

/// <summary>A run of contiguous entries of one term.</summary>
/// <param name="FirstIndex">The index of the first.</param>
/// <param name="Last">The last.</param>
public readonly record struct EntryRange(long FirstIndex, EntryId Last)
{
    /// <summary>The term of all of them.</summary>
    public long Term => Last.Term;

    /// <summary><c>[first..last]/term</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"[{FirstIndex}..{Last.Index}]/{Term}");
}
