using RaftStore.Kv;
using RaftStore.Raft;

namespace RaftStore.Node.Pump;

/// <summary>Lets history get shorter while nobody writes. Only entries drop history and only entries move cluster time on, so that all
/// nodes do the same; where none come by themselves, the leader appends empty ones for as long as history waits for them. Pump thread.</summary>
internal sealed class HistoryUpkeep(PumpContext context, LogState log, Applier applier)
{
    /// <summary>Between two entries that only drop history: as much time as one entry makes up for.</summary>
    private const int DropPauseMs = 32;

    /// <summary>Between two entries that only move time on, at least: nobody minds history that is a second older than it need be.</summary>
    private const int TimePauseMs = 1000;

    private static readonly ReadOnlyMemory<byte>[] Empty = [default];

    private long _seenIndex = -1;
    private long _seenMs;

    /// <summary>Appends an entry where one is due.</summary>
    public void Push()
    {
        if (applier.Last.Index != _seenIndex)
        {
            // Something was applied, and did what an empty entry would do.
            _seenIndex = applier.Last.Index;
            _seenMs = context.NowMs;
            return;
        }

        if (!context.IsLeader || context.Core.UnappliedBytes > 0)
        {
            return;
        }

        long pauseMs = applier.Store.HistoryWait switch
        {
            HistoryWait.Nothing => long.MaxValue,
            HistoryWait.Time => Math.Max(TimePauseMs, applier.Store.HistoryAgeLeftMs),
            HistoryWait.Entries => DropPauseMs,
            _ => throw new NotSupportedException($"No wait {applier.Store.HistoryWait} is known."),
        };
        if (context.NowMs - _seenMs >= pauseMs && log.HasSpaceFor(LogState.CostOf(EntryBatch.EntryHeaderBytes)))
        {
            context.Core.Propose(Empty);
        }
    }
}
