namespace RaftStore.Client;

/// <summary>How recent the answer of a read must be.</summary>
public enum ReadConsistency
{
    /// <summary>Never older than any answer given, by any node, before the read began.</summary>
    Linearizable,

    /// <summary>The state of the node that answers, at once; works without a quorum. The answer says its revision and staleness.</summary>
    Stale,
}
