using RaftStore.Raft;

namespace RaftStore.Storage.Tests;

public sealed class HardStateFileTests
{
    private const string Path = "wal/hardstate";
    private static readonly ClusterId Cluster = new(5);
    private static readonly HardState First = new(3, new NodeId(2));
    private static readonly HardState Second = new(4, new NodeId(1));

    private static CrashingFileSystem Holding(HardState value)
    {
        CrashingFileSystem disk = new();
        disk.CreateDirectory("wal");
        HardStateFile.Create(disk, "wal", Cluster);
        using HardStateFile file = HardStateFile.Open(disk, "wal", Cluster);
        file.Write(value);
        return disk;
    }

    [Fact]
    public void PowerCut_AtEachStepOfAWrite_LeavesTheOldVoteOrTheNew()
    {
        for (int step = 1; step <= 4; step++)
        {
            for (int seed = 0; seed < 8; seed++)
            {
                CrashingFileSystem disk = Holding(First);
                using (HardStateFile file = HardStateFile.Open(disk, "wal", Cluster))
                {
                    disk.CrashAt = disk.Operations + step;
                    Assert.Throws<CrashException>(() => file.Write(Second));
                    disk.PowerCut(new Random(seed));
                }

                using HardStateFile reopened = HardStateFile.Open(disk, "wal", Cluster);
                Assert.Contains(reopened.Value, new[] { First, Second });

                // What is read once is never unread, whatever happens then: a vote may rest on it.
                HardState read = reopened.Value;
                reopened.Repair();
                disk.PowerCut(new Random(seed));
                using HardStateFile again = HardStateFile.Open(disk, "wal", Cluster);
                Assert.Equal(read, again.Value);
            }
        }
    }

    [Fact]
    public void Write_WhoseCopiesAreTornOneByOne_LeavesOneWhole()
    {
        // The sector under a failed write may hold anything: here it is filled with noise.
        foreach (int tornSlot in new[] { 0, 4096 })
        {
            CrashingFileSystem disk = Holding(First);
            byte[] content = disk.Content(Path);
            new Random(1).NextBytes(content.AsSpan(tornSlot, 512));
            disk.SetContent(Path, content);
            using HardStateFile file = HardStateFile.Open(disk, "wal", Cluster);
            Assert.Equal(First, file.Value);

            // The repair itself writes the damaged copy first, so that a crash within it leaves the good one alone.
            disk.CrashAt = disk.Operations + 2;
            Assert.Throws<CrashException>(file.Repair);
            disk.Restart();
            content = disk.Content(Path);
            new Random(2).NextBytes(content.AsSpan(tornSlot, 512));
            disk.SetContent(Path, content);
            using HardStateFile again = HardStateFile.Open(disk, "wal", Cluster);
            Assert.Equal(First, again.Value);
        }
    }

    [Fact]
    public void Write_NeverMakesTheFileLonger()
    {
        CrashingFileSystem disk = Holding(First);
        int length = disk.Content(Path).Length;
        disk.CapacityBytes = 0;
        using HardStateFile file = HardStateFile.Open(disk, "wal", Cluster);
        file.Write(Second);

        Assert.Equal(length, disk.Content(Path).Length);
        Assert.Equal(Second, file.Value);
    }
}
