namespace RaftStore.Node.Pump;

/// <summary>The numbers behind <see cref="NodeCounters"/>. The pump alone writes them, but for those that say otherwise; anybody
/// reads them, perhaps a moment late.</summary>
internal sealed class Tallies
{
    private long _framesRefused;
    private long _framesDroppedAtGate;

    public long Proposals { get; set; }

    public long AppliedBatches { get; set; }

    public long AppliedEntries { get; set; }

    public long ConfirmedReads { get; set; }

    public long ReadRounds { get; set; }

    public long ForwardedWrites { get; set; }

    public long ForwardedWritesServed { get; set; }

    public long RefusedWrites { get; set; }

    public long TimedOutWrites { get; set; }

    public long FramesSent { get; set; }

    public long FramesDropped { get; set; }

    public long AppendsDropped { get; set; }

    public long Campaigns { get; set; }

    public long LeaderChanges { get; set; }

    public long SnapshotsTaken { get; set; }

    public long SnapshotsSent { get; set; }

    public long SnapshotsInstalled { get; set; }

    public long SnapshotsRefused { get; set; }

    /// <summary>Counts a frame that was none. Any thread.</summary>
    public void FrameRefused() => Interlocked.Increment(ref _framesRefused);

    /// <summary>Counts a frame that found the input queue full. Any thread.</summary>
    public void FrameDroppedAtGate() => Interlocked.Increment(ref _framesDroppedAtGate);

    /// <summary>All of them. Any thread.</summary>
    public NodeCounters Read(int waiters) => new(
        Proposals,
        AppliedBatches,
        AppliedEntries,
        ConfirmedReads,
        ReadRounds,
        ForwardedWrites,
        ForwardedWritesServed,
        RefusedWrites,
        TimedOutWrites,
        FramesSent,
        FramesDropped + Interlocked.Read(ref _framesDroppedAtGate),
        Interlocked.Read(ref _framesRefused),
        AppendsDropped,
        Campaigns,
        LeaderChanges,
        SnapshotsTaken,
        SnapshotsSent,
        SnapshotsInstalled,
        SnapshotsRefused,
        waiters);
}
