using System.Buffers.Binary;
using RaftStore.Raft;

namespace RaftStore.Storage;

/// <summary>Term and vote on disk. The file never grows, so that a vote can be written on a full disk; both copies are written one
/// after the other, so that a torn write leaves the last acknowledged value in the other copy, and a copy that rots is repaired
/// from the one that did not (argued step by step in <c>FORMAT.md</c>).</summary>
/// <remarks>
/// The payload of a slot:
/// <code>
///  0  i64  term
///  8  u32  id of the member that got the vote, or 0
/// 12  zero
/// </code>
/// </remarks>
internal sealed class HardStateFile : IDisposable
{
    /// <summary>The file's name in the log's directory.</summary>
    internal const string Name = "hardstate";

    private const uint Magic = 0x53485352; // "RSHS"

    private readonly SlotFile _slots;

    private bool _differ;

    private HardStateFile(SlotFile slots, HardState value, bool differ)
    {
        _differ = differ;
        _slots = slots;
        Value = value;
    }

    /// <summary>What is durable.</summary>
    internal HardState Value { get; private set; }

    /// <summary>Makes the file with term 0 and no vote.</summary>
    internal static void Create(IFileSystem files, string directory, ClusterId cluster)
        => SlotFile.Create(files, directory, Name, Magic, cluster, new byte[SlotFile.PayloadBytes]);

    /// <summary>Opens the file and changes nothing: <see cref="Repair"/> must come before anybody acts on the value.</summary>
    /// <exception cref="DataDirectoryException">Both copies are damaged.</exception>
    internal static HardStateFile Open(IFileSystem files, string directory, ClusterId cluster)
    {
        Span<byte> payload = stackalloc byte[SlotFile.PayloadBytes];
        string path = DurableFiles.Combine(directory, Name);
        SlotFile slots = SlotFile.Open(files, path, Magic, cluster, payload, out bool differ);
        long term = BinaryPrimitives.ReadInt64LittleEndian(payload);
        if (term is < 0 or > SlotFile.CountMax)
        {
            slots.Dispose();
            throw new DataDirectoryException(path, 0, $"it claims term {term}, though its checksum is right: it was not written by this program");
        }

        return new HardStateFile(slots, new HardState(term, new NodeId(BinaryPrimitives.ReadUInt32LittleEndian(payload[8..]))), differ);
    }

    /// <summary>Makes what was read durable in both copies.</summary>
    internal void Repair()
    {
        // Where the copies are equal there is nothing to do: the second was written only once the first was durable. Where they are not,
        // the newer one may stand in the page cache alone, left there by a process that was killed between its write and its sync.
        if (_differ)
        {
            Write(Value);
            _differ = false;
        }
    }

    /// <summary>Makes a value durable.</summary>
    /// <exception cref="StorageIoException">The old value or the new one is durable; which is not known.</exception>
    internal void Write(HardState value)
    {
        Span<byte> payload = stackalloc byte[SlotFile.PayloadBytes];
        payload.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(payload, value.Term);
        BinaryPrimitives.WriteUInt32LittleEndian(payload[8..], value.VotedFor.Value);
        _slots.WriteBothDurably(payload);
        Value = value;
    }

    /// <inheritdoc/>
    public void Dispose() => _slots.Dispose();
}
