using RaftStore.Raft;

namespace RaftStore.Storage.Tests;

/// <summary>Power cuts and failing operations at every place of random workloads, with segments of 64 KiB so that there are many
/// changes of segment, purges and recycled files in each.</summary>
public sealed class LogCrashTests
{
    private const int Steps = 60;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void PowerCut_AtEveryOperation_LeavesWhatWasAcknowledged(int seed)
    {
        int operations = Run(seed, _ => { });
        for (int at = 1; at <= operations; at++)
        {
            CrashingFileSystem disk = new();
            RandomLogScript script = new(seed);
            string context = $"seed {seed}, power cut at operation {at}";
            disk.CrashAt = at;
            Assert.Throws<CrashException>(() => OpenAndRun(disk, script));
            disk.PowerCut(new Random(at));
            RecoverAndGoOn(disk, script, context);
        }
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void PowerCut_AgainAndAgainOnOneDisk_NeverLosesNorInventsAnything(int seed)
    {
        Random random = new(seed);
        CrashingFileSystem disk = new();
        RandomLogScript script = new(seed);
        long torn = 0;
        for (int life = 0; life < 300; life++)
        {
            disk.CrashAt = disk.Operations + 1 + random.Next(80);
            try
            {
                using WriteAheadLog log = LogDriver.Open(disk, out RecoveredLog recovered, script.Snapshot);
                torn += recovered.TornBytes;
                script.AcceptRecovered(recovered, $"seed {seed}, life {life}");
                script.Run(log, Steps);
                disk.Restart();
            }
            catch (CrashException)
            {
                if (random.Next(2) == 0)
                {
                    disk.PowerCut(random);
                }

                disk.Restart();
            }
        }

        Assert.True(torn > 0, "no life ended in a torn tail");
    }

    [Fact]
    public void SpareWithAGapBeforeItsName_IsRenamedDurablyBeforeItIsUsed()
    {
        // What a power cut in the middle of a purge leaves: of two renames only the second is kept.
        for (int seed = 0; seed < 8; seed++)
        {
            LogDriver driver = new LogDriver().Start();
            driver.Write(new HardState(1, default), batches: [LogDriver.Batch(1, 1, 1, 60_000)]);
            Assert.True(driver.Log!.PrepareSpare());
            driver.Disk.Rename("wal/0000000000000002.wal", "wal/0000000000000005.wal");
            driver.Disk.SyncDirectory("wal");
            driver.Restart();
            driver.Write(batches: [LogDriver.Batch(2, 1, 1, 30_000)]);
            driver.Disk.PowerCut(new Random(seed));
            driver.Restart();

            Assert.Equal("[1..1]/1 [2..2]/1", LogDriver.Describe(driver.Recovered!.Batches));
        }
    }

    [Theory]
    [InlineData(21, 5)]
    [InlineData(22, 28)]
    public void FailingOperation_OfEveryNumber_IsNeverAcknowledgedAndTheNextStartIsClean(int seed, int errno)
    {
        int operations = Run(seed, _ => { });
        for (int at = 1; at <= operations; at++)
        {
            CrashingFileSystem disk = new() { FailAt = at, Errno = errno };
            RandomLogScript script = new(seed);
            string context = $"seed {seed}, errno {errno} at operation {at}";
            WriteAheadLog? log = null;
            try
            {
                log = LogDriver.Open(disk, out RecoveredLog recovered, script.Snapshot);
                script.AcceptRecovered(recovered, context);
                script.Run(log, Steps);
            }
            catch (StorageIoException failure)
            {
                Assert.Equal(errno, failure.Errno);
                if (log is not null)
                {
                    // Nothing is tried again: the disk works now, and the log refuses all the same.
                    Assert.Throws<StorageIoException>(log.Sync);
                    Assert.Throws<StorageIoException>(() => log.Append(new PersistRequest { Token = new BatchToken(0) }));
                    Assert.Throws<StorageIoException>(() => log.Purge(1));
                }
            }

            log?.Dispose();
            if (at % 2 == 0)
            {
                disk.PowerCut(new Random(at));
            }

            disk.Restart();
            RecoverAndGoOn(disk, script, context);
        }
    }

    private static void RecoverAndGoOn(CrashingFileSystem disk, RandomLogScript script, string context)
    {
        using (WriteAheadLog log = LogDriver.Open(disk, out RecoveredLog recovered, script.Snapshot))
        {
            script.AcceptRecovered(recovered, context);
            script.Run(log, 10);
        }

        disk.PowerCut(new Random(1));
        using (LogDriver.Open(disk, out RecoveredLog recovered, script.Snapshot))
        {
            script.AcceptRecovered(recovered, context + ", and again");
        }
    }

    private static int Run(int seed, Action<CrashingFileSystem> prepare)
    {
        CrashingFileSystem disk = new();
        prepare(disk);
        OpenAndRun(disk, new RandomLogScript(seed));
        return disk.Operations;
    }

    private static void OpenAndRun(CrashingFileSystem disk, RandomLogScript script)
    {
        using WriteAheadLog log = LogDriver.Open(disk, out RecoveredLog recovered, script.Snapshot);
        script.AcceptRecovered(recovered, "an empty disk");
        script.Run(log, Steps);
    }
}
