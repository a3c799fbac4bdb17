namespace RaftStore.Client;

/// <summary>What goes wrong on purpose on one node.</summary>
public sealed class NodeFaults
{
    /// <summary>What happens to messages that the node sends.</summary>
    public IReadOnlyList<PeerFault> To { get; init; } = [];

    /// <summary>What happens to messages that come to the node.</summary>
    public IReadOnlyList<PeerFault> From { get; init; } = [];

    /// <summary>How long each write to the node's log is held back, in milliseconds.</summary>
    public int StallLogMs { get; init; }

    /// <summary>How fast the node's clock goes, of its machine's.</summary>
    public double TickFactor { get; init; } = 1;

    /// <summary>Messages that were lost on purpose since the node's start.</summary>
    public long FramesDropped { get; init; }

    /// <summary>Messages that were late on purpose since the node's start.</summary>
    public long FramesDelayed { get; init; }
}

/// <summary>What happens to the messages between a node and one other, in one direction.</summary>
/// <param name="Peer">The other's name.</param>
/// <param name="Drop">They are lost.</param>
/// <param name="DelayMs">They come so many milliseconds later.</param>
public sealed record PeerFault(string Peer, bool Drop, int DelayMs);

/// <summary>A change of what goes wrong on one node; what it leaves out stays as it is.</summary>
public sealed class FaultChange
{
    /// <summary>Names of members: messages to them are meant.</summary>
    public IReadOnlyList<string> To { get; init; } = [];

    /// <summary>Names of members: messages from them are meant.</summary>
    public IReadOnlyList<string> From { get; init; } = [];

    /// <summary>Those messages are lost. Without it, and without a delay, they come through again.</summary>
    public bool Drop { get; init; }

    /// <summary>Those messages come so many milliseconds later, at most 60,000.</summary>
    public int DelayMs { get; init; }

    /// <summary>How long each write to the log is held back, in milliseconds, at most 600,000.</summary>
    public int? StallLogMs { get; init; }

    /// <summary>How fast the clock goes, of the machine's: 0.1 to 10.</summary>
    public double? TickFactor { get; init; }
}
