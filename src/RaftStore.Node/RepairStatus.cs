namespace RaftStore.Node;

/// <summary>How far a node has come with fetching its state anew.</summary>
public enum RepairStage
{
    /// <summary>Nothing is under way.</summary>
    None,

    /// <summary>The leader was asked for its state, or none is known to ask.</summary>
    Waiting,

    /// <summary>The leader's snapshot is coming.</summary>
    Receiving,

    /// <summary>All of it came: it is verified, made durable and loaded.</summary>
    Loading,

    /// <summary>The state is the leader's; the mark of the quarantine is being removed.</summary>
    Lifting,
}

/// <summary>What is known of a repair.</summary>
/// <param name="Stage">How far it has come.</param>
/// <param name="Index">The last entry in the snapshot that is coming, or came last; 0 before the first.</param>
/// <param name="ReceivedBytes">Bytes of it that came.</param>
/// <param name="LengthBytes">Its length in bytes; 0 while it is not known.</param>
public readonly record struct RepairStatus(RepairStage Stage, long Index, long ReceivedBytes, long LengthBytes);
