namespace RaftStore.Simulation;

/// <summary>A file's two planes. The platter differs from what programs see in the sectors written since the last sync.</summary>
internal sealed class SimulatedFile
{
    public const int SectorBytes = 512;

    /// <summary>Sectors written since the last sync, each with what the platter holds there.</summary>
    private readonly SortedDictionary<int, byte[]> _platterSectors = [];
    private byte[] _content = [];
    private int _platterLength;

    /// <summary>The length that programs see, in bytes.</summary>
    public int LengthBytes { get; private set; }

    /// <summary>The length that the platter knows of, in bytes.</summary>
    public int PlatterLengthBytes => _platterLength;

    /// <summary>Reads what the platter holds.</summary>
    public int ReadPlatter(long offsetBytes, Span<byte> target)
    {
        int count = (int)Math.Clamp(_platterLength - offsetBytes, 0, target.Length);
        if (count == 0)
        {
            return 0;
        }

        int start = (int)offsetBytes;
        int end = start + count;
        _content.AsSpan(start, count).CopyTo(target);
        foreach ((int sector, byte[] platter) in _platterSectors)
        {
            int from = Math.Max(start, sector * SectorBytes);
            int to = Math.Min(end, (sector + 1) * SectorBytes);
            if (from < to)
            {
                platter.AsSpan(from - (sector * SectorBytes), to - from).CopyTo(target[(from - start)..]);
            }
        }

        return count;
    }

    public int Read(long offsetBytes, Span<byte> target)
    {
        int count = (int)Math.Clamp(LengthBytes - offsetBytes, 0, target.Length);
        if (count > 0)
        {
            _content.AsSpan((int)offsetBytes, count).CopyTo(target);
        }

        return count;
    }

    public void Write(long offsetBytes, ReadOnlySpan<byte> source)
    {
        int end = checked((int)offsetBytes + source.Length);
        EnsureCapacity(end);
        if (source.IsEmpty)
        {
            return;
        }

        for (int sector = (int)offsetBytes / SectorBytes; sector <= (end - 1) / SectorBytes; sector++)
        {
            if (!_platterSectors.ContainsKey(sector))
            {
                _platterSectors.Add(sector, _content.AsSpan(sector * SectorBytes, SectorBytes).ToArray());
            }
        }

        source.CopyTo(_content.AsSpan((int)offsetBytes));
        LengthBytes = Math.Max(LengthBytes, end);
    }

    public void Sync()
    {
        _platterSectors.Clear();
        _platterLength = LengthBytes;
    }

    /// <summary>Keeps or loses each unsynced sector, and the growth of the file with the last of them that is kept.</summary>
    /// <returns>How many sectors were lost.</returns>
    public int PowerCut(RandomStream random)
    {
        int lost = 0;
        int length = _platterLength;
        foreach ((int sector, byte[] platter) in _platterSectors)
        {
            if (random.OneIn(2))
            {
                length = Math.Max(length, Math.Min(LengthBytes, (sector + 1) * SectorBytes));
            }
            else
            {
                platter.CopyTo(_content.AsSpan(sector * SectorBytes));
                lost++;
            }
        }

        _content.AsSpan(length).Clear();
        LengthBytes = length;
        Sync();
        return lost;
    }

    /// <summary>A file that holds what programs see of this one, all of it on the platter.</summary>
    public SimulatedFile CopyAsSeen() => new() { _content = (byte[])_content.Clone(), LengthBytes = LengthBytes, _platterLength = LengthBytes };

    /// <summary>Changes bytes within one sector as they lie on the platter, which no program asked for.</summary>
    public void Damage(int offsetBytes, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_content.AsSpan(offsetBytes));
        if (_platterSectors.TryGetValue(offsetBytes / SectorBytes, out byte[]? platter))
        {
            bytes.CopyTo(platter.AsSpan(offsetBytes % SectorBytes));
        }
    }

    public SimulatedFile CopyOfPlatter()
    {
        SimulatedFile copy = new() { _content = (byte[])_content.Clone(), LengthBytes = _platterLength, _platterLength = _platterLength };
        foreach ((int sector, byte[] platter) in _platterSectors)
        {
            platter.CopyTo(copy._content.AsSpan(sector * SectorBytes));
        }

        return copy;
    }

    private void EnsureCapacity(int end)
    {
        if (end > _content.Length)
        {
            int sectors = (Math.Max(end, _content.Length * 2) + SectorBytes - 1) / SectorBytes;
            Array.Resize(ref _content, sectors * SectorBytes);
        }
    }
}
