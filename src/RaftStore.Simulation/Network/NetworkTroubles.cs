namespace RaftStore.Simulation;

/// <summary>What can be done to the links between machines.</summary>
[Flags]
public enum NetworkTroubles
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Two groups that cannot reach each other.</summary>
    Split = 1,

    /// <summary>One machine that hears nothing, says nothing, or both.</summary>
    Isolate = 2,

    /// <summary>Nothing goes from one machine to another, while the way back is open.</summary>
    OneWay = 4,

    /// <summary>Two groups that cannot reach each other, and one machine that reaches both.</summary>
    Bridge = 8,

    /// <summary>A link that fails and recovers many times in a row.</summary>
    Flap = 16,

    /// <summary>Some machines are cut off one by one, and come back in another order.</summary>
    Swizzle = 32,

    /// <summary>One side believes in a connection that is dead; what it sends vanishes until somebody notices.</summary>
    HalfOpen = 64,

    /// <summary>A link on which little passes in a second.</summary>
    Narrow = 128,

    /// <summary>Connections are made anew, and frames of the old ones are still on their way.</summary>
    Reconnect = 256,
}
