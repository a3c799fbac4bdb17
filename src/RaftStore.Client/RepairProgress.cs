namespace RaftStore.Client;

/// <summary>How far the repair of a quarantined member has come.</summary>
public sealed class RepairProgress
{
    /// <summary>True once the member serves again. Until then the repair goes on by itself.</summary>
    public bool IsDone { get; init; }

    /// <summary><c>waiting</c> for the leader's state, <c>receiving</c> it, <c>loading</c> it, <c>lifting</c> the quarantine, or <c>done</c>.</summary>
    public required string Stage { get; init; }

    /// <summary>The last entry in the snapshot of the leader's state; 0 while none came, or where the member's own state was trusted.</summary>
    public long SnapshotIndex { get; init; }

    /// <summary>Bytes of that snapshot which the member holds.</summary>
    public long ReceivedBytes { get; init; }

    /// <summary>The snapshot's length in bytes; 0 while it is not known.</summary>
    public long LengthBytes { get; init; }
}
