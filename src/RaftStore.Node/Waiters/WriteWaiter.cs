using RaftStore.Raft;

namespace RaftStore.Node.Waiters;

/// <summary>How far a write has come.</summary>
internal enum WriteStage : byte
{
    /// <summary>Nobody has it yet: giving it up now is certain.</summary>
    Waiting,

    /// <summary>It stands in this node's log.</summary>
    Proposed,

    /// <summary>It is on its way to the leader, or there.</summary>
    Forwarded,
}

/// <summary>A write that somebody waits for: a caller on this node, or a node that forwarded it.</summary>
internal sealed class WriteWaiter(WaiterPool<WriteWaiter> pool) : PooledCompletion<WriteOutcome>
{
    /// <summary>The encoded command.</summary>
    public ReadOnlyMemory<byte> Command { get; set; }

    /// <summary>Bytes that count against the bound on the input queue; 0 once they do no longer.</summary>
    public long HeldBytes { get; set; }

    /// <summary>The node that forwarded it; nobody where the caller is on this node.</summary>
    public NodeId Origin { get; set; }

    /// <summary>The id that <see cref="Origin"/> gave it.</summary>
    public ulong OriginId { get; set; }

    public WriteStage Stage { get; set; }

    /// <summary>While proposed the entry's index, while forwarded the request's id.</summary>
    public long Key { get; set; }

    /// <summary>While proposed the entry's term.</summary>
    public long Term { get; set; }

    /// <summary>While forwarded, to whom.</summary>
    public NodeId ForwardedTo { get; set; }

    /// <summary>The next in the same chain of <see cref="WriteTable"/>.</summary>
    public WriteWaiter? TableNext { get; set; }

    /// <summary>What it will be told once the state that it changed is published.</summary>
    public WriteOutcome Outcome { get; set; }

    public bool IsLocal => Origin.IsNone;

    protected override void Recycle()
    {
        Command = default;
        HeldBytes = 0;
        Origin = NodeId.None;
        OriginId = 0;
        Stage = WriteStage.Waiting;
        Key = 0;
        Term = 0;
        ForwardedTo = NodeId.None;
        Outcome = default;
        pool.Return(this);
    }
}
