namespace RaftStore.Verification.Search;

/// <summary>The key after a part of the operations has been placed.</summary>
/// <param name="Value">0: it does not exist. From 1: the number of the value it holds. <see cref="Unseen"/>: a value that nobody saw.</param>
/// <param name="RevisionMin">The last write has this revision, or where that is not known, none below it.</param>
/// <param name="AnsweredAt">The highest revision at which anything placed was answered: a later write has a higher one.</param>
/// <param name="IsBound">The last write's revision was not told, and something placed since then says that it is <c>RevisionMin</c>.</param>
internal readonly record struct SearchState(int Value, long RevisionMin, long AnsweredAt, bool IsBound)
{
    public const int Absent = 0;

    public const int Unseen = -1;
}

/// <summary>How many optional writes of each kind were used. They are used in the order in which they were sent.</summary>
internal readonly record struct OptionalUse(int Deletes, int Puts, int PutsIfAbsent, int PutsIfExists)
{
    public int Of(OptionalKind kind) => kind switch
    {
        OptionalKind.Delete => Deletes,
        OptionalKind.Put => Puts,
        OptionalKind.PutIfAbsent => PutsIfAbsent,
        OptionalKind.PutIfExists => PutsIfExists,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    public OptionalUse Plus(OptionalKind kind) => kind switch
    {
        OptionalKind.Delete => this with { Deletes = Deletes + 1 },
        OptionalKind.Put => this with { Puts = Puts + 1 },
        OptionalKind.PutIfAbsent => this with { PutsIfAbsent = PutsIfAbsent + 1 },
        OptionalKind.PutIfExists => this with { PutsIfExists = PutsIfExists + 1 },
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
