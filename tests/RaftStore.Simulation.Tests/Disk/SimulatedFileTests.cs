namespace RaftStore.Simulation.Tests.Disk;

/// <summary>The file, which shares its sectors, is held against one that copies everything.</summary>
public sealed class SimulatedFileTests
{
    private const int Sector = SimulatedFile.SectorBytes;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void File_AnyUse_AgreesWithANaiveOne(int seed)
    {
        RandomStream random = new((ulong)seed, "operations");
        List<(SimulatedFile File, NaiveFile Naive)> files = [(new SimulatedFile(), new NaiveFile())];
        long lost = 0;
        for (int i = 0; i < 5_000; i++)
        {
            int place = random.Below(files.Count);
            (SimulatedFile file, NaiveFile naive) = files[place];
            switch (random.Below(14))
            {
                case 0:
                    file.Sync();
                    naive.Sync();
                    break;
                case 1:
                    // Both draw from streams of their own, which give the same.
                    int times = file.PowerCut(new RandomStream((ulong)i, "cut"));
                    Assert.Equal(naive.PowerCut(new RandomStream((ulong)i, "cut")), times);
                    lost += times;
                    break;
                case 2:
                    Keep(files, random, (file.CopyAsSeen(), new NaiveFile(naive.Seen)));
                    break;
                case 3:
                    Keep(files, random, (file.CopyOfPlatter(), new NaiveFile(naive.Platter)));
                    break;
                case 4 when file.LengthBytes >= Sector:
                    int start = random.Below(file.LengthBytes / Sector) * Sector;
                    byte[] damage = [(byte)random.Below(256), (byte)random.Below(256)];
                    file.Damage(start + 3, damage);
                    naive.Damage(start + 3, damage);
                    break;
                default:
                    byte[] bytes = new byte[random.Below(3 * Sector)];
                    Array.Fill(bytes, (byte)random.Below(3));
                    long offset = random.Below(8 * Sector);
                    file.Write(offset, bytes);
                    naive.Write((int)offset, bytes);
                    break;
            }

            foreach ((SimulatedFile one, NaiveFile other) in files)
            {
                Assert.Equal(other.Seen, Content(one.LengthBytes, one.Read));
                Assert.Equal(other.Platter, Content(one.PlatterLengthBytes, one.ReadPlatter));
            }
        }

        Assert.InRange(lost, 100, 10_000);
    }

    [Fact]
    public void Read_PastTheEnd_GivesWhatIsThere()
    {
        SimulatedFile file = new();
        file.Write(600, [1, 2, 3]);
        byte[] target = new byte[10];

        Assert.Equal(2, file.Read(601, target));
        Assert.Equal<byte>([2, 3, 0, 0, 0, 0, 0, 0, 0, 0], target);
        Assert.Equal(0, file.Read(603, target));
        Assert.Equal(0, file.Read(5_000_000_000, target));
        Assert.Equal(0, file.ReadPlatter(0, target));
    }

    private delegate int Reader(long offsetBytes, Span<byte> target);

    private static byte[] Content(int length, Reader read)
    {
        byte[] content = new byte[length];
        Assert.Equal(length, read(0, content));
        return content;
    }

    private static void Keep(List<(SimulatedFile File, NaiveFile Naive)> files, RandomStream random, (SimulatedFile File, NaiveFile Naive) copy)
    {
        if (files.Count < 4)
        {
            files.Add(copy);
        }
        else
        {
            files[random.Below(files.Count)] = copy;
        }
    }

    private sealed class NaiveFile
    {
        private readonly SortedSet<int> _dirty = [];

        public NaiveFile()
            : this([])
        {
        }

        public NaiveFile(byte[] content) => (Seen, Platter) = ([.. content], [.. content]);

        public byte[] Seen { get; private set; }

        public byte[] Platter { get; private set; }

        public void Write(int offset, byte[] bytes)
        {
            int end = offset + bytes.Length;
            Seen = [.. Seen, .. new byte[Math.Max(0, end - Seen.Length)]];
            bytes.CopyTo(Seen, offset);
            for (int i = offset; i < end; i++)
            {
                _dirty.Add(i / Sector);
            }
        }

        public void Sync()
        {
            Platter = [.. Seen];
            _dirty.Clear();
        }

        public int PowerCut(RandomStream random)
        {
            int lost = 0;
            byte[] left = [.. Platter, .. new byte[Seen.Length - Platter.Length]];
            int length = Platter.Length;
            foreach (int sector in _dirty)
            {
                if (random.OneIn(2))
                {
                    int end = Math.Min(Seen.Length, (sector + 1) * Sector);
                    Seen.AsSpan((sector * Sector)..end).CopyTo(left.AsSpan(sector * Sector));
                    length = Math.Max(length, end);
                }
                else
                {
                    lost++;
                }
            }

            Seen = left[..length];
            Sync();
            return lost;
        }

        public void Damage(int offset, byte[] bytes)
        {
            bytes.CopyTo(Seen, offset);
            bytes.AsSpan(0, Math.Clamp(Platter.Length - offset, 0, bytes.Length)).CopyTo(Platter.AsSpan(Math.Min(offset, Platter.Length)));
        }
    }
}
