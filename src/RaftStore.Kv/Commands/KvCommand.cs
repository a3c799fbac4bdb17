using System.Buffers;

namespace RaftStore.Kv;

/// <summary>When a write may take place, decided when its entry is applied.</summary>
public enum KvConditionKind : byte
{
    /// <summary>Always.</summary>
    None = 0,

    /// <summary>Only where the key's mod revision is the one given; 0 stands for «does not exist».</summary>
    ModRevisionIs = 1,

    /// <summary>Only where the key exists.</summary>
    Exists = 2,

    /// <summary>Only where it does not.</summary>
    NotExists = 3,
}

/// <summary>A condition on a write.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Revision">For <see cref="KvConditionKind.ModRevisionIs"/>; 0 otherwise.</param>
public readonly record struct KvCondition(KvConditionKind Kind, long Revision)
{
    /// <summary>Always holds.</summary>
    public static readonly KvCondition None;
}

/// <summary>The bytes of a command, as they stand in an entry. Layouts are drawn in <c>COMMANDS.md</c>.</summary>
public static class KvCommand
{
    /// <summary>The longest key, in bytes.</summary>
    public const int KeyBytesMax = 4096;

    /// <summary>The largest value that the replicated settings may allow, in bytes.</summary>
    public const int ValueBytesMax = 16 << 20;

    /// <summary>Keys that one range delete may touch: what bounds the time of one entry.</summary>
    public const int RangeKeysMax = 10_000;

    /// <summary>Bytes of a put's frame at most, beside key and value.</summary>
    public const int PutOverheadBytes = 32;

    /// <summary>Writes a put's frame and key; the value's bytes must follow right after.</summary>
    /// <returns>How many bytes were written.</returns>
    public static int WritePutHeader(Span<byte> target, ReadOnlySpan<byte> key, int valueBytes, KvCondition condition, bool wantsPrevious) => throw new NotImplementedException();

    /// <summary>A whole put.</summary>
    public static byte[] Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, KvCondition condition = default, bool wantsPrevious = false) => throw new NotImplementedException();

    /// <summary>Deletes one key.</summary>
    public static byte[] Delete(ReadOnlySpan<byte> key, KvCondition condition = default, bool wantsPrevious = false) => throw new NotImplementedException();

    /// <summary>Deletes every key of a range in one revision, or none where there are more than <see cref="RangeKeysMax"/>.</summary>
    public static byte[] DeleteRange(KeyRange range) => throw new NotImplementedException();
}

/// <summary>An entry holds a command that this version cannot apply; going on would let this node's state part from the others'.</summary>
public sealed class UnknownCommandException(string message) : Exception(message);
