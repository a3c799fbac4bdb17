using RaftStore.Storage;

namespace RaftStore.Simulation.Tests.Disk;

public sealed class SimulatedDiskTests
{
    private readonly SimulatedDisk _disk = new(new RandomStream(7, "disk"));

    public SimulatedDiskTests()
    {
        _disk.CreateDirectory("/d");
        _disk.SyncDirectory("/");
    }

    [Fact]
    public void SyncedDataUnderASyncedName_SurvivesAPowerCut()
    {
        WriteFile("/d/a", 2000, sync: true);
        _disk.SyncDirectory("/d");
        _disk.PowerCut();
        Assert.Equal(Enumerable.Repeat((byte)1, 2000), ReadFile("/d/a"));
    }

    [Fact]
    public void UnsyncedSectors_AreKeptOrLostOneByOne()
    {
        WriteFile("/d/a", 100 * 512, sync: true);
        _disk.SyncDirectory("/d");
        using (IFile file = _disk.Open("/d/a", FileOpenMode.ReadWrite))
        {
            byte[] twos = new byte[100 * 512];
            Array.Fill(twos, (byte)2);
            file.Write(0, twos);
        }

        _disk.PowerCut();
        byte[] after = ReadFile("/d/a");
        int kept = Enumerable.Range(0, 100).Count(sector => after[sector * 512] == 2);
        Assert.InRange(kept, 20, 80);
        Assert.All(Enumerable.Range(0, 100), sector => Assert.Single(after.Skip(sector * 512).Take(512).Distinct()));
        Assert.Equal(100 - kept, _disk.SectorsLost);
    }

    [Fact]
    public void UnsyncedName_IsLostInSomeRunsAndKeptInOthers()
    {
        HashSet<bool> seen = [];
        for (ulong seed = 0; seed < 20; seed++)
        {
            SimulatedDisk disk = new(new RandomStream(seed, "disk"));
            disk.CreateDirectory("/d");
            disk.SyncDirectory("/");
            using (IFile file = disk.Open("/d/a", FileOpenMode.CreateNew))
            {
                file.Write(0, [1]);
                file.DataSync();
            }

            disk.PowerCut();
            seen.Add(disk.FileExists("/d/a"));
        }

        Assert.Equal(2, seen.Count);
    }

    [Fact]
    public void Copy_OfThePlatter_HoldsOnlyWhatWasSynced()
    {
        WriteFile("/d/a", 600, sync: true);
        _disk.SyncDirectory("/d");
        WriteFile("/d/b", 600, sync: true);
        using (IFile file = _disk.Open("/d/a", FileOpenMode.ReadWrite))
        {
            file.Write(0, [9]);
            file.Write(600, [9]);
        }

        SimulatedDisk copy = _disk.CopyOfPlatter();
        Assert.Equal(["a"], copy.ListFiles("/d"));
        using IFile platter = copy.Open("/d/a", FileOpenMode.Read);
        byte[] content = new byte[1000];
        Assert.Equal(600, platter.Read(0, content));
        Assert.All(content.Take(600), value => Assert.Equal(1, value));
    }

    [Fact]
    public void PlannedFailure_HitsThatOperation_AndEveryOneAfterItUntilTheRestart()
    {
        WriteFile("/d/a", 10, sync: true);
        using IFile file = _disk.Open("/d/a", FileOpenMode.ReadWrite);
        _disk.FailAfter(2);
        file.Write(0, [5]);
        Assert.Equal(5, Assert.Throws<StorageIoException>(file.DataSync).Errno);
        Assert.Throws<StorageIoException>(file.DataSync);
        _disk.ProcessKilled();
        file.DataSync();
    }

    [Fact]
    public void PlannedPowerCut_EndsWhateverRuns()
    {
        WriteFile("/d/a", 10, sync: true);
        using IFile file = _disk.Open("/d/a", FileOpenMode.ReadWrite);
        _disk.CutPowerAfter(1);
        Assert.Throws<SimulatedPowerCutException>(file.DataSync);
    }

    [Fact]
    public void Directory_WhoseNameWasNotSynced_IsLostInSomeRunsWithAllThatIsInIt()
    {
        HashSet<bool> seen = [];
        for (ulong seed = 0; seed < 20; seed++)
        {
            SimulatedDisk disk = new(new RandomStream(seed, "disk"));
            disk.CreateDirectory("/d");
            disk.SyncDirectory("/");
            disk.CreateDirectory("/d/e");
            using (IFile file = disk.Open("/d/e/a", FileOpenMode.CreateNew))
            {
                file.DataSync();
            }

            disk.SyncDirectory("/d/e");
            disk.PowerCut();
            Assert.True(disk.DirectoryExists("/d"));
            Assert.Equal(disk.DirectoryExists("/d/e"), disk.FileExists("/d/e/a"));
            seen.Add(disk.FileExists("/d/e/a"));
        }

        Assert.Equal(2, seen.Count);
    }

    [Fact]
    public void RenamedDirectory_TakesItsFilesAlong_AndIsDurableOnceBothSidesAreSynced()
    {
        _disk.CreateDirectory("/d/e");
        _disk.CreateDirectory("/d/f");
        _disk.SyncDirectory("/");
        _disk.SyncDirectory("/d");
        WriteFile("/d/e/a", 600, sync: true);
        _disk.SyncDirectory("/d/e");

        _disk.Rename("/d/e", "/d/f/g");
        Assert.Equal(600, ReadFile("/d/f/g/a").Length);
        _disk.SyncDirectory("/d/f");
        Assert.True(_disk.CopyOfPlatter().FileExists("/d/e/a"));
        _disk.SyncDirectory("/d");
        _disk.PowerCut();
        Assert.Equal(600, ReadFile("/d/f/g/a").Length);
        Assert.Equal(39, Assert.Throws<StorageIoException>(() => _disk.DeleteDirectory("/d/f")).Errno);
    }

    private void WriteFile(string path, int length, bool sync)
    {
        byte[] ones = new byte[length];
        Array.Fill(ones, (byte)1);
        using IFile file = _disk.Open(path, FileOpenMode.CreateNew);
        file.Write(0, ones);
        if (sync)
        {
            file.DataSync();
        }
    }

    private byte[] ReadFile(string path)
    {
        using IFile file = _disk.Open(path, FileOpenMode.Read);
        byte[] content = new byte[file.LengthBytes];
        file.Read(0, content);
        return content;
    }
}
