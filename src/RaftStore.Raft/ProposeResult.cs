namespace RaftStore.Raft;

/// <summary>How a proposal was taken.</summary>
public enum ProposeStatus
{
    /// <summary>Appended to this leader's log; whether it commits is still open.</summary>
    Appended,

    /// <summary>This node does not lead, or is handing its leadership over; nothing was appended.</summary>
    NotLeader,

    /// <summary>Too many bytes wait to be applied; nothing was appended.</summary>
    Overloaded,
}

/// <summary>The answer to a proposal.</summary>
/// <param name="Status">Whether it was appended.</param>
/// <param name="FirstIndex">The index of the first entry; those that follow have the next ones. Only where appended.</param>
/// <param name="Term">Their term. Only where appended.</param>
public readonly record struct ProposeResult(ProposeStatus Status, long FirstIndex, long Term);
