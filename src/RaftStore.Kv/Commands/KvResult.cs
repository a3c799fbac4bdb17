namespace RaftStore.Kv;

/// <summary>How a command ended.</summary>
public enum KvStatus : byte
{
    /// <summary>It was carried out.</summary>
    Done = 0,

    /// <summary>Its condition did not hold; nothing changed. <see cref="KvResult.Previous"/> is what the key holds.</summary>
    ConditionFailed = 1,

    /// <summary>The range holds more than <see cref="KvCommand.RangeKeysMax"/> keys; nothing changed.</summary>
    RangeTooLarge = 2,

    /// <summary>The store's quota is reached; nothing changed.</summary>
    QuotaReached = 3,

    /// <summary>The key or the value is longer than the replicated settings allow; nothing changed.</summary>
    TooLarge = 4,
}

/// <summary>What applying a command told its proposer.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Revision">The store's revision after it.</param>
/// <param name="Version">A put: the key's version after it.</param>
/// <param name="Deleted">A delete: how many keys it removed.</param>
/// <param name="Previous">The item that the key held before, where it was asked for or the condition failed, and there was one.</param>
public readonly record struct KvResult(KvStatus Status, long Revision, long Version, long Deleted, KvItem? Previous)
{
    /// <summary>Bytes that <see cref="Write"/> needs.</summary>
    public int EncodedBytes => throw new NotImplementedException();

    /// <summary>Writes the result for the node that forwarded the command.</summary>
    public void Write(Span<byte> target) => throw new NotImplementedException();

    /// <summary>Reads what <see cref="Write"/> wrote; the item's memory is copied.</summary>
    /// <returns>False where the bytes are not a result.</returns>
    public static bool TryRead(ReadOnlySpan<byte> source, out KvResult result) => throw new NotImplementedException();
}
