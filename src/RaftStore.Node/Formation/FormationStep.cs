using RaftStore.Storage;

namespace RaftStore.Node.Formation;

/// <summary>What a founder has to do next.</summary>
public enum FormationAction
{
    /// <summary>Nothing but tell the others its status and listen to theirs.</summary>
    Wait,

    /// <summary>Make <see cref="FormationStep.Identity"/> durable and say so by <see cref="FormationProtocol.IdentitySynced"/>.</summary>
    WriteIdentity,

    /// <summary>Its cluster is formed, and <see cref="FormationStep.Identity"/> is durable: from now on it may vote.</summary>
    Formed,

    /// <summary>End the process with exit code 3 and <see cref="FormationStep.Reason"/>.</summary>
    Stop,
}

/// <summary>One answer of <see cref="FormationProtocol.Next"/>.</summary>
/// <param name="Action">What to do.</param>
/// <param name="Identity">For <see cref="FormationAction.WriteIdentity"/> and <see cref="FormationAction.Formed"/>.</param>
/// <param name="Reason">For <see cref="FormationAction.Stop"/>: the last line to print.</param>
public readonly record struct FormationStep(FormationAction Action, NodeIdentity? Identity = null, string? Reason = null);
