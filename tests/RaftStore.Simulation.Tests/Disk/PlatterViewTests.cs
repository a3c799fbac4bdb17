using RaftStore.Storage;

namespace RaftStore.Simulation.Tests.Disk;

public sealed class PlatterViewTests
{
    private static readonly string[] Paths = ["/d/a", "/d/b", "/d/sub/c"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Platter_AfterAnyOperation_HoldsWhatACopyOfItHolds(int seed)
    {
        SimulatedDisk disk = new(new RandomStream((ulong)seed, "disk"));
        disk.CreateDirectory("/d/sub");
        disk.SyncDirectory("/");
        disk.SyncDirectory("/d");
        RandomStream random = new((ulong)seed, "operations");
        long version = -1;
        string known = "";
        int kept = 0;
        for (int i = 0; i < 2000; i++)
        {
            DoSomething(disk, random);
            string content = ContentOf(disk.Platter);
            Assert.Equal(ContentOf(disk.CopyOfPlatter()), content);

            // What was read of a platter may be kept until its version changes.
            if (disk.PlatterVersion == version)
            {
                Assert.Equal(known, content);
                kept++;
            }

            (version, known) = (disk.PlatterVersion, content);
        }

        Assert.InRange(kept, 100, 1900);
    }

    [Fact]
    public void Platter_IsOnlyLookedAt()
    {
        SimulatedDisk disk = new(new RandomStream(1, "disk"));
        disk.CreateDirectory("/d");
        disk.SyncDirectory("/");
        using (IFile file = disk.Open("/d/a", FileOpenMode.CreateNew))
        {
            file.Write(0, [1, 2, 3]);
            file.DataSync();
        }

        Assert.Throws<StorageIoException>(() => disk.Platter.Open("/d/a", FileOpenMode.Read));
        disk.SyncDirectory("/d");
        using IFile there = disk.Platter.Open("/d/a", FileOpenMode.ReadWrite);
        Assert.Equal(3, there.LengthBytes);
        Assert.Throws<InvalidOperationException>(() => there.Write(0, [9]));
        Assert.Throws<InvalidOperationException>(() => disk.Platter.Delete("/d/a"));
    }

    private static void DoSomething(SimulatedDisk disk, RandomStream random)
    {
        string path = Paths[random.Below(Paths.Length)];
        switch (random.Below(12))
        {
            case 0 when disk.FileExists(path):
                disk.Delete(path);
                break;
            case 1 when disk.FileExists(path):
                disk.Rename(path, Paths[random.Below(Paths.Length)]);
                break;
            case 2:
                disk.SyncDirectory("/d");
                break;
            case 3:
                disk.SyncDirectory("/d/sub");
                break;
            case 4 when random.OneIn(20):
                disk.PowerCut();
                break;
            case < 8 when disk.FileExists(path):
                using (IFile file = disk.Open(path, FileOpenMode.ReadWrite))
                {
                    file.DataSync();
                }

                break;
            default:
                using (IFile file = disk.Open(path, disk.FileExists(path) ? FileOpenMode.ReadWrite : FileOpenMode.CreateNew))
                {
                    byte[] bytes = new byte[random.Between(1, 3000)];
                    Array.Fill(bytes, (byte)random.Below(256));
                    file.Write(random.Between(0, 4000), bytes);
                }

                break;
        }
    }

    private static string ContentOf(IFileSystem files)
    {
        List<string> content = [];
        foreach (string directory in new[] { "/d", "/d/sub" })
        {
            foreach (string name in files.ListFiles(directory))
            {
                using IFile file = files.Open($"{directory}/{name}", FileOpenMode.Read);
                byte[] bytes = new byte[file.LengthBytes + 10];
                int count = file.Read(0, bytes);
                byte[] middle = new byte[700];
                int countOfMiddle = file.Read(300, middle);
                content.Add($"{directory}/{name}: {Convert.ToHexString(bytes.AsSpan(0, count))}, {Convert.ToHexString(middle.AsSpan(0, countOfMiddle))}");
            }
        }

        return string.Join('\n', content);
    }
}
