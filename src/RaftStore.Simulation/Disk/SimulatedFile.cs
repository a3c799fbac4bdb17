using System.Numerics;

namespace RaftStore.Simulation;

/// <summary>A file's two planes, sector by sector. The platter differs from what programs see in the sectors written since the last sync.</summary>
/// <remarks>A sector that is not dirty may be shared, between the planes and between copies of the file, and is never changed in place; one that is
/// dirty belongs to what programs see of this file alone. So a copy costs next to nothing, whatever the file's length.</remarks>
internal sealed class SimulatedFile
{
    public const int SectorBytes = 512;

    private const int SectorsPerWord = 64;

    private static readonly byte[] Zeros = new byte[SectorBytes];

    /// <summary>What programs see; null for a sector of zeros.</summary>
    private byte[]?[] _seen = [];

    /// <summary>What the platter holds, likewise.</summary>
    private byte[]?[] _platter = [];

    /// <summary>A bit for each sector written since the last sync.</summary>
    private ulong[] _dirty = [];

    /// <summary>The length that programs see, in bytes.</summary>
    public int LengthBytes { get; private set; }

    /// <summary>The length that the platter knows of, in bytes.</summary>
    public int PlatterLengthBytes { get; private set; }

    /// <summary>What the platter holds now, to be compared with what it will hold.</summary>
    public PlatterImage PlatterImage => new((byte[]?[])_platter.Clone(), PlatterLengthBytes);

    /// <summary>Whether the platter holds what it held, in the first so many bytes, or as a whole where it held fewer. A sector that is the same
    /// object is the same, since none on the platter is changed in place; of others the bytes are compared.</summary>
    public bool HoldsStill(in PlatterImage image, long bytes)
    {
        if (bytes > image.LengthBytes && PlatterLengthBytes != image.LengthBytes)
        {
            return false;
        }

        int end = (int)Math.Min(bytes, image.LengthBytes);
        if (end > PlatterLengthBytes)
        {
            return false;
        }

        for (int start = 0; start < end; start += SectorBytes)
        {
            byte[]? now = _platter[start / SectorBytes];
            byte[]? before = image.Sectors[start / SectorBytes];
            if (now != before && !Read(now, end - start).SequenceEqual(Read(before, end - start)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Reads what the platter holds.</summary>
    public int ReadPlatter(long offsetBytes, Span<byte> target) => Read(_platter, PlatterLengthBytes, offsetBytes, target);

    public int Read(long offsetBytes, Span<byte> target) => Read(_seen, LengthBytes, offsetBytes, target);

    public void Write(long offsetBytes, ReadOnlySpan<byte> source)
    {
        int end = checked((int)offsetBytes + source.Length);
        EnsureCapacity(end);
        int offset = (int)offsetBytes;
        while (!source.IsEmpty)
        {
            int sector = offset / SectorBytes;
            int start = offset % SectorBytes;
            int count = Math.Min(SectorBytes - start, source.Length);
            WriteSector(sector, start, source[..count]);
            source = source[count..];
            offset += count;
        }

        LengthBytes = Math.Max(LengthBytes, end);
    }

    public void Sync()
    {
        for (int word = 0; word < _dirty.Length; word++)
        {
            for (ulong left = _dirty[word]; left != 0; left &= left - 1)
            {
                int sector = (word * SectorsPerWord) + BitOperations.TrailingZeroCount(left);
                _platter[sector] = _seen[sector];
            }

            _dirty[word] = 0;
        }

        PlatterLengthBytes = LengthBytes;
    }

    /// <summary>Keeps or loses each unsynced sector, and the growth of the file with the last of them that is kept.</summary>
    /// <returns>How many sectors were lost.</returns>
    public int PowerCut(RandomStream random)
    {
        int lost = 0;
        int length = PlatterLengthBytes;
        for (int sector = 0; sector < _seen.Length; sector++)
        {
            if (!IsDirty(sector))
            {
                continue;
            }

            if (random.OneIn(2))
            {
                length = Math.Max(length, Math.Min(LengthBytes, (sector + 1) * SectorBytes));
            }
            else
            {
                _seen[sector] = _platter[sector];
                lost++;
            }
        }

        // Behind its end there are zeros in both planes: what comes to lie there again needs no clearing.
        LengthBytes = length;
        Sync();
        return lost;
    }

    /// <summary>A file that holds what programs see of this one, all of it on the platter.</summary>
    public SimulatedFile CopyAsSeen()
    {
        byte[]?[] sectors = (byte[]?[])_seen.Clone();
        for (int sector = 0; sector < sectors.Length; sector++)
        {
            if (IsDirty(sector))
            {
                sectors[sector] = (byte[]?)sectors[sector]?.Clone();
            }
        }

        return Durable(sectors, LengthBytes);
    }

    /// <summary>A file that holds what the platter holds of this one.</summary>
    public SimulatedFile CopyOfPlatter() => Durable((byte[]?[])_platter.Clone(), PlatterLengthBytes);

    /// <summary>Changes bytes within one sector as they lie on the platter, which no program asked for.</summary>
    public void Damage(int offsetBytes, ReadOnlySpan<byte> bytes)
    {
        int sector = offsetBytes / SectorBytes;
        _seen[sector] = Changed(_seen[sector], offsetBytes % SectorBytes, bytes);
        int onPlatter = Math.Clamp(PlatterLengthBytes - offsetBytes, 0, bytes.Length);
        _platter[sector] = IsDirty(sector) ? Changed(_platter[sector], offsetBytes % SectorBytes, bytes[..onPlatter]) : _seen[sector];
    }

    private static SimulatedFile Durable(byte[]?[] sectors, int lengthBytes) => new()
    {
        _seen = sectors,
        _platter = (byte[]?[])sectors.Clone(),
        _dirty = new ulong[WordsFor(sectors.Length)],
        LengthBytes = lengthBytes,
        PlatterLengthBytes = lengthBytes,
    };

    private static ReadOnlySpan<byte> Read(byte[]? sector, int bytesMax) => (sector ?? Zeros).AsSpan(0, Math.Min(bytesMax, SectorBytes));

    private static int WordsFor(int sectors) => (sectors + SectorsPerWord - 1) / SectorsPerWord;

    private static byte[] Changed(byte[]? sector, int start, ReadOnlySpan<byte> bytes)
    {
        byte[] changed = sector is null ? new byte[SectorBytes] : (byte[])sector.Clone();
        bytes.CopyTo(changed.AsSpan(start));
        return changed;
    }

    private static int Read(byte[]?[] sectors, int lengthBytes, long offsetBytes, Span<byte> target)
    {
        int count = (int)Math.Clamp(lengthBytes - offsetBytes, 0, target.Length);
        int offset = count == 0 ? 0 : (int)offsetBytes;
        Span<byte> left = target[..count];
        while (!left.IsEmpty)
        {
            int start = offset % SectorBytes;
            int part = Math.Min(SectorBytes - start, left.Length);
            if (sectors[offset / SectorBytes] is { } sector)
            {
                sector.AsSpan(start, part).CopyTo(left);
            }
            else
            {
                left[..part].Clear();
            }

            left = left[part..];
            offset += part;
        }

        return count;
    }

    private void WriteSector(int sector, int start, ReadOnlySpan<byte> source)
    {
        byte[]? held = _seen[sector];
        bool isOwn = IsDirty(sector);
        _dirty[sector / SectorsPerWord] |= 1UL << (sector % SectorsPerWord);
        if (held is null && source.IndexOfAnyExcept((byte)0) < 0)
        {
            return;
        }

        if (held is not null && isOwn)
        {
            source.CopyTo(held.AsSpan(start));
        }
        else
        {
            _seen[sector] = Changed(held, start, source);
        }
    }

    private bool IsDirty(int sector) => (_dirty[sector / SectorsPerWord] & (1UL << (sector % SectorsPerWord))) != 0;

    private void EnsureCapacity(int end)
    {
        int needed = (end + SectorBytes - 1) / SectorBytes;
        if (needed > _seen.Length)
        {
            int sectors = Math.Max(needed, 2 * _seen.Length);
            Array.Resize(ref _seen, sectors);
            Array.Resize(ref _platter, sectors);
            Array.Resize(ref _dirty, WordsFor(sectors));
        }
    }
}

/// <summary>What a file's platter held at some time.</summary>
/// <param name="Sectors">Sector by sector; null for one of zeros. Shared with the file, and never changed.</param>
/// <param name="LengthBytes">How much of that was the file.</param>
internal readonly record struct PlatterImage(byte[]?[] Sectors, int LengthBytes);
