using RaftStore.Raft;

namespace RaftStore.Storage.Tests;

public sealed class LogWriterTests
{
    private static readonly HardState Term1 = new(1, new NodeId(1));

    private static long _clock;

    private static PersistRequest Request(long token, params EntryBatch[] batches) => new() { Token = new BatchToken(token), HardState = Term1, Batches = batches };

    private static int Syncs(CrashingFileSystem disk) => disk.Journal.Count(line => line.StartsWith("fdatasync wal/0", StringComparison.Ordinal));

    [Fact]
    public void RunOnce_OfManyRequests_SyncsOnceAndReportsTheNewest()
    {
        LogDriver driver = new LogDriver().Start();
        LogWriter writer = new(driver.Log!, () => ++_clock);
        for (int i = 1; i <= 10; i++)
        {
            writer.Enqueue(Request(i, LogDriver.Batch(i, 1)));
        }

        int before = Syncs(driver.Disk);
        LogCompletion completion = writer.RunOnce()!.Value;

        Assert.Equal(new BatchToken(10), completion.Token);
        Assert.Equal(1, Syncs(driver.Disk) - before);
        Assert.Equal(1, driver.Disk.Journal.Count(line => line.StartsWith("pwrite wal/0000000000000001.wal 0+", StringComparison.Ordinal)));
        Assert.True(completion.SyncMicroseconds > 0);
        Assert.Equal(driver.Log!.LengthBytes, completion.LogBytes);
        Assert.Equal(driver.Log.ReservedBytes, completion.ReservedBytes);
    }

    [Fact]
    public void RunOnce_WithNothingQueued_MakesTheSpareAndReportsTheSpace()
    {
        LogDriver driver = new LogDriver().Start();
        LogWriter writer = new(driver.Log!, () => ++_clock);
        writer.Enqueue(Request(7, LogDriver.Batch(1, 1)));
        long reserved = writer.RunOnce()!.Value.ReservedBytes;
        Assert.True(writer.HasWork);
        Assert.True(writer.WaitForWork(0));

        LogCompletion completion = writer.RunOnce()!.Value;

        Assert.Equal(new BatchToken(7), completion.Token);
        Assert.Equal(0, completion.SyncMicroseconds);
        Assert.Equal(reserved + LogDriver.Small.SegmentBytes - SegmentHeader.Bytes, completion.ReservedBytes);
        Assert.False(writer.HasWork);
        Assert.Null(writer.RunOnce());
    }

    [Fact]
    public void FullDisk_LeavesVotesAndTheRestOfTheSegmentWritable_AndIsTriedAgainLater()
    {
        long now = 0;
        LogDriver driver = new LogDriver().Start();
        LogWriter writer = new(driver.Log!, () => now);
        writer.Enqueue(Request(1, LogDriver.Batch(1, 1)));
        Assert.True(writer.RunOnce()!.Value.MakesSpace);
        driver.Disk.CapacityBytes = 0;

        Assert.False(writer.RunOnce()!.Value.MakesSpace);
        Assert.Null(writer.RunOnce());
        Assert.False(writer.HasWork);
        writer.Enqueue(new PersistRequest { Token = new BatchToken(2), HardState = new HardState(5, new NodeId(2)), Batches = [LogDriver.Batch(2, 1, 1, 30_000)] });
        LogCompletion completion = writer.RunOnce()!.Value;
        Assert.Equal(new BatchToken(2), completion.Token);
        Assert.InRange(completion.ReservedBytes, 1, 36 << 10);
        Assert.False(completion.MakesSpace);

        driver.Disk.CapacityBytes = long.MaxValue;
        Assert.False(writer.HasWork);
        now += 1_000_000;
        Assert.True(writer.HasWork);
        Assert.InRange(writer.RunOnce()!.Value.ReservedBytes, 64 << 10, 128 << 10);
        driver.Restart();
        Assert.Equal(new HardState(5, new NodeId(2)), driver.Recovered!.HardState);
        Assert.Equal(2, driver.Recovered.Batches.Count);
    }

    // A snapshot of entries that wait here in place of others: only with them does the log on the disk reach what is to be purged.
    [Fact]
    public void Purge_RequestedAfterARequestThatReplacesEntries_WaitsUntilItIsWritten()
    {
        LogDriver driver = new LogDriver().Start();
        LogWriter writer = new(driver.Log!, () => 0);
        for (int i = 1; i <= 5; i++)
        {
            writer.Enqueue(Request(i, LogDriver.Batch(i, 1, 1, 100)));
        }

        writer.RunOnce();
        HardState second = new(2, NodeId.None);
        writer.Enqueue(new PersistRequest { Token = new BatchToken(6), HardState = second, TruncateFrom = 4, Batches = [LogDriver.Batch(4, 2), LogDriver.Batch(5, 2)] });
        writer.RequestPurge(5);

        Assert.Equal(new BatchToken(6), writer.RunOnce()!.Value.Token);
        Assert.True(writer.HasWork);
        writer.RunOnce();
        Assert.Equal(0, writer.LogBytes);
    }

    // The pump would take another snapshot for what this one covers.
    [Fact]
    public void Purge_WaitingForAWriteThatTakesLaterRequestsWithIt_CountsNothingOfWhatItPurges()
    {
        LogDriver driver = new LogDriver().Start();
        LogWriter writer = new(driver.Log!, () => 0);
        writer.Enqueue(Request(1, LogDriver.Batch(1, 1, 1, 4000)));
        writer.RequestPurge(1);
        writer.Enqueue(Request(2, LogDriver.Batch(2, 1, 1, 100)));

        LogCompletion both = writer.RunOnce()!.Value;
        Assert.Equal((new BatchToken(2), 0L), (both.Token, both.LogBytes));
        LogCompletion purged = writer.RunOnce()!.Value;
        Assert.InRange(purged.LogBytes, 100, 1000);
    }

    [Fact]
    public void FullDisk_GivenASegmentByAPurge_IsFullNoMore()
    {
        long now = 0;
        LogDriver driver = new LogDriver().Start();
        LogWriter writer = new(driver.Log!, () => now);
        for (int i = 1; i <= 20; i++)
        {
            writer.Enqueue(Request(i, LogDriver.Batch(i, 1, 1, 4000)));
            writer.RunOnce();
        }

        while (driver.Log!.WantsSpare)
        {
            writer.RunOnce();
        }

        driver.Disk.CapacityBytes = 0;
        int next = 21;
        while (!driver.Log.WantsSpare)
        {
            writer.Enqueue(Request(next, LogDriver.Batch(next, 1, 1, 4000)));
            writer.RunOnce();
            next++;
        }

        Assert.False(writer.RunOnce()!.Value.MakesSpace);
        writer.RequestPurge(next - 2);
        writer.RunOnce();
        Assert.False(driver.Log.WantsSpare);

        driver.Disk.CapacityBytes = long.MaxValue;
        now += 1_000_000;
        while (!driver.Log.WantsSpare)
        {
            writer.Enqueue(Request(next, LogDriver.Batch(next, 1, 1, 4000)));
            writer.RunOnce();
            next++;
        }

        Assert.True(writer.MakesSpace);
    }

    [Fact]
    public void FullDisk_WithNoSegmentLeft_FailsWithoutAcknowledging()
    {
        LogDriver driver = new LogDriver().Start();
        LogWriter writer = new(driver.Log!, () => ++_clock);
        writer.Enqueue(Request(1, LogDriver.Batch(1, 1, 1, 60_000)));
        writer.RunOnce();
        driver.Disk.CapacityBytes = 0;
        writer.Enqueue(Request(2, LogDriver.Batch(2, 1, 1, 60_000)));

        Assert.True(Assert.Throws<StorageIoException>(() => writer.RunOnce()).IsDiskFull);
        Assert.Throws<StorageIoException>(() => writer.RunOnce());
    }

    [Fact]
    public void RequestPurge_IsDoneBeforeTheNextWriteAndReported()
    {
        LogDriver driver = new LogDriver().Start();
        LogWriter writer = new(driver.Log!, () => ++_clock);
        for (int i = 1; i <= 40; i++)
        {
            writer.Enqueue(Request(i, LogDriver.Batch(i, 1, 1, 4000)));
            writer.RunOnce();
        }

        while (driver.Log!.WantsSpare)
        {
            writer.RunOnce();
        }

        writer.RequestPurge(38);
        writer.RequestPurge(20);
        Assert.True(writer.HasWork);

        LogCompletion completion = writer.RunOnce()!.Value;
        Assert.Equal(new BatchToken(40), completion.Token);
        Assert.InRange(completion.LogBytes, 2 * 4000, 2 * 4200);
        Assert.Contains(driver.Disk.Journal, line => line.StartsWith("rename wal/0000000000000001.wal", StringComparison.Ordinal));
    }

    [Fact]
    public void RunOnce_UnderLoad_MakesTheSpareBeforeTheSegmentIsFull()
    {
        LogDriver driver = new LogDriver().Start();
        LogWriter writer = new(driver.Log!, () => ++_clock);
        for (int i = 1; i <= 13; i++)
        {
            writer.Enqueue(Request(i, LogDriver.Batch(i, 1, 1, 4000)));
            writer.RunOnce();
            Assert.Equal(i <= 4, driver.Log!.WantsSpare);
        }
    }

    [Fact]
    public void FailedSync_IsThrownAndNeverTriedAgain()
    {
        LogDriver driver = new LogDriver().Start();
        LogWriter writer = new(driver.Log!, () => ++_clock);
        writer.Enqueue(Request(1, LogDriver.Batch(1, 1)));
        writer.RunOnce();
        writer.Enqueue(Request(2, LogDriver.Batch(2, 1)));
        driver.Disk.FailAt = driver.Disk.Operations + 2;

        Assert.Equal("fdatasync", Assert.Throws<StorageIoException>(() => writer.RunOnce()).Operation);
        int operations = driver.Disk.Operations;
        writer.Enqueue(Request(3, LogDriver.Batch(3, 1)));
        Assert.Throws<StorageIoException>(() => writer.RunOnce());
        Assert.Equal(operations, driver.Disk.Operations);
    }

    [Fact]
    public void Stop_EndsAWait()
    {
        LogDriver driver = new LogDriver().Start();
        while (driver.Log!.WantsSpare)
        {
            driver.Log.PrepareSpare();
        }

        LogWriter writer = new(driver.Log, () => 0);
        Thread waiter = new(() => writer.WaitForWork(Timeout.Infinite));
        waiter.Start();
        writer.Stop();

        Assert.True(waiter.Join(TimeSpan.FromSeconds(30)));
        Assert.False(writer.WaitForWork(Timeout.Infinite));
    }

    [Fact]
    public void Requests_FromManyThreads_AreAllWrittenInTheOrderOfTheirQueueing()
    {
        const int threads = 4;
        const int each = 500;
        LogDriver driver = new LogDriver { Options = new WalOptions { SegmentBytes = 1 << 20 } }.Start();
        LogWriter writer = new(driver.Log!, () => Environment.TickCount64 * 1000);
        object order = new();
        long next = 1;
        long reported = 0;
        Thread log = new(() =>
        {
            while (Volatile.Read(ref reported) < threads * each && writer.WaitForWork(30_000))
            {
                if (writer.RunOnce() is { } completion)
                {
                    Assert.True(completion.Token.Value >= reported);
                    Volatile.Write(ref reported, completion.Token.Value);
                }
            }
        });
        log.Start();
        Thread[] producers = [.. Enumerable.Range(0, threads).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < each; i++)
            {
                lock (order)
                {
                    writer.Enqueue(Request(next, LogDriver.Batch(next, 1)));
                    next++;
                }
            }
        }))];
        Array.ForEach(producers, thread => thread.Start());
        Array.ForEach(producers, thread => thread.Join());

        Assert.True(log.Join(TimeSpan.FromSeconds(60)));
        Assert.Equal(threads * each, reported);
        driver.Restart();
        Assert.Equal(Enumerable.Range(1, threads * each).Select(index => (long)index), driver.Recovered!.Batches.Select(batch => batch.FirstIndex));
    }
}
