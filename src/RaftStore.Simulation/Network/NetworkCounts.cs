namespace RaftStore.Simulation;

/// <summary>What became of the frames of a run.</summary>
public sealed class NetworkCounts
{
    /// <summary>Frames that machines gave to the network.</summary>
    public long Sent { get; internal set; }

    /// <summary>Frames that were lost on the way.</summary>
    public long Lost { get; internal set; }

    /// <summary>Frames that arrived twice.</summary>
    public long Replayed { get; internal set; }

    /// <summary>Frames stopped by a cut.</summary>
    public long Cut { get; internal set; }

    /// <summary>Frames that vanished in a half-open connection.</summary>
    public long Vanished { get; internal set; }

    /// <summary>Frames that waited for a narrow link.</summary>
    public long Queued { get; internal set; }

    /// <summary>Frames that the queue before a narrow link had no room for.</summary>
    public long Refused { get; internal set; }

    /// <summary>Frames of a new connection that arrived before one of the connection before it.</summary>
    public long Overtook { get; internal set; }
}
