using System.Buffers.Binary;
using RaftStore.Kv.Commands;

namespace RaftStore.Kv;

/// <summary>The bytes of a command, as they stand in an entry. Layouts are drawn in <c>COMMANDS.md</c>.</summary>
public static class KvCommand
{
    /// <summary>The longest key, in bytes.</summary>
    public const int KeyBytesMax = 4096;

    /// <summary>The largest value that the replicated settings may allow, in bytes.</summary>
    public const int ValueBytesMax = 16 << 20;

    /// <summary>Keys that the replicated settings may let one range delete touch: what bounds the time of one entry.</summary>
    public const int RangeKeysMax = 10_000;

    /// <summary>Bytes of a put's frame at most, beside key and value.</summary>
    public const int PutOverheadBytes = 32;

    /// <summary>Writes a put's frame and key; the value's bytes must follow right after.</summary>
    /// <returns>How many bytes were written: at most <see cref="PutOverheadBytes"/> and the key's.</returns>
    /// <exception cref="ArgumentException">The key, the value's length or the condition cannot stand in a command, or
    /// <paramref name="target"/> is too short.</exception>
    public static int WritePutHeader(Span<byte> target, ReadOnlySpan<byte> key, int valueBytes, KvCondition condition, bool wantsPrevious)
    {
        CheckKey(key);
        CheckCondition(condition);
        ArgumentOutOfRangeException.ThrowIfNegative(valueBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(valueBytes, ValueBytesMax);
        int length = CommandLayout.PutHeaderBytes + key.Length;
        CheckTarget(target, length);
        WriteStart(target, KvCommandKind.Put, wantsPrevious ? CommandLayout.WantsPrevious : (byte)0, condition.Kind);
        BinaryPrimitives.WriteInt32LittleEndian(target[CommandLayout.KeyBytesAt..], key.Length);
        BinaryPrimitives.WriteInt64LittleEndian(target[CommandLayout.ConditionRevisionAt..], condition.Revision);
        BinaryPrimitives.WriteInt32LittleEndian(target[CommandLayout.ValueBytesAt..], valueBytes);
        key.CopyTo(target[CommandLayout.PutHeaderBytes..]);
        return length;
    }

    /// <summary>A whole put.</summary>
    /// <exception cref="ArgumentException">The key, the value or the condition cannot stand in a command.</exception>
    public static byte[] Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, KvCondition condition = default, bool wantsPrevious = false)
    {
        byte[] command = GC.AllocateUninitializedArray<byte>(CommandLayout.PutHeaderBytes + key.Length + value.Length);
        int headerBytes = WritePutHeader(command, key, value.Length, condition, wantsPrevious);
        value.CopyTo(command.AsSpan(headerBytes));
        return command;
    }

    /// <summary>Deletes one key.</summary>
    /// <exception cref="ArgumentException">The key or the condition cannot stand in a command.</exception>
    public static byte[] Delete(ReadOnlySpan<byte> key, KvCondition condition = default, bool wantsPrevious = false)
    {
        CheckKey(key);
        CheckCondition(condition);
        byte[] command = new byte[CommandLayout.DeleteHeaderBytes + key.Length];
        WriteStart(command, KvCommandKind.Delete, wantsPrevious ? CommandLayout.WantsPrevious : (byte)0, condition.Kind);
        BinaryPrimitives.WriteInt32LittleEndian(command.AsSpan(CommandLayout.KeyBytesAt), key.Length);
        BinaryPrimitives.WriteInt64LittleEndian(command.AsSpan(CommandLayout.ConditionRevisionAt), condition.Revision);
        key.CopyTo(command.AsSpan(CommandLayout.DeleteHeaderBytes));
        return command;
    }

    /// <summary>Deletes every key of a range in one revision, or none where there are more than <see cref="KvLimits.RangeKeysMax"/>.</summary>
    /// <exception cref="ArgumentException">A bound is longer than a key can be.</exception>
    public static byte[] DeleteRange(KeyRange range)
    {
        ReadOnlySpan<byte> start = range.Start.Span;
        ReadOnlySpan<byte> end = range.End is { } bound ? bound.Span : [];
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start.Length, KeyBytesMax, nameof(range));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(end.Length, KeyBytesMax, nameof(range));
        byte[] command = new byte[CommandLayout.DeleteRangeHeaderBytes + start.Length + end.Length];
        WriteStart(command, KvCommandKind.DeleteRange, range.End is null ? (byte)0 : CommandLayout.HasEnd, KvConditionKind.None);
        BinaryPrimitives.WriteInt32LittleEndian(command.AsSpan(CommandLayout.StartBytesAt), start.Length);
        BinaryPrimitives.WriteInt32LittleEndian(command.AsSpan(CommandLayout.EndBytesAt), end.Length);
        start.CopyTo(command.AsSpan(CommandLayout.DeleteRangeHeaderBytes));
        end.CopyTo(command.AsSpan(CommandLayout.DeleteRangeHeaderBytes + start.Length));
        return command;
    }

    /// <summary>Makes a revision the oldest one that can be read.</summary>
    /// <param name="revision">At least 0. Whether there is anything to compact is decided when the command is applied.</param>
    /// <exception cref="ArgumentOutOfRangeException">The revision is negative.</exception>
    public static byte[] Compact(long revision)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(revision);
        byte[] command = new byte[CommandLayout.CompactBytes];
        WriteStart(command, KvCommandKind.Compact, flags: 0, KvConditionKind.None);
        BinaryPrimitives.WriteInt64LittleEndian(command.AsSpan(CommandLayout.CompactRevisionAt), revision);
        return command;
    }

    /// <summary>Changes some of the cluster's settings, all of them or none; the others stay as they are.</summary>
    /// <exception cref="ArgumentException">There is no change, a setting is named twice, or a value is out of its range.</exception>
    public static byte[] ChangeSettings(IReadOnlyCollection<KvSettingChange> changes) => SettingsLayout.Encode(changes);

    /// <summary>Says what is wrong with bytes that are to be proposed as a command. Whoever takes a command from another node must ask before
    /// proposing it: once committed, one that cannot be read stops every node.</summary>
    /// <returns>Null where <see cref="KvStore.Apply"/> can carry it out.</returns>
    public static string? Check(ReadOnlySpan<byte> command) => DecodedCommand.TryRead(command, out _, out string? error) ? null : error;

    /// <summary>True for a put: the one command after which the store may hold more than before.</summary>
    public static bool IsPut(ReadOnlySpan<byte> command) => !command.IsEmpty && command[0] == (byte)KvCommandKind.Put;

    private static void WriteStart(Span<byte> target, KvCommandKind kind, byte flags, KvConditionKind condition)
    {
        target[0] = (byte)kind;
        target[1] = CommandLayout.Format;
        target[2] = flags;
        target[3] = (byte)condition;
    }

    private static void CheckKey(ReadOnlySpan<byte> key)
    {
        if (key.Length is 0 or > KeyBytesMax)
        {
            throw new ArgumentOutOfRangeException(nameof(key), FormattableString.Invariant($"A key of {key.Length} bytes is not one of 1 to {KeyBytesMax}."));
        }
    }

    private static void CheckCondition(KvCondition condition)
    {
        if (!condition.IsWellFormed)
        {
            throw new ArgumentException(FormattableString.Invariant($"There is no condition {condition.Kind} with revision {condition.Revision}."), nameof(condition));
        }
    }

    private static void CheckTarget(ReadOnlySpan<byte> target, int length)
    {
        if (target.Length < length)
        {
            throw new ArgumentException(FormattableString.Invariant($"{length} bytes do not fit into {target.Length}."), nameof(target));
        }
    }
}
