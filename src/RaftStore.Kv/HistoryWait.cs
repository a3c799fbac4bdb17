namespace RaftStore.Kv;

/// <summary>What history waits for before it gets shorter.</summary>
public enum HistoryWait
{
    /// <summary>Nothing: it is as short as it may be, whatever time it is.</summary>
    Nothing,

    /// <summary>Cluster time: its oldest revision may be dropped once it has its age.</summary>
    Time,

    /// <summary>Entries: there is something to drop, and each entry that is applied, an empty one too, drops its share of it.</summary>
    Entries,
}
