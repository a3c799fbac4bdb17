namespace RaftStore.Verification.Keys;

/// <summary>What an operation says about its key at the moment it takes effect.</summary>
internal enum Need
{
    /// <summary>Nothing.</summary>
    Any,

    /// <summary>The key does not exist.</summary>
    Absent,

    /// <summary>The key exists.</summary>
    Present,

    /// <summary>The key holds the value seen.</summary>
    Value,

    /// <summary>The key was last written by the revision seen.</summary>
    Revision,

    /// <summary>The key was not last written by that revision.</summary>
    NotRevision,
}

/// <summary>What an operation does to its key.</summary>
internal enum Effect
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Writes a value.</summary>
    Write,

    /// <summary>Deletes it.</summary>
    Delete,
}

/// <summary>One operation seen from one key: what it tells of the key's state, and what it does to it. Immutable.</summary>
internal sealed record KeyEvent
{
    /// <summary>The operation; a range has an event for each of its keys.</summary>
    public required Operation Source { get; init; }

    public Need Need { get; init; }

    public Effect Effect { get; init; }

    /// <summary>The value that was seen.</summary>
    public string? Seen { get; init; }

    /// <summary>The revision that was seen, or that the condition names; -1 for none.</summary>
    public long SeenRevision { get; init; } = -1;

    /// <summary>The value that is written.</summary>
    public string? Written { get; init; }

    /// <summary>The revision made by the effect, or the store's at the time of an event without effect; -1 where not told.</summary>
    public long Revision { get; init; } = -1;

    /// <summary>The highest revision that anybody had been told of before this was sent.</summary>
    public Floor Floor { get; init; } = Floor.None;

    public required long From { get; init; }

    public long To { get; init; } = long.MaxValue;

    /// <summary>It took effect. Otherwise it may, later or never.</summary>
    public bool IsCertain { get; init; } = true;

    /// <summary>Reads the past: its place is given by the revision alone, and it need only come before the answer.</summary>
    public bool IsPast { get; init; }

    /// <summary>The same, if nothing were known of its end: a read told nothing, and a write may have happened or not.</summary>
    /// <returns>Null for what then says nothing.</returns>
    public KeyEvent? Weakened() => Effect == Effect.None ? null : this with
    {
        IsCertain = false,
        To = long.MaxValue,
        Revision = -1,
        Floor = Floor.None,
        // What the condition was is still known, and what a delete saw is not.
        Need = Source.Condition switch { { IsAbsent: true } => Need.Absent, { IsExists: true } => Need.Present, { IsRevision: true } => Need.Revision, _ => Need.Any },
    };
}
