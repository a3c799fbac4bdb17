using System.Buffers.Binary;
using RaftStore.Raft;

namespace RaftStore.Storage.Tests;

/// <summary>Cuts and flipped bits at every byte of a small log (catalogue 41 to 44, 49, 52).</summary>
public sealed class LogDamageTests
{
    private const string Segment1 = "wal/0000000000000001.wal";
    private const string Segment2 = "wal/0000000000000002.wal";
    private const string DurablePath = "wal/durable";
    private const string HardStatePath = "wal/hardstate";

    private static readonly HardState Vote = new(2, new NodeId(3));

    /// <summary>Four syncs: batches of ones, of zeros, a conflict, and a last batch.</summary>
    private static CrashingFileSystem SmallLog(out string description, Action<CrashingFileSystem, int>? afterSync = null)
    {
        LogDriver driver = new LogDriver().Start();
        driver.Write(Vote, batches: [LogDriver.Batch(1, 1), LogDriver.Batch(2, 1, 2, 30)]);
        afterSync?.Invoke(driver.Disk.Clone(), 1);
        driver.Write(commit: 2, batches: [LogDriver.Batch(4, 1, 3, 60, 0)]);
        afterSync?.Invoke(driver.Disk.Clone(), 2);
        driver.Write(truncateFrom: 4, commit: 3, batches: [LogDriver.Batch(4, 2, 1, 0)]);
        afterSync?.Invoke(driver.Disk.Clone(), 3);
        driver.Write(commit: 4, batches: [LogDriver.Batch(5, 2, 1, 200), LogDriver.Batch(6, 2, 1, 33)]);
        afterSync?.Invoke(driver.Disk.Clone(), 4);
        driver.Log!.Dispose();
        description = State(driver.Disk.Clone(), out _);
        return driver.Disk.Clone();
    }

    private static string State(CrashingFileSystem disk, out RecoveredLog recovered)
    {
        using WriteAheadLog log = LogDriver.Open(disk, out recovered);
        return $"{recovered.HardState} commit {recovered.CommitIndex}: {LogDriver.Describe(recovered.Batches)}";
    }

    /// <summary>Where the log in segment 1 ends: the newer slot of the durable end says so.</summary>
    private static int EndOf(CrashingFileSystem disk)
    {
        byte[] slots = disk.Content(DurablePath);
        int newer = BinaryPrimitives.ReadInt64LittleEndian(slots.AsSpan(24)) > BinaryPrimitives.ReadInt64LittleEndian(slots.AsSpan(4096 + 24)) ? 0 : 4096;
        return (int)BinaryPrimitives.ReadInt64LittleEndian(slots.AsSpan(newer + 40));
    }

    [Fact]
    public void SmallLog_Undamaged_HoldsWhatWasWritten()
    {
        SmallLog(out string description);

        Assert.Equal($"{Vote} commit 4: [1..1]/1 [2..3]/1 [4..4]/2 [5..5]/2 [6..6]/2", description);
    }

    [Fact]
    public void Cut_AtEveryByteBelowTheDurableEnd_IsRefusedWithFileAndOffset()
    {
        CrashingFileSystem whole = SmallLog(out string expected);
        byte[] content = whole.Content(Segment1);
        int end = EndOf(whole);
        const int paddingOfTheLastRecord = 2;
        for (int cut = 0; cut < end; cut++)
        {
            CrashingFileSystem disk = whole.Clone();
            disk.SetContent(Segment1, content[..cut]);
            if (cut >= end - paddingOfTheLastRecord)
            {
                Assert.Equal(expected, State(disk, out _));
                continue;
            }

            DataDirectoryException refusal = Assert.Throws<DataDirectoryException>(() => LogDriver.Open(disk, out _));
            Assert.Equal(Segment1, refusal.Path);

            // A cut in the padding of a record is noticed at the next one.
            Assert.InRange(refusal.OffsetBytes, 0, (cut + 7) & ~7);
            Assert.Equal(content[..cut], disk.Content(Segment1));
        }
    }

    [Fact]
    public void Cut_AtEveryByteOfTheLastUnacknowledgedWrite_LeavesTheLastSyncedStateOrWholeRecordsMore()
    {
        List<CrashingFileSystem> states = [];
        SmallLog(out _, (disk, _) => states.Add(disk));
        for (int sync = 1; sync < states.Count; sync++)
        {
            byte[] before = states[sync - 1].Content(Segment1);
            byte[] after = states[sync].Content(Segment1);
            int start = EndOf(states[sync - 1]);
            int end = EndOf(states[sync]);
            string synced = State(states[sync - 1].Clone(), out RecoveredLog old);
            string all = State(states[sync].Clone(), out RecoveredLog full);
            for (int cut = start; cut <= end; cut++)
            {
                CrashingFileSystem disk = states[sync - 1].Clone();
                disk.SetContent(Segment1, [.. after[..cut], .. before[cut..]]);
                string found = State(disk, out RecoveredLog recovered);
                AssertPrefixOfRecords(old, full, recovered);

                // A cut within zeros at the end, such as the last record's padding, loses nothing.
                bool losesNothing = after.AsSpan(cut..end).SequenceEqual(before.AsSpan(cut..end));
                Assert.True(losesNothing == (found == all), $"sync {sync}, cut {cut} of {end}: {found}");
                Assert.True(cut > start || (found == synced && recovered.TornBytes == 0), $"sync {sync}, cut {cut}: {found}");

                // Whatever was dropped stays dropped, and the log can be written on.
                using (WriteAheadLog log = LogDriver.Open(disk, out RecoveredLog again))
                {
                    Assert.Equal(LogDriver.Describe(recovered.Batches), LogDriver.Describe(again.Batches));
                    long next = again.Batches[^1].LastIndex + 1;
                    log.Append(new PersistRequest { Token = new BatchToken(1), Batches = [LogDriver.Batch(next, 2, 1, 5)] });
                    log.Sync();
                }

                using (LogDriver.Open(disk, out RecoveredLog longer))
                {
                    Assert.Equal(LogDriver.Describe(recovered.Batches.Append(LogDriver.Batch(longer.Batches[^1].FirstIndex, 2, 1, 5))), LogDriver.Describe(longer.Batches));
                }
            }
        }
    }

    [Theory]
    [InlineData(Segment1)]
    [InlineData(Segment2)]
    [InlineData(DurablePath)]
    [InlineData(HardStatePath)]
    public void FlippedBit_InEveryByteOfEveryFile_IsHarmlessOrRefused(string path)
    {
        CrashingFileSystem whole = SmallLog(out string expected);
        if (!whole.FileExists(path))
        {
            // The spare is made when there is time for it.
            using WriteAheadLog log = LogDriver.Open(whole, out _);
            Assert.True(log.PrepareSpare());
        }

        byte[] content = whole.Content(path);
        int used = path == Segment1 ? EndOf(whole) : content.Length;
        int refused = 0;
        int tried = 0;
        for (int place = 0; place < Math.Min(content.Length, used + 600); place += place is > 1000 and < 4000 or > 5000 ? 61 : 1)
        {
            tried += place < used ? 1 : 0;
            CrashingFileSystem disk = whole.Clone();
            byte[] damaged = [.. content];
            damaged[place] ^= (byte)(1 << (place % 8));
            disk.SetContent(path, damaged);
            try
            {
                Assert.Equal(expected, State(disk, out _));
            }
            catch (DataDirectoryException refusal)
            {
                refused++;
                Assert.Equal(path, refusal.Path);
                Assert.InRange(refusal.OffsetBytes, 0, place);
                Assert.Equal(damaged, disk.Content(path));
            }
        }

        // All of a log below its durable end counts, but for the padding of a record; each of the small files has a second copy.
        Assert.True(path == Segment1 ? refused > tried * 9 / 10 : refused == 0, $"{refused} flips of {tried} were refused");
    }

    [Theory]
    [InlineData(DurablePath)]
    [InlineData(HardStatePath)]
    public void BothCopiesDamaged_OfASmallFile_IsRefused(string path)
    {
        CrashingFileSystem disk = SmallLog(out _);
        byte[] content = disk.Content(path);
        content[3] ^= 1;
        content[4096 + 33] ^= 1;
        disk.SetContent(path, content);

        DataDirectoryException refusal = Assert.Throws<DataDirectoryException>(() => LogDriver.Open(disk, out _));

        Assert.Equal(path, refusal.Path);
        Assert.Equal(0, refusal.OffsetBytes);
    }

    [Theory]
    [InlineData(DurablePath)]
    [InlineData(HardStatePath)]
    public void OneCopyDamaged_OfASmallFile_IsRepairedFromTheOther(string path)
    {
        CrashingFileSystem disk = SmallLog(out string expected);
        foreach (int place in new[] { 33, 4096 + 33 })
        {
            byte[] content = disk.Content(path);
            content[place] ^= 1;
            disk.SetContent(path, content);
            Assert.Equal(expected, State(disk, out _));
        }

        byte[] repaired = disk.Content(path);
        Assert.Equal(repaired[..64], repaired[4096..(4096 + 64)]);
    }

    [Theory]
    [InlineData(HardStatePath)]
    [InlineData(DurablePath)]
    [InlineData(Segment1)]
    public void MissingFile_OfALogInUse_IsRefused(string path)
    {
        CrashingFileSystem disk = SmallLog(out _);
        disk.Remove(path);

        DataDirectoryException refusal = Assert.Throws<DataDirectoryException>(() => LogDriver.Open(disk, out _));

        Assert.Equal(path, refusal.Path);
    }

    [Fact]
    public void LastAcknowledgedRecord_ThatRots_IsCorruptionAndNotATornTail()
    {
        CrashingFileSystem disk = SmallLog(out _);
        byte[] content = disk.Content(Segment1);
        int end = EndOf(disk);
        content.AsSpan(end - 80, 80).Clear();
        disk.SetContent(Segment1, content);

        DataDirectoryException refusal = Assert.Throws<DataDirectoryException>(() => LogDriver.Open(disk, out _));

        Assert.Equal(Segment1, refusal.Path);
        Assert.InRange(refusal.OffsetBytes, end - 200, end - 80);
    }

    [Fact]
    public void AcknowledgedRecord_ThatRotsWhileTheDurableEndIsOld_IsProvedByALaterRecord()
    {
        // After a power cut the slots may be as old as at the opening; the records of the third sync repeat where the second ended.
        List<CrashingFileSystem> states = [];
        CrashingFileSystem disk = SmallLog(out _, (state, _) => states.Add(state));
        int place = EndOf(states[0]) + 20;
        byte[] content = disk.Content(Segment1);
        content[place] ^= 1;
        disk.SetContent(Segment1, content);
        disk.SetContent(DurablePath, states[0].Content(DurablePath));

        DataDirectoryException refusal = Assert.Throws<DataDirectoryException>(() => LogDriver.Open(disk, out _));

        Assert.Equal(EndOf(states[0]), refusal.OffsetBytes);
    }

    [Fact]
    public void OldDurableEnd_OverAWholeLog_LosesNothing()
    {
        List<CrashingFileSystem> states = [];
        CrashingFileSystem disk = SmallLog(out string expected, (state, _) => states.Add(state));
        disk.SetContent(DurablePath, states[0].Content(DurablePath));

        Assert.Equal(expected, State(disk, out RecoveredLog recovered));
        Assert.Equal(0, recovered.TornBytes);
    }

    [Fact]
    public void BatchOfZeros_AtTheEnd_IsNotTakenForNothing()
    {
        LogDriver driver = new LogDriver().Start();
        driver.Write(Vote, batches: [LogDriver.Batch(1, 1, 4, 5000, 0)]);
        driver.Restart();

        Assert.Equal("[1..4]/1", LogDriver.Describe(driver.Recovered!.Batches));
        Assert.Equal(0, driver.Recovered.TornBytes);
    }

    [Fact]
    public void TornRecord_AboveTheDurableEnd_IsDroppedAndCounted()
    {
        LogDriver driver = new LogDriver().Start();
        driver.Write(Vote, batches: [LogDriver.Batch(1, 1)]);
        int end = EndOf(driver.Disk);
        byte[] durable = driver.Disk.Content(DurablePath);
        driver.Write(batches: [LogDriver.Batch(2, 1, 1, 2000)]);
        byte[] content = driver.Disk.Content(Segment1);
        content.AsSpan(end + 1024, 512).Clear();
        driver.Disk.SetContent(Segment1, content);
        driver.Disk.SetContent(DurablePath, durable);
        driver.Restart();

        Assert.Equal("[1..1]/1", LogDriver.Describe(driver.Recovered!.Batches));
        Assert.Equal(RecordHeader.RecordBytes(2045), driver.Recovered.TornBytes);
    }

    [Fact]
    public void DroppedRecord_BehindOneThatIsWrittenAgain_StaysDropped()
    {
        // The record after the torn one is intact and chained to it. The leader sends the torn one's batch once more: the same bytes in the
        // same place, but for the epoch.
        LogDriver driver = new LogDriver().Start();
        driver.Write(Vote, batches: [LogDriver.Batch(1, 1)]);
        int end = EndOf(driver.Disk);
        byte[] durable = driver.Disk.Content(DurablePath);
        driver.Write(batches: [LogDriver.Batch(2, 1), LogDriver.Batch(3, 1)]);
        byte[] content = driver.Disk.Content(Segment1);
        content[end + RecordHeader.Bytes + 50] ^= 1;
        driver.Disk.SetContent(Segment1, content);
        driver.Disk.SetContent(DurablePath, durable);
        driver.Restart();
        Assert.Equal("[1..1]/1", LogDriver.Describe(driver.Recovered!.Batches));
        Assert.Equal(EndOf(driver.Disk), end);

        driver.Write(batches: [LogDriver.Batch(2, 1)]);
        driver.Restart();

        Assert.Equal("[1..1]/1 [2..2]/1", LogDriver.Describe(driver.Recovered!.Batches));
        Assert.Equal(0, driver.Recovered.TornBytes);
    }

    private static void AssertPrefixOfRecords(RecoveredLog old, RecoveredLog full, RecoveredLog found)
    {
        string[] allowed =
        [
            LogDriver.Describe(old.Batches),
            LogDriver.Describe(full.Batches),

            // The third sync cuts the log before it appends, and the fourth appends two.
            LogDriver.Describe(old.Batches.Where(batch => batch.FirstIndex < 4)),
            LogDriver.Describe(full.Batches.SkipLast(1)),
        ];
        Assert.Contains(LogDriver.Describe(found.Batches), allowed);
        Assert.Equal(full.HardState, found.HardState);
    }
}
