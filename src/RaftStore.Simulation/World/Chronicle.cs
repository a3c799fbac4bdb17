namespace RaftStore.Simulation;

/// <summary>Tells once in a virtual second how far the cluster has come, so that the story says more than what went wrong.</summary>
internal sealed class Chronicle(World world)
{
    private const long EveryUs = 1_000_000;

    private long _committed;
    private (int Applied, int NotApplied, int Unknown, int Read, int Refused) _counts;

    public void Start() => world.Events.After(EveryUs, () =>
    {
        Look();
        Start();
    });

    private void Look()
    {
        long committed = _committed;
        foreach (SimulatedMachine machine in world.Machines)
        {
            committed = Math.Max(committed, machine.Node?.Core.CommitIndex ?? 0);
        }

        WorkloadCounts now = world.Workload.Counts;
        (int Applied, int NotApplied, int Unknown, int Read, int Refused) counts = (now.WritesApplied, now.WritesNotApplied, now.WritesUnknown, now.ReadsAnswered, now.ReadsRefused);
        string progress = committed > _committed ? $"committed to entry {committed}, {committed - _committed} more" : $"nothing committed beyond entry {committed}";
        world.Trace.Tell(
            $"  ({progress}; clients: {counts.Applied - _counts.Applied} writes and {counts.Read - _counts.Read} reads answered, "
            + $"{counts.NotApplied - _counts.NotApplied + counts.Refused - _counts.Refused} refused, {counts.Unknown - _counts.Unknown} of unknown outcome)");
        (_committed, _counts) = (committed, counts);
    }
}
