using RaftStore.Raft;

namespace RaftStore.Storage.Tests;

public sealed class WriteAheadLogTests
{
    private static readonly HardState Term1 = new(1, new NodeId(1));

    [Fact]
    public void Open_OfAnEmptyDirectory_GivesAnEmptyLogOfTermZero()
    {
        LogDriver driver = new LogDriver().Start();

        Assert.Equal(default, driver.Recovered!.HardState);
        Assert.Equal(EntryId.Zero, driver.Recovered.Base);
        Assert.Empty(driver.Recovered.Batches);
        Assert.Equal(0, driver.Recovered.TornBytes);
        Assert.Equal(0, driver.Log!.LengthBytes);
        Assert.True(driver.Log.ReservedBytes > 60 << 10);
    }

    [Fact]
    public void Restart_AfterSyncedBatches_GivesThemBackByteForByte()
    {
        LogDriver driver = new LogDriver().Start();
        EntryBatch[] batches = [LogDriver.Batch(1, 1, 3), LogDriver.Batch(4, 1, 1, 3000), LogDriver.Batch(5, 1, 2, 0)];

        driver.Write(Term1, commit: 0, batches: batches[0]);
        driver.Write(commit: 3, batches: [batches[1], batches[2]]);
        driver.Restart();

        Assert.Equal(Term1, driver.Recovered!.HardState);
        Assert.Equal(batches.Select(batch => Convert.ToHexString(batch.Bytes.Span)), driver.Recovered.Batches.Select(batch => Convert.ToHexString(batch.Bytes.Span)));
        Assert.Equal(3, driver.Recovered.CommitIndex);
    }

    [Fact]
    public void Restart_AfterAConflict_GivesTheNewSuffix()
    {
        LogDriver driver = new LogDriver().Start();
        driver.Write(Term1, batches: [LogDriver.Batch(1, 1), LogDriver.Batch(2, 1), LogDriver.Batch(3, 1)]);
        driver.Write(new HardState(2, default), truncateFrom: 2, batches: [LogDriver.Batch(2, 2, 4)]);
        driver.Restart();

        Assert.Equal("[1..1]/1 [2..5]/2", LogDriver.Describe(driver.Recovered!.Batches));
        driver.Write(batches: [LogDriver.Batch(6, 2)]);
        driver.Restart();
        Assert.Equal("[1..1]/1 [2..5]/2 [6..6]/2", LogDriver.Describe(driver.Recovered!.Batches));
    }

    [Fact]
    public void Restart_AfterAResetToASnapshot_GoesOnBehindIt()
    {
        LogDriver driver = new LogDriver().Start();
        driver.Write(Term1, batches: [LogDriver.Batch(1, 1, 5)]);
        driver.Write(new HardState(3, default), resetTo: new EntryId(100, 3), commit: 100, batches: [LogDriver.Batch(101, 3)]);
        driver.Restart(new EntryId(100, 3));

        Assert.Equal(new EntryId(100, 3), driver.Recovered!.Base);
        Assert.Equal("[101..101]/3", LogDriver.Describe(driver.Recovered.Batches));
        Assert.Equal(100, driver.Recovered.CommitIndex);
    }

    [Fact]
    public void Append_OfManySegments_RecyclesWhatASnapshotCovers()
    {
        LogDriver driver = new LogDriver().Start();
        driver.Write(Term1);
        for (long index = 1; index <= 200; index++)
        {
            driver.Write(commit: index - 1, batches: [LogDriver.Batch(index, 1, 1, 3000)]);
            if (driver.Log!.WantsSpare)
            {
                Assert.True(driver.Log.PrepareSpare());
            }

            if (index % 50 == 0)
            {
                driver.Log.Purge(index - 10);
                Assert.InRange(driver.Log.LengthBytes, 10 * 3000, 12 * 3200);
            }
        }

        Assert.InRange(driver.Disk.Paths.Count(path => path.EndsWith(".wal", StringComparison.Ordinal)), 2, 6);
        driver.Restart(new EntryId(190, 1));
        Assert.Equal(Enumerable.Range(191, 10).Select(index => (long)index), driver.Recovered!.Batches.Select(batch => batch.FirstIndex));
        Assert.InRange(driver.Log!.LengthBytes, 10 * 3000, 12 * 3200);
    }

    [Fact]
    public void Append_OfABatchLargerThanASegment_MakesThatSegmentLonger()
    {
        LogDriver driver = new LogDriver().Start();
        driver.Write(Term1, batches: [LogDriver.Batch(1, 1), LogDriver.Batch(2, 1, 1, 3 << 20), LogDriver.Batch(3, 1)]);
        driver.Restart();

        Assert.Equal("[1..1]/1 [2..2]/1 [3..3]/1", LogDriver.Describe(driver.Recovered!.Batches));
        Assert.Equal(3 << 20, driver.Recovered.Batches[1].LengthBytes - EntryBatch.HeaderBytes - EntryBatch.EntryHeaderBytes);
    }
}
