namespace RaftStore.Client;

/// <summary>What a write of one key asks for beyond the write itself.</summary>
public sealed class PutOptions
{
    /// <summary>What must hold of the key for the write to happen.</summary>
    public WriteCondition Condition { get; init; }

    /// <summary>Whether the answer brings the version that this write replaced.</summary>
    public bool WithPrevious { get; init; }
}
