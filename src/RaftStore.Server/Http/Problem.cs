namespace RaftStore.Server.Http;

/// <summary>An error answer before it is written.</summary>
/// <param name="Type">Its kind.</param>
/// <param name="Detail">What happened here and what to do, in a sentence.</param>
internal sealed record Problem(ProblemType Type, string Detail)
{
    /// <summary>For 405: the methods that the resource has.</summary>
    public string? Allow { get; init; }

    /// <summary>For 412: the mod revision that the key has, 0 where it does not exist; -1 for no <c>ETag</c>.</summary>
    public long CurrentRevision { get; init; } = -1;

    /// <summary>For a key that does not exist: the revision that deleted it, where history still has it; 0 for none.</summary>
    public long DeletedRevision { get; init; }

    /// <summary>The store's revision that the answer is about, where it is about one: a key that is missing is missing as of a
    /// revision, and a newer one might hold it. Null for whatever this node is at by then.</summary>
    public long? StoreRevision { get; init; }

    /// <summary>For a health answer: the checks by name.</summary>
    public IReadOnlyList<Health.HealthCheck>? Checks { get; init; }
}
