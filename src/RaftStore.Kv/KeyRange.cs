namespace RaftStore.Kv;

/// <summary>A range of keys in byte order.</summary>
/// <param name="Start">Inclusive; empty for the first key there is.</param>
/// <param name="End">Exclusive; null for no end. An empty end is not null: no key lies below it.</param>
/// <remarks>Prefer <see cref="From"/> and <see cref="Between"/>: the conditional operator turns a null in one branch into an empty memory where
/// the other branch is a memory or an array, and so a range without an end into an empty one.</remarks>
public readonly record struct KeyRange(ReadOnlyMemory<byte> Start, ReadOnlyMemory<byte>? End)
{
    /// <summary>Every key from <paramref name="start"/> on.</summary>
    public static KeyRange From(ReadOnlyMemory<byte> start) => new(start, null);

    /// <summary>Every key from <paramref name="start"/> on and below <paramref name="end"/>; none where it is not above the start.</summary>
    public static KeyRange Between(ReadOnlyMemory<byte> start, ReadOnlyMemory<byte> end) => new(start, end);

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
            return From(prefix);
        }

        byte[] end = prefix[..kept].ToArray();
        end[kept - 1]++;
        return Between(prefix, end);
    }
}
