using RaftStore.Kv;
using RaftStore.Node;

namespace RaftStore.Server.Http;

/// <summary>The one place where what became of a request turns into a status.</summary>
internal static class Outcomes
{
    /// <summary>What a write's end means for the client.</summary>
    /// <returns>Null where it was carried out.</returns>
    public static Problem? OfWrite(in WriteOutcome outcome) => outcome.Certainty switch
    {
        WriteCertainty.Applied => OfResult(outcome.Result),
        WriteCertainty.NotApplied => OfRefusal(outcome.Reason, isWrite: true),
        WriteCertainty.Unknown => new Problem(ProblemType.Timeout, "The write was handed to the cluster, but whether it was applied is not known: it may have been, or may yet be. Read before writing again."),
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome.Certainty, "Not a certainty."),
    };

    /// <summary>A quarantined node serves nobody.</summary>
    public static Problem Diverged() => new(ProblemType.Diverged, "This node's state differs from that of the other members, so it answers nothing from it: ask another, see /v1/status of this one, and repair it (kvctl member repair).");

    /// <summary>What a refused confirmation means for a read.</summary>
    /// <returns>Null where it was confirmed.</returns>
    public static Problem? OfRead(RefusalReason reason) => OfRefusal(reason, isWrite: false);

    /// <summary>What a refused confirmation means for a write that waited for it before it was proposed.</summary>
    /// <returns>Null where it was confirmed.</returns>
    public static Problem? BeforeWrite(RefusalReason reason) => OfRefusal(reason, isWrite: true);

    private static Problem? OfResult(in KvResult result) => result.Status switch
    {
        KvStatus.Done => null,
        KvStatus.ConditionFailed => new Problem(
            ProblemType.ConditionFailed,
            result.Previous is { } present ? $"The key is at mod revision {present.ModRevision}." : "The key does not exist.")
        {
            CurrentRevision = result.Previous?.ModRevision ?? 0,
            StoreRevision = result.Revision,
        },
        KvStatus.RangeTooLarge => new Problem(ProblemType.RangeTooLarge, "The range holds more keys than one deletion may touch (setting rangeKeysMax): delete it in parts."),
        KvStatus.QuotaReached => new Problem(ProblemType.QuotaReached, "The store is full (setting quotaBytes): delete keys, or raise the quota; deletions still work. What was deleted counts until its history is dropped."),
        KvStatus.TooLarge => new Problem(ProblemType.ValueTooLarge, "The key or the value is longer than the cluster takes (settings keyBytesMax and valueBytesMax)."),
        KvStatus.AlreadyCompacted => new Problem(ProblemType.Compacted, "That revision cannot be read any more, or is already the oldest one that can.") { StoreRevision = result.Revision },
        KvStatus.FutureRevision => new Problem(ProblemType.FutureRevision, $"The store is only at revision {result.Revision}.") { StoreRevision = result.Revision },
        _ => throw new ArgumentOutOfRangeException(nameof(result), result.Status, "Not a status of a command."),
    };

    private static Problem? OfRefusal(RefusalReason reason, bool isWrite) => reason switch
    {
        RefusalReason.None => null,
        RefusalReason.NoLeader => new Problem(ProblemType.NoLeader, "No leader is known: an election is under way, or a majority of the nodes cannot be reached. Try again."),
        RefusalReason.Overloaded => new Problem(ProblemType.Overloaded, "A queue is full. Try again later, and more slowly."),
        RefusalReason.DiskFull => new Problem(ProblemType.DiskFull, "The leader's log has no space left on its disk: free some."),
        RefusalReason.LowOnMemory => new Problem(ProblemType.Overloaded, "The leader's memory is nearly used up, so it takes no puts: delete keys and compact, or give it more (memory in its /v1/status names the limit). Reads, deletions and compactions go on."),
        RefusalReason.Diverged => Diverged(),
        RefusalReason.ShuttingDown => new Problem(ProblemType.ShuttingDown, "This node is shutting down: ask another."),
        RefusalReason.TimedOut when isWrite => new Problem(ProblemType.NotProposed, "The write waited for a leader until its time was over and was never proposed. Try again."),
        RefusalReason.TimedOut => new Problem(ProblemType.Timeout, "No majority confirmed the read in time. Try again, or ask for consistency=stale."),
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "Not a reason."),
    };
}
