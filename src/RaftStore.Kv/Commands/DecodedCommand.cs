using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace RaftStore.Kv.Commands;

/// <summary>A command, read in place: its spans point into the entry's bytes.</summary>
internal readonly ref struct DecodedCommand
{
    /// <summary>What is to be done.</summary>
    internal KvCommandKind Kind { get; private init; }

    /// <summary>When it may be done.</summary>
    internal KvCondition Condition { get; private init; }

    /// <summary>True where the result is to hold the item that was there before.</summary>
    internal bool WantsPrevious { get; private init; }

    /// <summary>The key; of a range delete the start of the range.</summary>
    internal ReadOnlySpan<byte> Key { get; private init; }

    /// <summary>The value of a put; of a range delete the end of the range; the changes of a settings command.</summary>
    internal ReadOnlySpan<byte> Value { get; private init; }

    /// <summary>True where a range delete has an end.</summary>
    internal bool HasEnd { get; private init; }

    /// <summary>The revision that a compaction names.</summary>
    internal long Revision { get; private init; }

    /// <summary>Reads a command. Every byte of it must be known and accounted for; lengths beyond the limits are left to the
    /// limits in force.</summary>
    /// <param name="error">What is wrong with it.</param>
    internal static bool TryRead(ReadOnlySpan<byte> bytes, out DecodedCommand command, [NotNullWhen(false)] out string? error)
    {
        command = default;
        if (bytes.Length < CommandLayout.StartBytes)
        {
            error = FormattableString.Invariant($"{bytes.Length} bytes are too few for a command");
            return false;
        }

        if (bytes[1] != CommandLayout.Format)
        {
            error = FormattableString.Invariant($"format {bytes[1]} of command kind {bytes[0]} is not known to this version");
            return false;
        }

        switch ((KvCommandKind)bytes[0])
        {
            case KvCommandKind.Put:
                return TryReadPut(bytes, out command, out error);
            case KvCommandKind.Delete:
                return TryReadDelete(bytes, out command, out error);
            case KvCommandKind.DeleteRange:
                return TryReadDeleteRange(bytes, out command, out error);
            case KvCommandKind.Compact:
                return TryReadCompact(bytes, out command, out error);
            case KvCommandKind.Settings:
                error = SettingsLayout.Check(bytes, out ReadOnlySpan<byte> changes);
                command = new DecodedCommand { Kind = KvCommandKind.Settings, Value = changes };
                return error is null;
            default:
                error = FormattableString.Invariant($"command kind {bytes[0]} is not known to this version");
                return false;
        }
    }

    private static bool TryReadPut(ReadOnlySpan<byte> bytes, out DecodedCommand command, [NotNullWhen(false)] out string? error)
    {
        command = default;
        error = CheckFlagsAndCondition(bytes, CommandLayout.PutHeaderBytes, out KvCondition condition);
        if (error is not null)
        {
            return false;
        }

        long keyBytes = BinaryPrimitives.ReadUInt32LittleEndian(bytes[CommandLayout.KeyBytesAt..]);
        long valueBytes = BinaryPrimitives.ReadUInt32LittleEndian(bytes[CommandLayout.ValueBytesAt..]);
        ReadOnlySpan<byte> rest = bytes[CommandLayout.PutHeaderBytes..];
        if (keyBytes == 0 || keyBytes + valueBytes != rest.Length)
        {
            error = FormattableString.Invariant($"a put claims {keyBytes} bytes of key and {valueBytes} of value in {rest.Length}");
            return false;
        }

        command = new DecodedCommand
        {
            Kind = KvCommandKind.Put,
            Condition = condition,
            WantsPrevious = bytes[2] == CommandLayout.WantsPrevious,
            Key = rest[..(int)keyBytes],
            Value = rest[(int)keyBytes..],
        };
        return true;
    }

    private static bool TryReadDelete(ReadOnlySpan<byte> bytes, out DecodedCommand command, [NotNullWhen(false)] out string? error)
    {
        command = default;
        error = CheckFlagsAndCondition(bytes, CommandLayout.DeleteHeaderBytes, out KvCondition condition);
        if (error is not null)
        {
            return false;
        }

        long keyBytes = BinaryPrimitives.ReadUInt32LittleEndian(bytes[CommandLayout.KeyBytesAt..]);
        ReadOnlySpan<byte> rest = bytes[CommandLayout.DeleteHeaderBytes..];
        if (keyBytes == 0 || keyBytes != rest.Length)
        {
            error = FormattableString.Invariant($"a delete claims {keyBytes} bytes of key in {rest.Length}");
            return false;
        }

        command = new DecodedCommand
        {
            Kind = KvCommandKind.Delete,
            Condition = condition,
            WantsPrevious = bytes[2] == CommandLayout.WantsPrevious,
            Key = rest,
        };
        return true;
    }

    private static bool TryReadDeleteRange(ReadOnlySpan<byte> bytes, out DecodedCommand command, [NotNullWhen(false)] out string? error)
    {
        command = default;
        if (bytes.Length < CommandLayout.DeleteRangeHeaderBytes || bytes[2] > CommandLayout.HasEnd || bytes[3] != 0)
        {
            error = FormattableString.Invariant($"a range delete of {bytes.Length} bytes has flags {bytes[2]} and condition {bytes[3]}");
            return false;
        }

        long startBytes = BinaryPrimitives.ReadUInt32LittleEndian(bytes[CommandLayout.StartBytesAt..]);
        long endBytes = BinaryPrimitives.ReadUInt32LittleEndian(bytes[CommandLayout.EndBytesAt..]);
        ReadOnlySpan<byte> rest = bytes[CommandLayout.DeleteRangeHeaderBytes..];
        bool hasEnd = bytes[2] == CommandLayout.HasEnd;
        if (startBytes + endBytes != rest.Length || (!hasEnd && endBytes != 0))
        {
            error = FormattableString.Invariant($"a range delete claims a start of {startBytes} and an end of {endBytes} bytes in {rest.Length}");
            return false;
        }

        error = null;
        command = new DecodedCommand
        {
            Kind = KvCommandKind.DeleteRange,
            Key = rest[..(int)startBytes],
            Value = rest[(int)startBytes..],
            HasEnd = hasEnd,
        };
        return true;
    }

    private static bool TryReadCompact(ReadOnlySpan<byte> bytes, out DecodedCommand command, [NotNullWhen(false)] out string? error)
    {
        command = default;
        error = bytes.Length == CommandLayout.CompactBytes && bytes[2..CommandLayout.CompactRevisionAt].IndexOfAnyExcept((byte)0) < 0
            ? null
            : FormattableString.Invariant($"a compaction of {bytes.Length} bytes, flags {bytes[2]} and condition {bytes[3]} is not known to this version");
        if (error is not null)
        {
            return false;
        }

        long revision = BinaryPrimitives.ReadInt64LittleEndian(bytes[CommandLayout.CompactRevisionAt..]);
        if (revision < 0)
        {
            error = FormattableString.Invariant($"a compaction names the revision {revision}");
            return false;
        }

        command = new DecodedCommand { Kind = KvCommandKind.Compact, Revision = revision };
        return true;
    }

    // What a put and a delete have in common.
    private static string? CheckFlagsAndCondition(ReadOnlySpan<byte> bytes, int headerBytes, out KvCondition condition)
    {
        condition = default;
        if (bytes.Length < headerBytes)
        {
            return FormattableString.Invariant($"{bytes.Length} bytes are too few for a command of kind {bytes[0]}");
        }

        if (bytes[2] > CommandLayout.WantsPrevious)
        {
            return FormattableString.Invariant($"flags {bytes[2]} of command kind {bytes[0]} are not known to this version");
        }

        condition = new KvCondition((KvConditionKind)bytes[3], BinaryPrimitives.ReadInt64LittleEndian(bytes[CommandLayout.ConditionRevisionAt..]));
        return condition.IsWellFormed
            ? null
            : FormattableString.Invariant($"condition {bytes[3]} with revision {condition.Revision} of command kind {bytes[0]} is not known to this version");
    }
}
