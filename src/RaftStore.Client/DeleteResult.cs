namespace RaftStore.Client;

/// <summary>The answer to a deletion of one key or of a range.</summary>
public sealed class DeleteResult
{
    /// <summary>Whether the deletion was carried out, be it of nothing. False only where a condition was given and did not hold.</summary>
    public required bool Applied { get; init; }

    /// <summary>The store's revision after the deletion; deleting nothing makes no revision.</summary>
    public required long Revision { get; init; }

    /// <summary>How many keys were deleted.</summary>
    public long Deleted { get; init; }

    /// <summary>When the condition failed: the key's current mod revision, 0 when the key does not exist, null when the answer did not say.</summary>
    public long? CurrentModRevision { get; init; }
}
