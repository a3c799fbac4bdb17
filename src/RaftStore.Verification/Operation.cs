namespace RaftStore.Verification;

/// <summary>What a client asked for.</summary>
public enum OperationKind
{
    /// <summary>Reads one key, now or at a past revision.</summary>
    Get,

    /// <summary>Writes one key.</summary>
    Put,

    /// <summary>Deletes one key.</summary>
    Delete,

    /// <summary>Reads every key of a range, now or at a past revision.</summary>
    Range,

    /// <summary>Deletes every key of a range in one revision.</summary>
    DeleteRange,
}

/// <summary>What the client knows of how it ended.</summary>
public enum OperationOutcome
{
    /// <summary>It was answered. A write whose condition did not hold is answered, too: it says what it saw.</summary>
    Ok,

    /// <summary>It certainly changed nothing, and told nothing.</summary>
    NotApplied,

    /// <summary>It may have taken effect, may do so at any later time, or never will. Whatever was under way at the end ends so.</summary>
    Unknown,
}

/// <summary>One key as a range read showed it.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">What it held.</param>
/// <param name="ModRevision">The revision that wrote it; -1 where the answer did not say.</param>
public readonly record struct ReadItem(string Key, string Value, long ModRevision);

/// <summary>One request of one client and what became of it. Immutable.</summary>
/// <remarks>
/// Keys and values are compared by their characters' numbers. Of all writes to one key each writes another value: that is how a
/// read tells whose write it saw. Revisions are the store's; -1 stands for one that was not told, and then less can be checked.
/// </remarks>
public sealed record Operation
{
    /// <summary>Who asked; one client has one request under way at a time, but nothing here depends on it.</summary>
    public required int Client { get; init; }

    /// <summary>What was asked for.</summary>
    public required OperationKind Kind { get; init; }

    /// <summary>The key; of a range its first key, inclusive.</summary>
    public required string Key { get; init; }

    /// <summary>Of a range: its end, exclusive; null for a range without end. A page that was cut short ends right after its last key.</summary>
    public string? End { get; init; }

    /// <summary>When the request was sent, in any unit of one monotonic clock.</summary>
    public required long InvokedAt { get; init; }

    /// <summary>When the answer was there, on the same clock; of an unknown outcome it means nothing.</summary>
    public long AnsweredAt { get; init; } = long.MaxValue;

    /// <summary>How it ended.</summary>
    public required OperationOutcome Outcome { get; init; }

    /// <summary>What a put writes; what a get found, or null where the key did not exist.</summary>
    public string? Value { get; init; }

    /// <summary>What must hold for a write to happen.</summary>
    public Precondition Condition { get; init; }

    /// <summary>Of an answered write, whether it changed the store: false for a condition that did not hold and for a deletion of nothing.</summary>
    public bool Changed { get; init; }

    /// <summary>The revision that a write made; of anything else the store's revision that the answer was about. -1 where not told.</summary>
    public long Revision { get; init; } = -1;

    /// <summary>Of a get and of a failed condition: the revision that last wrote the key, 0 where it did not exist, -1 where not told.</summary>
    public long ModRevision { get; init; } = -1;

    /// <summary>Of a read of the past: the revision asked for; -1 for a read of the present.</summary>
    public long AtRevision { get; init; } = -1;

    /// <summary>Of a range read: the keys that were there, in any order.</summary>
    public IReadOnlyList<ReadItem> Items { get; init; } = [];

    /// <summary>Whether it can change the store.</summary>
    public bool IsWrite => Kind is OperationKind.Put or OperationKind.Delete or OperationKind.DeleteRange;

    /// <summary>Whether it is about more than one key.</summary>
    public bool IsRange => Kind is OperationKind.Range or OperationKind.DeleteRange;

    /// <summary>Whether it is about this key.</summary>
    public bool Covers(string key) =>
        IsRange ? string.CompareOrdinal(key, Key) >= 0 && (End is null || string.CompareOrdinal(key, End) < 0) : key == Key;
}
