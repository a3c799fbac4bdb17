using RaftStore.Raft;

namespace RaftStore.Storage.Tests;

/// <summary>The exchange of a directory's content against another: all of the old or all of the new, whatever happens on the way.</summary>
public sealed class DirectoryReplacementTests
{
    private const string Root = "data/n2";

    private static readonly ClusterId Coming = new(0xFEDCBA9876543210);

    [Fact]
    public void TakeReplacement_Done_HoldsTheNewAndKeepsTheOldAside()
    {
        CrashingFileSystem disk = Prepared(out byte[] oldIdentity);
        using (DataDirectory directory = DataDirectory.Open(disk, Root))
        {
            directory.TakeReplacement();

            Assert.Equal(Coming, directory.Identity!.Cluster);
            Assert.Equal($"{Root}/before-{Coming}", directory.AsidePath(Coming));
        }

        Assert.Equal(Coming, Held(disk));
        Assert.Equal(oldIdentity, disk.Content($"{Root}/before-{Coming}/identity.json"));
        Assert.Contains($"{Root}/before-{Coming}/wal/hardstate", disk.Paths);
        Assert.Contains(disk.Paths, path => path.StartsWith($"{Root}/before-{Coming}/snapshots/", StringComparison.Ordinal));
    }

    [Fact]
    public void TakeReplacement_ASecondTime_IsTakenToo()
    {
        CrashingFileSystem disk = Prepared(out _);
        using DataDirectory directory = DataDirectory.Open(disk, Root);
        directory.TakeReplacement();
        ClusterId second = new(0x22);
        Make(disk, directory.ReplacementPath, DataDirectoryTests.Identity() with { Cluster = second });

        directory.TakeReplacement();

        Assert.Equal(second, directory.Identity!.Cluster);
        Assert.Contains($"{Root}/before-{second}/identity.json", disk.Paths);
        Assert.Contains($"{Root}/before-{Coming}/identity.json", disk.Paths);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TakeReplacement_CrashAtEveryOperationAndAgainAtTheNextStart_LeavesTheOldOrTheNew(bool isPowerCut)
    {
        int operations = OperationsOf(Prepared(out _));
        HashSet<ClusterId> seen = [];
        for (int first = 1; first <= operations + 1; first++)
        {
            for (int second = 1; second <= operations + 1; second++)
            {
                CrashingFileSystem disk = Prepared(out _);
                Random random = new((first * 1000) + second);
                Crash(disk, first, isPowerCut, random, directory => directory.TakeReplacement());
                Crash(disk, second, isPowerCut, random, _ => { });

                seen.Add(Held(disk));
            }
        }

        Assert.Equal([DataDirectoryTests.Identity().Cluster, Coming], seen.Order(Comparer<ClusterId>.Create((left, right) => left.Value.CompareTo(right.Value))));
    }

    private static CrashingFileSystem Prepared(out byte[] oldIdentity)
    {
        CrashingFileSystem disk = new();
        Make(disk, Root, DataDirectoryTests.Identity());
        oldIdentity = disk.Content($"{Root}/identity.json");
        using DataDirectory directory = DataDirectory.Open(disk, Root);
        Make(disk, directory.ReplacementPath, DataDirectoryTests.Identity() with { Cluster = Coming });
        return disk;
    }

    private static void Make(CrashingFileSystem disk, string path, NodeIdentity identity)
    {
        using DataDirectory directory = DataDirectory.Open(disk, path);
        SnapshotStore snapshots = SnapshotStore.Open(disk, directory.SnapshotPath, identity.Cluster);
        if (snapshots.Latest is null)
        {
            disk.CreateDirectory(directory.SnapshotPath);
            using SnapshotFileWriter writer = snapshots.Create(SnapshotStoreTests.Metadata(9));
            writer.GetSpan(1)[0] = (byte)(identity.Cluster.Value & 0xFF);
            writer.Advance(1);
            writer.Commit();
        }

        directory.WriteIdentity(identity);
    }

    private static int OperationsOf(CrashingFileSystem disk)
    {
        using DataDirectory directory = DataDirectory.Open(disk, Root);
        int before = disk.Operations;
        directory.TakeReplacement();
        return disk.Operations - before;
    }

    private static void Crash(CrashingFileSystem disk, int operation, bool isPowerCut, Random random, Action<DataDirectory> run)
    {
        try
        {
            if (operation > 0)
            {
                disk.CrashAt = disk.Operations + operation;
            }

            using DataDirectory directory = DataDirectory.Open(disk, Root);
            run(directory);
        }
        catch (CrashException)
        {
            // What is left decides.
        }

        if (isPowerCut)
        {
            disk.PowerCut(random);
        }

        disk.Restart();
    }

    /// <summary>The cluster whose directory it is; identity, log and snapshots must all be of that one.</summary>
    private static ClusterId Held(CrashingFileSystem disk)
    {
        using DataDirectory directory = DataDirectory.Open(disk, Root);
        ClusterId cluster = directory.Identity!.Cluster;
        SnapshotStore snapshots = SnapshotStore.Open(disk, directory.SnapshotPath, cluster);
        Assert.Equal([(byte)(cluster.Value & 0xFF)], SnapshotStoreTests.Read(snapshots, snapshots.Latest!));
        using WriteAheadLog log = WriteAheadLog.Open(disk, directory.WalPath, cluster, new WalOptions { SegmentBytes = 64 << 10 }, snapshots.Latest!.Metadata.LastIncluded, out RecoveredLog found);
        Assert.Empty(found.Batches);
        return cluster;
    }
}
