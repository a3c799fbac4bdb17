namespace RaftStore.Simulation;

/// <summary>How bad the network is; drawn once a run. Parts per thousand are of frames.</summary>
/// <param name="LossPerMille">Frames that never arrive.</param>
/// <param name="ReplayPerMille">Frames that arrive a second time, later.</param>
/// <param name="DelayUsMax">The longest ordinary delay, in microseconds.</param>
/// <param name="SlowPerMille">Frames held back for up to half a second, and so overtaken by others.</param>
public sealed record NetworkFaults(int LossPerMille, int ReplayPerMille, long DelayUsMax, int SlowPerMille)
{
    /// <summary>A network without faults.</summary>
    public static readonly NetworkFaults None = new(0, 0, 300, 0);
}
