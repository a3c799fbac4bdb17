namespace RaftStore.Storage;

/// <summary>A segment that has been begun and not been purged.</summary>
internal sealed class LogSegment(long sequence, long fileBytes, long lastIndex)
{
    /// <summary>The number in its name.</summary>
    internal long Sequence { get; } = sequence;

    /// <summary>The length of its file in bytes; what one large record adds to it stays.</summary>
    internal long FileBytes { get; set; } = fileBytes;

    /// <summary>No entry after this one can be in it and still count.</summary>
    internal long LastIndex { get; set; } = lastIndex;
}
