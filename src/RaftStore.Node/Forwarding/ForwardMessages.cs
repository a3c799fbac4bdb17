using RaftStore.Kv;
using RaftStore.Raft;

namespace RaftStore.Node.Forwarding;

/// <summary>What became of a forwarded command; the numbers stand on the wire.</summary>
internal enum ForwardOutcome : byte
{
    /// <summary>Committed and applied; the result follows.</summary>
    Applied = 0,

    /// <summary>The receiver does not lead in the request's term, or the entry was replaced: it was not applied and never will be.</summary>
    NotLeader = 1,

    /// <summary>Refused before it was proposed: a queue is full.</summary>
    Overloaded = 2,

    /// <summary>Refused before it was proposed: the leader's log has no space.</summary>
    DiskFull = 3,

    /// <summary>Refused before it was proposed: the leader is shutting down.</summary>
    ShuttingDown = 4,

    /// <summary>Nobody will learn what became of it.</summary>
    Unknown = 5,

    /// <summary>Refused before it was proposed: the leader's memory is nearly used up.</summary>
    LowOnMemory = 6,
}

/// <summary>One command that a follower forwards.</summary>
/// <param name="Id">Its sender's id for it, never used twice.</param>
/// <param name="TimeoutMs">How long the caller still waits, in milliseconds.</param>
/// <param name="Command">The command.</param>
internal readonly record struct ForwardedCommand(ulong Id, uint TimeoutMs, ReadOnlyMemory<byte> Command);

/// <summary>Commands for the leader of exactly <paramref name="Term"/>. Another node, or the same one in another term, refuses them,
/// so that a frame that comes late or twice can do no harm.</summary>
internal sealed record ForwardRequest(NodeId From, NodeId To, long Term, IReadOnlyList<ForwardedCommand> Commands) : Message(From, To, Term);

/// <summary>What became of one forwarded command.</summary>
internal readonly record struct ForwardedResult(ulong Id, ForwardOutcome Outcome, KvResult Result);

/// <summary>What became of forwarded commands.</summary>
internal sealed record ForwardResponse(NodeId From, NodeId To, long Term, IReadOnlyList<ForwardedResult> Results) : Message(From, To, Term);
