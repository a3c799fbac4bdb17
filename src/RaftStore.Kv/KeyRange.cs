namespace RaftStore.Kv;

/// <summary>A range of keys in byte order.</summary>
/// <param name="Start">Inclusive; empty for the first key there is.</param>
/// <param name="End">Exclusive; null for no end.</param>
public readonly record struct KeyRange(ReadOnlyMemory<byte> Start, ReadOnlyMemory<byte>? End)
{
    /// <summary>Every key that begins with <paramref name="prefix"/>.</summary>
    public static KeyRange Prefix(ReadOnlyMemory<byte> prefix)
    {
        // The first key behind the prefix is the prefix with its last byte one higher; a byte 0xFF has no higher one, so it
        // goes and the byte before it rises. A prefix of nothing but 0xFF reaches to the end of all keys.
        int kept = prefix.Length;
        while (kept > 0 && prefix.Span[kept - 1] == byte.MaxValue)
        {
            kept--;
        }

        if (kept == 0)
        {
            return new KeyRange(prefix, null);
        }

        byte[] end = prefix[..kept].ToArray();
        end[kept - 1]++;
        return new KeyRange(prefix, end);
    }

    /// <summary>True where no key can lie in the range.</summary>
    internal bool IsEmpty => End is { } end && end.Span.SequenceCompareTo(Start.Span) <= 0;
}
