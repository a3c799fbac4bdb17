namespace RaftStore.Kv;

/// <summary>Whether a revision can be read through a view.</summary>
public enum RevisionReadability
{
    /// <summary>It can.</summary>
    Readable,

    /// <summary>It is below the oldest one that can: its history was dropped, or is about to be.</summary>
    Compacted,

    /// <summary>The view has not reached it.</summary>
    Future,
}
