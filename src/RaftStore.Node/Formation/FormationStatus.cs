using System.Collections.Immutable;
using RaftStore.Raft;

namespace RaftStore.Node.Formation;

/// <summary>All that one founder tells another: where it stands. There is only this one message, and it is sent again and again, so
/// a lost one costs a moment and a repeated one nothing.</summary>
public sealed record FormationStatus
{
    /// <summary>The sender's name.</summary>
    public required string From { get; init; }

    /// <summary>Whom it is meant for.</summary>
    public required string To { get; init; }

    /// <summary>Drawn anew at every start of the sender, so that a restart, and with it a lost disk, is noticed.</summary>
    public required ulong Incarnation { get; init; }

    /// <summary>Grows with every message of one <see cref="Incarnation"/>.</summary>
    public required long Sequence { get; init; }

    /// <summary>What the receiver must echo for its own next message to be believed.</summary>
    public required ulong Challenge { get; init; }

    /// <summary>The receiver's last challenge, as far as the sender has heard one.</summary>
    public required ulong Echo { get; init; }

    /// <summary>The sender's founding list; where <see cref="IsFormed"/>, the members of its cluster.</summary>
    public required Configuration Founders { get; init; }

    /// <summary>The cluster whose founding the sender has made durable for exactly <see cref="Founders"/>; none where it has not.</summary>
    public required ClusterId Cluster { get; init; }

    /// <summary>True where the sender's cluster is formed.</summary>
    public required bool IsFormed { get; init; }

    /// <summary>The founders that the sender has met: they are alive, have its list, and are not formed.</summary>
    public required ImmutableArray<string> Met { get; init; }
}
