namespace RaftStore.Kv.Commands;

/// <summary>The kinds of commands; the numbers stand in logs for ever.</summary>
internal enum KvCommandKind : byte
{
    /// <summary>No command: an entry without a payload.</summary>
    None = 0,

    /// <summary>Gives one key a value.</summary>
    Put = 1,

    /// <summary>Deletes one key.</summary>
    Delete = 2,

    /// <summary>Deletes the keys of a range.</summary>
    DeleteRange = 3,

    /// <summary>Makes a revision the oldest one that can be read.</summary>
    Compact = 4,

    /// <summary>Changes some of the cluster's settings.</summary>
    Settings = 5,
}

/// <summary>Offsets, lengths and flags of the layouts in <c>COMMANDS.md</c>.</summary>
internal static class CommandLayout
{
    /// <summary>The one format there is of each kind.</summary>
    internal const byte Format = 1;

    /// <summary>Flag of a put and a delete: the item before it is to be in the result.</summary>
    internal const byte WantsPrevious = 1;

    /// <summary>Flag of a range delete: the range has an end.</summary>
    internal const byte HasEnd = 1;

    /// <summary>Kind, format, flags and condition, which every command begins with.</summary>
    internal const int StartBytes = 4;

    internal const int KeyBytesAt = 4;

    internal const int ConditionRevisionAt = 8;

    internal const int DeleteHeaderBytes = 16;

    internal const int ValueBytesAt = 16;

    internal const int PutHeaderBytes = 20;

    internal const int StartBytesAt = 4;

    internal const int EndBytesAt = 8;

    internal const int DeleteRangeHeaderBytes = 12;

    internal const int CompactRevisionAt = 8;

    internal const int CompactBytes = 16;
}
