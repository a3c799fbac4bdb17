using System.Collections.Immutable;
using RaftStore.Node;

namespace RaftStore.Server.Faults;

/// <summary>What happens to the frames between this node and one other, in one direction.</summary>
/// <param name="Drops">They are lost.</param>
/// <param name="DelayMs">Those that are not lost come so many milliseconds later, in their order.</param>
internal readonly record struct PeerFault(bool Drops, int DelayMs)
{
    /// <summary>True where nothing happens to them.</summary>
    public bool IsNone => !Drops && DelayMs == 0;
}

/// <summary>Everything that goes wrong on purpose on one node. Immutable.</summary>
internal sealed record FaultPlan
{
    /// <summary>The longest delay of a frame, in milliseconds.</summary>
    public const int DelayMsMax = 60_000;

    /// <summary>The longest stall of a write to the log, in milliseconds.</summary>
    public const int LogStallMsMax = 600_000;

    private static readonly ImmutableSortedDictionary<string, PeerFault> NoFaults = ImmutableSortedDictionary.Create<string, PeerFault>(StringComparer.Ordinal);

    /// <summary>Nothing goes wrong.</summary>
    public static readonly FaultPlan None = new();

    /// <summary>What happens to frames that this node sends, by the name of the receiver.</summary>
    public ImmutableSortedDictionary<string, PeerFault> To { get; private init; } = NoFaults;

    /// <summary>What happens to frames that come to this node, by the name of the sender.</summary>
    public ImmutableSortedDictionary<string, PeerFault> From { get; private init; } = NoFaults;

    /// <summary>How long each write to the log is held back, in milliseconds.</summary>
    public int LogStallMs { get; private init; }

    /// <summary>How fast this node's clock goes, of the machine's.</summary>
    public double TickFactor { get; private init; } = 1;

    /// <summary>True where nothing goes wrong.</summary>
    public bool IsNone => To.IsEmpty && From.IsEmpty && LogStallMs == 0 && TickFactor == 1;

    /// <summary>The plan after a change: what it does not name stays.</summary>
    public FaultPlan With(FaultChange change) => new()
    {
        To = With(To, change.To, change.Fault),
        From = With(From, change.From, change.Fault),
        LogStallMs = change.LogStallMs ?? LogStallMs,
        TickFactor = change.TickFactor ?? TickFactor,
    };

    private static ImmutableSortedDictionary<string, PeerFault> With(ImmutableSortedDictionary<string, PeerFault> faults, IReadOnlyList<string> peers, PeerFault fault)
    {
        foreach (string peer in peers)
        {
            faults = fault.IsNone ? faults.Remove(peer) : faults.SetItem(peer, fault);
        }

        return faults;
    }
}

/// <summary>One request to change what goes wrong.</summary>
/// <param name="To">Receivers, by name.</param>
/// <param name="From">Senders, by name.</param>
/// <param name="Fault">What happens to frames between those and this node; nothing ends what happened to them.</param>
/// <param name="LogStallMs">How long writes to the log are held back, in milliseconds; null leaves that as it is.</param>
/// <param name="TickFactor">How fast the clock goes, between <see cref="NodeClock.FactorMin"/> and <see cref="NodeClock.FactorMax"/>; null leaves that as it is.</param>
internal sealed record FaultChange(IReadOnlyList<string> To, IReadOnlyList<string> From, PeerFault Fault, int? LogStallMs, double? TickFactor);
