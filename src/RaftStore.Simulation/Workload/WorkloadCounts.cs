namespace RaftStore.Simulation;

/// <summary>How the requests of a run ended.</summary>
public sealed class WorkloadCounts
{
    /// <summary>Writes answered with a result.</summary>
    public int WritesApplied { get; internal set; }

    /// <summary>Writes that were certainly not applied.</summary>
    public int WritesNotApplied { get; internal set; }

    /// <summary>Writes of which nobody knows.</summary>
    public int WritesUnknown { get; internal set; }

    /// <summary>Reads answered.</summary>
    public int ReadsAnswered { get; internal set; }

    /// <summary>Reads refused.</summary>
    public int ReadsRefused { get; internal set; }

    /// <summary>All of them.</summary>
    public int Total => WritesApplied + WritesNotApplied + WritesUnknown + ReadsAnswered + ReadsRefused;
}
