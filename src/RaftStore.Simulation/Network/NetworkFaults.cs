namespace RaftStore.Simulation;

/// <summary>How bad the network is; drawn once a run. Parts per thousand are of frames.</summary>
/// <param name="LossPerMille">Frames that never arrive.</param>
/// <param name="ReplayPerMille">Frames that arrive a second time, later.</param>
/// <param name="DelayUsMax">The longest ordinary delay, in microseconds.</param>
/// <param name="SlowPerMille">Frames held back for up to half a second, and so overtaken by others.</param>
/// <param name="IsOrdered">Whether the frames of one connection arrive in the order in which they were sent, as TCP has it; then only those of an
/// older connection, and those that arrive twice, are overtaken.</param>
public sealed record NetworkFaults(int LossPerMille, int ReplayPerMille, long DelayUsMax, int SlowPerMille, bool IsOrdered = false)
{
    /// <summary>A network without faults.</summary>
    public static readonly NetworkFaults None = new(0, 0, 300, 0);
}
