namespace RaftStore.Simulation;

/// <summary>A simulated run broke a rule: which one, at what virtual time, under which seed.</summary>
public sealed class SimulationFailureException : Exception
{
    /// <summary>Names the rule with the numbers that show it.</summary>
    public SimulationFailureException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
