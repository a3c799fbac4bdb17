using RaftStore.Raft;

namespace RaftStore.Node.Membership;

/// <summary>One wish on its way: a caller's of this node, or another member's. Pump thread.</summary>
internal sealed class AdminCase
{
    public required AdminAction Action { get; init; }

    public required long DeadlineMs { get; init; }

    public AdminStage Stage { get; set; }

    public long NotBeforeMs { get; set; }

    /// <summary>The caller on this node; null where another member asked.</summary>
    public TaskCompletionSource<AdminOutcome>? Answer { get; init; }

    public NodeId From { get; init; }

    public ulong FromId { get; init; }

    public NodeId Asked { get; set; }

    public ulong AskedId { get; set; }

    public NodeId Member { get; set; }

    public long Index { get; set; }

    /// <summary>The term in which it was asked for or begun.</summary>
    public long Term { get; set; }

    /// <summary>The term of the last leader that was lost with it; 0 for none. Nobody of that term is asked again.</summary>
    public long LostTerm { get; set; }

    /// <summary>A leader was lost that may have done it.</summary>
    public bool IsRepeated { get; set; }
}

/// <summary>How far a wish has come.</summary>
internal enum AdminStage
{
    /// <summary>Nobody has done anything.</summary>
    Waiting,

    /// <summary>The leader was asked.</summary>
    Asked,

    /// <summary>The change is in this leader's log.</summary>
    Changing,

    /// <summary>This leader is handing over.</summary>
    Transferring,

    /// <summary>This node's state is being repaired.</summary>
    Repairing,
}
