using System.Buffers.Binary;
using System.Globalization;
using RaftStore.Storage;

namespace RaftStore.Simulation;

/// <summary>One fault of a disk, somewhere in a data directory: a bit that flips, a sector that reads as zeros, or one that a write reached which
/// was meant for another.</summary>
/// <param name="Region">What lies there.</param>
/// <param name="Kind">What happened to it.</param>
internal sealed record Damage(string Region, string Kind, string Path, int OffsetBytes)
{
    private const string Wal = SimulatedMachine.DataPath + "/wal";
    private const string Snapshots = SimulatedMachine.DataPath + "/snapshots";

    /// <summary>Bytes before the durable end that belong to the last acknowledged record: a header and the least body.</summary>
    private const int TailBytes = 96;

    private const int SegmentHeaderBytes = 64;
    private const int TriesMax = 30;

    /// <summary>Damages a disk, in use or not.</summary>
    /// <param name="ofSnapshot">True where only its newest snapshot is to be damaged.</param>
    /// <returns>What was done; null where what was drawn is not there.</returns>
    public static Damage? Inflict(SimulatedDisk disk, RandomStream random, bool ofSnapshot = false)
    {
        if (DrawPlace(disk, random, ofSnapshot) is not (string region, string path, int offset))
        {
            return null;
        }

        int start = offset / SimulatedFile.SectorBytes * SimulatedFile.SectorBytes;
        using IFile file = disk.Open(path, FileOpenMode.Read);
        byte[] sector = new byte[Math.Min(file.LengthBytes - start, SimulatedFile.SectorBytes)];
        file.Read(start, sector);
        string kind;
        switch (random.Below(4))
        {
            case 0:
                kind = "zeroed";
                sector.AsSpan().Clear();
                break;
            case 1:
                kind = "overwritten by a misdirected write";
                using (IFile other = disk.Open(AnyFile(disk, random), FileOpenMode.Read))
                {
                    int length = (int)other.LengthBytes;
                    int from = length < sector.Length ? 0 : random.Below(((length - sector.Length) / SimulatedFile.SectorBytes) + 1) * SimulatedFile.SectorBytes;
                    other.Read(from, sector);
                }

                break;
            default:
                kind = "one bit flipped";
                sector[offset - start] ^= (byte)(1 << random.Below(8));
                break;
        }

        disk.Damage(path, start, sector);
        return new Damage(region, kind, path, offset);
    }

    private static (string Region, string Path, int Offset)? DrawPlace(SimulatedDisk disk, RandomStream random, bool ofSnapshot)
    {
        string[] segments = [.. disk.ListFiles(Wal).Where(name => name.EndsWith(".wal", StringComparison.Ordinal))];
        string[] snapshots = [.. disk.ListFiles(Snapshots).Where(name => name.EndsWith(".snap", StringComparison.Ordinal))];
        string segment = $"{Wal}/{segments[random.Below(segments.Length)]}";
        return (ofSnapshot ? 5 : random.Below(8)) switch
        {
            0 => Anywhere("identity", $"{SimulatedMachine.DataPath}/identity.json"),
            1 => Anywhere("copy of the vote", $"{Wal}/hardstate"),
            2 => Anywhere("note of the durable end", $"{Wal}/durable"),
            3 => ("segment's header", segment, random.Below(SegmentHeaderBytes)),
            4 => Tail(),
            5 when snapshots.Length > 0 => Anywhere("snapshot", $"{Snapshots}/{snapshots[^1]}"),
            5 => null,
            _ => Anywhere("record", segment),
        };

        // Where something is: most of a segment, and of a page with a slot in it, is zeros.
        (string, string, int)? Anywhere(string region, string path)
        {
            using IFile content = disk.Open(path, FileOpenMode.Read);
            int length = (int)content.LengthBytes;
            int offset = random.Below(length);
            for (int tries = 0; tries < TriesMax && IsZero(content, offset); tries++)
            {
                offset = random.Below(length);
            }

            return (region, path, offset);
        }

        (string, string, int)? Tail()
        {
            byte[] slots = ReadFile(disk, $"{Wal}/durable");
            int newest = BinaryPrimitives.ReadUInt64LittleEndian(slots.AsSpan(24)) > BinaryPrimitives.ReadUInt64LittleEndian(slots.AsSpan(4096 + 24)) ? 0 : 4096;
            ulong sequence = BinaryPrimitives.ReadUInt64LittleEndian(slots.AsSpan(newest + 32));
            int end = (int)BinaryPrimitives.ReadUInt64LittleEndian(slots.AsSpan(newest + 40));
            string path = $"{Wal}/{sequence.ToString("x16", CultureInfo.InvariantCulture)}.wal";
            return disk.FileExists(path) && end > SegmentHeaderBytes + TailBytes ? ("last acknowledged record", path, end - 1 - random.Below(TailBytes)) : null;
        }
    }

    private static bool IsZero(IFile content, int offset)
    {
        Span<byte> read = stackalloc byte[1];
        content.Read(offset, read);
        return read[0] == 0;
    }

    private static string AnyFile(SimulatedDisk disk, RandomStream random)
    {
        string directory = random.OneIn(2) ? Wal : Snapshots;
        IReadOnlyList<string> names = disk.ListFiles(directory);
        return names.Count == 0 ? $"{SimulatedMachine.DataPath}/identity.json" : $"{directory}/{names[random.Below(names.Count)]}";
    }

    private static byte[] ReadFile(SimulatedDisk disk, string path)
    {
        using IFile file = disk.Open(path, FileOpenMode.Read);
        byte[] content = new byte[file.LengthBytes];
        file.Read(0, content);
        return content;
    }
}
