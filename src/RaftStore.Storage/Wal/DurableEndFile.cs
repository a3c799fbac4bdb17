using System.Buffers.Binary;
using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>Up to where the log is known to be durable.</summary>
/// <param name="Position">Everything before it was synced.</param>
/// <param name="Chain">The checksum of the last record before it, or of its segment's header.</param>
/// <param name="LastIndex">The last entry of the log as of that place.</param>
/// <param name="Epoch">How often the log had been opened, this time included.</param>
internal readonly record struct DurableEnd(LogPosition Position, uint Chain, long LastIndex, uint Epoch);

/// <summary>The durable end, written after every sync of the log and before it is reported, but not synced itself: a process
/// that is killed finds it exact, and after a power cut it is exact or older. A bad record below it is rot, never a torn
/// write.</summary>
/// <remarks>
/// The payload of a slot:
/// <code>
///  0  u64  segment
///  8  u64  offset in bytes
/// 16  i64  index of the last entry
/// 24  u32  checksum of the last record
/// 28  u32  epoch
/// </code>
/// </remarks>
internal sealed class DurableEndFile : IDisposable
{
    /// <summary>The file's name in the log's directory.</summary>
    internal const string Name = "durable";

    /// <summary>The end of a log of which nothing has been written.</summary>
    internal static readonly DurableEnd Beginning = new(new LogPosition(1, 0), 0, 0, 0);

    /// <summary>A log that was opened every second for a century has been opened less often.</summary>
    private const uint EpochMax = uint.MaxValue - 1;

    private const uint Magic = 0x45445352; // "RSDE"

    private readonly SlotFile _slots;

    private DurableEndFile(SlotFile slots, DurableEnd value)
    {
        _slots = slots;
        Value = value;
    }

    /// <summary>What was written last.</summary>
    internal DurableEnd Value { get; private set; }

    /// <summary>Makes the file with <see cref="Beginning"/> in it.</summary>
    internal static void Create(IFileSystem files, string directory, ClusterId cluster)
    {
        Span<byte> payload = stackalloc byte[SlotFile.PayloadBytes];
        Encode(payload, Beginning);
        SlotFile.Create(files, directory, Name, Magic, cluster, payload);
    }

    /// <summary>Opens the file.</summary>
    /// <exception cref="DataDirectoryException">It claims what cannot be, or both slots are damaged. No crash can do that: each lies in a sector of its own, they are
    /// written in turn, and both were durable before the first segment was begun.</exception>
    internal static DurableEndFile Open(IFileSystem files, string directory, ClusterId cluster)
    {
        Span<byte> payload = stackalloc byte[SlotFile.PayloadBytes];
        string path = DurableFiles.Combine(directory, Name);
        SlotFile slots = SlotFile.Open(files, path, Magic, cluster, payload, out _);
        DurableEnd end = new(
            new LogPosition(BinaryPrimitives.ReadInt64LittleEndian(payload), BinaryPrimitives.ReadInt64LittleEndian(payload[8..])),
            BinaryPrimitives.ReadUInt32LittleEndian(payload[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(payload[16..]),
            BinaryPrimitives.ReadUInt32LittleEndian(payload[28..]));
        bool isSane = end.Position is { Segment: > 0 and <= SlotFile.CountMax, OffsetBytes: >= 0 and <= SlotFile.CountMax }
            && end is { LastIndex: >= 0 and <= SlotFile.CountMax, Epoch: <= EpochMax };
        if (!isSane)
        {
            slots.Dispose();
            throw new DataDirectoryException(path, 0, $"its checksum is right, but it claims {end}: it was not written by this program");
        }

        return new DurableEndFile(slots, end);
    }

    /// <summary>Writes a new end, without syncing it.</summary>
    internal void Write(DurableEnd end)
    {
        Span<byte> payload = stackalloc byte[SlotFile.PayloadBytes];
        Encode(payload, end);
        _slots.WriteAlternating(payload);
        Value = end;
    }

    /// <summary>Makes the end written last durable.</summary>
    internal void DataSync() => _slots.DataSync();

    /// <summary>Puts the end into both slots, durably: at every start, so that a slot that rotted is repaired.</summary>
    internal void WriteBothDurably(DurableEnd end)
    {
        Span<byte> payload = stackalloc byte[SlotFile.PayloadBytes];
        Encode(payload, end);
        _slots.WriteBothDurably(payload);
        Value = end;
    }

    /// <inheritdoc/>
    public void Dispose() => _slots.Dispose();

    private static void Encode(Span<byte> payload, DurableEnd end)
    {
        BinaryPrimitives.WriteInt64LittleEndian(payload, end.Position.Segment);
        BinaryPrimitives.WriteInt64LittleEndian(payload[8..], end.Position.OffsetBytes);
        BinaryPrimitives.WriteInt64LittleEndian(payload[16..], end.LastIndex);
        BinaryPrimitives.WriteUInt32LittleEndian(payload[24..], end.Chain);
        BinaryPrimitives.WriteUInt32LittleEndian(payload[28..], end.Epoch);
    }
}
