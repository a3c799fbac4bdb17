namespace RaftStore.Storage;

/// <summary>Sizes of a write-ahead log.</summary>
public sealed class WalOptions
{
    /// <summary>Bytes of one segment file. A power of two of at least 64 KiB. It should be several times the largest batch: one
    /// that does not fit an empty segment makes its file longer, and what that takes is not part of what stands reserved.</summary>
    public int SegmentBytes { get; init; } = 64 << 20;

    /// <summary>Used-up segments kept for reuse at most, besides the spare one that always stands ready.</summary>
    public int RecycledSegmentsMax { get; init; } = 2;
}
