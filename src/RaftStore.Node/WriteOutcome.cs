using RaftStore.Kv;

namespace RaftStore.Node;

/// <summary>How certain it is what became of a write.</summary>
public enum WriteCertainty
{
    /// <summary>Committed and applied; <see cref="WriteOutcome.Result"/> says with what result.</summary>
    Applied,

    /// <summary>It was not applied and never will be.</summary>
    NotApplied,

    /// <summary>It may have been applied, or may yet be.</summary>
    Unknown,
}

/// <summary>Why a request was not served.</summary>
public enum RefusalReason
{
    /// <summary>It was served.</summary>
    None,

    /// <summary>No leader is known, or the one that was known does not lead.</summary>
    NoLeader,

    /// <summary>A queue or table is full.</summary>
    Overloaded,

    /// <summary>The log's disk is full.</summary>
    DiskFull,

    /// <summary>The leader's memory is nearly used up, and the command would take more of it.</summary>
    LowOnMemory,

    /// <summary>The node is shutting down.</summary>
    ShuttingDown,

    /// <summary>This node's state is not that of the others.</summary>
    Diverged,

    /// <summary>The deadline passed.</summary>
    TimedOut,
}

/// <summary>The end of a write.</summary>
public readonly record struct WriteOutcome(WriteCertainty Certainty, RefusalReason Reason, KvResult Result);
