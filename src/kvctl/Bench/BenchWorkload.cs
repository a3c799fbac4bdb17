namespace RaftStore.Kvctl.Bench;

/// <summary>What the clients of a benchmark do.</summary>
internal enum BenchWorkload
{
    /// <summary>Writes.</summary>
    Put,

    /// <summary>Linearizable reads.</summary>
    Get,

    /// <summary>Stale reads.</summary>
    Stale,

    /// <summary>Writes and linearizable reads.</summary>
    Mixed,
}
