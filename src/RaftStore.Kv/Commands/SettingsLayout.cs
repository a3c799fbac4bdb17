using System.Buffers.Binary;

namespace RaftStore.Kv.Commands;

/// <summary>The bytes of a settings command, kind 5 in <c>COMMANDS.md</c>: which settings get which values.</summary>
internal static class SettingsLayout
{
    private const int CountAt = 4;

    private const int HeaderBytes = 8;

    private const int ChangeBytes = 12;

    /// <summary>Writes the command; the changes may come in any order.</summary>
    internal static byte[] Encode(IReadOnlyCollection<KvSettingChange> changes)
    {
        if (changes.Count == 0)
        {
            throw new ArgumentException("A settings command needs at least one change.", nameof(changes));
        }

        byte[] command = new byte[HeaderBytes + (ChangeBytes * changes.Count)];
        command[0] = (byte)KvCommandKind.Settings;
        command[1] = CommandLayout.Format;
        BinaryPrimitives.WriteInt32LittleEndian(command.AsSpan(CountAt), changes.Count);
        int at = HeaderBytes;
        foreach (KvSettingChange change in changes.OrderBy(change => change.Setting.Id))
        {
            BinaryPrimitives.WriteInt32LittleEndian(command.AsSpan(at), change.Setting.Id);
            BinaryPrimitives.WriteInt64LittleEndian(command.AsSpan(at + sizeof(int)), change.Value);
            at += ChangeBytes;
        }

        string? error = Check(command, out _);
        return error is null ? command : throw new ArgumentException(error, nameof(changes));
    }

    /// <summary>Looks at every byte: what passes can be applied, and comes to the same limits on every node.</summary>
    /// <param name="changes">The changes, for <see cref="Apply"/>.</param>
    /// <returns>What is wrong, or null.</returns>
    internal static string? Check(ReadOnlySpan<byte> command, out ReadOnlySpan<byte> changes)
    {
        changes = default;
        if (command.Length < HeaderBytes || command[2] != 0 || command[3] != 0)
        {
            return FormattableString.Invariant($"a settings command of {command.Length} bytes has flags or a condition");
        }

        long count = BinaryPrimitives.ReadUInt32LittleEndian(command[CountAt..]);
        if (count == 0 || count * ChangeBytes != command.Length - HeaderBytes)
        {
            return FormattableString.Invariant($"a settings command claims {count} changes in {command.Length} bytes");
        }

        int lastId = 0;
        for (ReadOnlySpan<byte> rest = command[HeaderBytes..]; !rest.IsEmpty; rest = rest[ChangeBytes..])
        {
            int id = BinaryPrimitives.ReadInt32LittleEndian(rest);
            long value = BinaryPrimitives.ReadInt64LittleEndian(rest[sizeof(int)..]);
            if (id <= lastId || KvSetting.Find(id) is not { } setting || !setting.Allows(value))
            {
                return FormattableString.Invariant($"setting {id} with value {value} behind setting {lastId} is not known to this version");
            }

            lastId = id;
        }

        changes = command[HeaderBytes..];
        return null;
    }

    /// <summary>The limits after changes that passed <see cref="Check"/>.</summary>
    internal static KvLimits Apply(ReadOnlySpan<byte> changes, KvLimits limits)
    {
        for (; !changes.IsEmpty; changes = changes[ChangeBytes..])
        {
            KvSetting? setting = KvSetting.Find(BinaryPrimitives.ReadInt32LittleEndian(changes));
            KvInvariant.Check(setting is not null, "a setting passed the check that nobody knows");
            limits = setting.Change(limits, BinaryPrimitives.ReadInt64LittleEndian(changes[sizeof(int)..]));
        }

        return limits;
    }
}
