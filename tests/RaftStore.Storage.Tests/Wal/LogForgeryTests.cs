using System.Buffers.Binary;
using RaftStore.Raft;
using RaftStore.Storage.Tests.Fuzzing;

namespace RaftStore.Storage.Tests;

/// <summary>Bytes that are intact and still wrong: of another place, another cluster, a newer version, or of impossible size.</summary>
public sealed class LogForgeryTests
{
    private const string Segment1 = "wal/0000000000000001.wal";
    private const string Segment2 = "wal/0000000000000002.wal";

    private static readonly HardState Vote = new(2, new NodeId(3));

    private static LogDriver Begun()
    {
        LogDriver driver = new LogDriver().Start();
        driver.Write(Vote, batches: [LogDriver.Batch(1, 1)]);
        driver.Log!.Dispose();
        return driver;
    }

    /// <summary>Puts a record behind the last one, chained and checksummed, and not noted as durable.</summary>
    private static void Forge(CrashingFileSystem disk, Func<RecordHeader, RecordHeader> change, byte[] body)
    {
        byte[] content = disk.Content(Segment1);
        const int last = SegmentHeader.Bytes;
        Assert.True(RecordHeader.TryDecode(content.AsSpan(last), out RecordHeader before, out uint crc));
        int end = last + (int)RecordHeader.RecordBytes(before.BodyBytes);
        uint bodyCrc = body.Length >= 4 ? BinaryPrimitives.ReadUInt32LittleEndian(body) : 0;
        RecordHeader header = new(crc, new LogPosition(1, end), RecordKind.Batch, before.Epoch, (uint)body.Length, bodyCrc, 0, default);
        change(header).Encode(content.AsSpan(end));
        body.CopyTo(content.AsSpan(end + RecordHeader.Bytes));
        disk.SetContent(Segment1, content);
    }

    private static byte[] BatchBytes(long firstIndex, long term)
    {
        byte[] bytes = LogDriver.Batch(1, 1).Bytes.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), firstIndex);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(24), term);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Crc32C.Compute(bytes.AsSpan(4)));
        return bytes;
    }

    private static DataDirectoryException Refused(LogDriver driver, EntryId snapshot = default)
    {
        driver.Disk.Restart();
        return Assert.Throws<DataDirectoryException>(() => LogDriver.Open(driver.Disk, out _, snapshot));
    }

    [Theory]
    [InlineData("hardstate", 24, "it claims to be value")]
    [InlineData("durable", 24, "it claims to be value")]
    [InlineData("hardstate", 32, "it claims term")]
    [InlineData("durable", 32, "it claims DurableEnd")]
    [InlineData("durable", 56, "it claims DurableEnd")]
    public void Count_ThatNobodyCanHaveComeTo_IsRefusedByFile(string name, int place, string why)
    {
        LogDriver driver = Begun();
        byte[] content = driver.Disk.Content($"wal/{name}");
        foreach (int slot in new[] { 0, 4096 })
        {
            BinaryPrimitives.WriteInt64LittleEndian(content.AsSpan(slot + place), place == 56 ? -1 : long.MaxValue);
        }

        driver.Disk.SetContent($"wal/{name}", Seals.Slots(content));
        DataDirectoryException refusal = Refused(driver);
        Assert.Equal($"wal/{name}", refusal.Path);
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(uint.MaxValue)]
    [InlineData((uint)EntryBatch.LengthBytesMax + 1)]
    [InlineData(44u)]
    [InlineData(0u)]
    public void Length_ThatNoBatchHas_IsRefusedWithoutAllocating(uint bodyBytes)
    {
        LogDriver driver = Begun();
        Forge(driver.Disk, header => header with { BodyBytes = bodyBytes }, []);
        long before = GC.GetAllocatedBytesForCurrentThread();

        DataDirectoryException refusal = Refused(driver);

        Assert.Equal(Segment1, refusal.Path);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Fact]
    public void Length_ThatReachesPastTheFile_IsATornTail()
    {
        LogDriver driver = Begun();
        Forge(driver.Disk, header => header with { BodyBytes = 1 << 20 }, []);
        driver.Start();

        Assert.Equal("[1..1]/1", LogDriver.Describe(driver.Recovered!.Batches));
        Assert.True(driver.Recovered.TornBytes > 0);
    }

    [Theory]
    [InlineData(long.MinValue, 1L)]
    [InlineData(long.MaxValue, 1L)]
    [InlineData(2L, -1L)]
    [InlineData(2L, 3L)]
    [InlineData(3L, 1L)]
    [InlineData(1L, 1L)]
    public void Batch_ThatCannotStandThere_IsRefused(long firstIndex, long term)
    {
        LogDriver driver = Begun();
        Forge(driver.Disk, header => header, BatchBytes(firstIndex, term));

        Assert.Equal(Segment1, Refused(driver).Path);
    }

    [Fact]
    public void Batch_ThatFollows_IsTaken()
    {
        // Shows that the forgeries above are refused for what they say and not for being forged.
        LogDriver driver = Begun();
        Forge(driver.Disk, header => header, BatchBytes(2, 2));
        driver.Start();

        Assert.Equal("[1..1]/1 [2..2]/2", LogDriver.Describe(driver.Recovered!.Batches));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(255)]
    public void Record_OfAKindNotKnown_IsRefusedAsNewer(int kind)
    {
        LogDriver driver = Begun();
        Forge(driver.Disk, header => header with { Kind = (RecordKind)kind }, BatchBytes(2, 2));

        Assert.Contains("does not know", Refused(driver).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Record_OfALaterEpochThanTheLogWasOpenedIn_IsRefused()
    {
        LogDriver driver = Begun();
        Forge(driver.Disk, header => header with { Epoch = header.Epoch + 1 }, BatchBytes(2, 2));

        Assert.Equal(Segment1, Refused(driver).Path);
    }

    [Fact]
    public void Record_OfAnotherPlaceOrChain_EndsTheLog()
    {
        Func<RecordHeader, RecordHeader>[] changes =
        [
            header => header with { Place = header.Place with { Segment = 7 } },
            header => header with { Place = header.Place with { OffsetBytes = header.Place.OffsetBytes + 8 } },
            header => header with { Chain = header.Chain + 1 },
            header => header with { Epoch = header.Epoch - 1 },
        ];
        foreach (Func<RecordHeader, RecordHeader> change in changes)
        {
            LogDriver driver = Begun();
            Forge(driver.Disk, change, BatchBytes(2, 2));
            driver.Start();
            Assert.Equal("[1..1]/1", LogDriver.Describe(driver.Recovered!.Batches));
        }
    }

    [Fact]
    public void RecycledSegment_FullOfOldRecords_EndsWhereTheNewOnesEnd()
    {
        LogDriver driver = new LogDriver { Options = new WalOptions { SegmentBytes = 64 << 10 } }.Start();
        driver.Write(Vote);
        long index = 0;
        for (int round = 0; round < 12; round++)
        {
            for (int i = 0; i < 20; i++)
            {
                driver.Write(batches: [LogDriver.Batch(++index, 1, 1, 1000)]);
            }

            driver.Log!.Purge(index - 3);
            driver.Restart(new EntryId(index - 3, 1));
            Assert.Equal([index - 2, index - 1, index], driver.Recovered!.Batches.Select(batch => batch.FirstIndex));
            Assert.Equal(0, driver.Recovered.TornBytes);
        }

        Assert.Contains(driver.Disk.Journal, line => line.StartsWith("rename wal/0000000000000001.wal", StringComparison.Ordinal));
    }

    [Fact]
    public void OlderSegment_CopiedOverTheOneInUse_IsRefused()
    {
        LogDriver driver = new LogDriver().Start();
        driver.Write(Vote);
        for (int index = 1; index <= 30; index++)
        {
            driver.Write(batches: [LogDriver.Batch(index, 1, 1, 3000)]);
        }

        driver.Log!.Dispose();
        driver.Disk.SetContent(Segment2, driver.Disk.Content(Segment1));

        Assert.Equal(Segment2, Refused(driver).Path);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void HeaderOfASegmentInUse_Damaged_IsRefusedWithItsName(int sequence)
    {
        LogDriver driver = new LogDriver().Start();
        driver.Write(Vote);
        for (int index = 1; index <= 50; index++)
        {
            driver.Write(batches: [LogDriver.Batch(index, 1, 1, 3000)]);
        }

        driver.Log!.Dispose();
        string path = $"wal/{sequence:x16}.wal";
        byte[] content = driver.Disk.Content(path);
        content[30] ^= 4;
        driver.Disk.SetContent(path, content);

        DataDirectoryException refusal = Refused(driver);
        Assert.Equal(path, refusal.Path);
        Assert.Equal(0, refusal.OffsetBytes);
    }

    [Theory]
    [InlineData(3)]  // records in segment 2 prove it
    [InlineData(30)] // segment 3 proves it
    public void HeaderOfASegmentInUse_DamagedWhileTheDurableEndIsOld_IsRefusedAllTheSame(int writes)
    {
        LogDriver driver = new LogDriver().Start();
        driver.Write(Vote, batches: [LogDriver.Batch(1, 1, 1, 60_000)]);
        byte[] durable = driver.Disk.Content("wal/durable");
        for (int index = 2; index < 2 + writes; index++)
        {
            driver.Write(batches: [LogDriver.Batch(index, 1, 1, 4_000)]);
        }

        driver.Log!.Dispose();
        byte[] content = driver.Disk.Content(Segment2);
        content[30] ^= 4;
        driver.Disk.SetContent(Segment2, content);
        driver.Disk.SetContent("wal/durable", durable);

        DataDirectoryException refusal = Refused(driver);
        Assert.Equal((Segment2, 0L), (refusal.Path, refusal.OffsetBytes));
    }

    [Fact]
    public void DurableEnd_OfAnotherLog_IsRefused()
    {
        LogDriver other = new LogDriver().Start();
        other.Write(Vote, batches: [LogDriver.Batch(1, 1, 1, 5)]);
        LogDriver driver = Begun();
        driver.Disk.SetContent("wal/durable", other.Disk.Content("wal/durable"));

        Assert.Contains("no record with the checksum noted ends here", Refused(driver).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Gap_BetweenSnapshotAndLog_IsRefused()
    {
        LogDriver driver = new LogDriver().Start();
        driver.Write(new HardState(3, default), resetTo: new EntryId(100, 3), commit: 100, batches: [LogDriver.Batch(101, 3)]);
        driver.Log!.Dispose();

        Assert.Contains("missing", Refused(driver, new EntryId(99, 3)).Message, StringComparison.Ordinal);
        Assert.Contains("missing", Refused(driver).Message, StringComparison.Ordinal);
        Assert.Contains("not this node's", Refused(driver, new EntryId(100, 2)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(5, 2)] // beyond the log's end
    [InlineData(2, 2)] // in the log, in another term
    public void Snapshot_ThatTheLogDoesNotHold_TakesItsPlace(long index, long term)
    {
        LogDriver driver = new LogDriver().Start();
        driver.Write(Vote, batches: [LogDriver.Batch(1, 1), LogDriver.Batch(2, 1), LogDriver.Batch(3, 1)]);
        driver.Restart(new EntryId(index, term));

        Assert.Equal(new EntryId(index, term), driver.Recovered!.Base);
        Assert.Empty(driver.Recovered.Batches);
        driver.Write(batches: [LogDriver.Batch(index + 1, 2)]);
        driver.Restart(new EntryId(index, term));
        Assert.Equal($"[{index + 1}..{index + 1}]/2", LogDriver.Describe(driver.Recovered!.Batches));
    }

    [Fact]
    public void Snapshot_OfALaterTermThanTheHardState_RaisesItWithoutAVote()
    {
        LogDriver driver = new LogDriver().Start();
        driver.Write(Vote);
        driver.Restart(new EntryId(50, 9));

        Assert.Equal(new HardState(9, NodeId.None), driver.Recovered!.HardState);
        driver.Restart(new EntryId(50, 9));
        Assert.Equal(new HardState(9, NodeId.None), driver.Recovered!.HardState);
    }

    [Theory]
    [InlineData("wal/hardstate", 0)]
    [InlineData("wal/durable", 0)]
    [InlineData(Segment1, 0)]
    public void File_OfANewerFormat_IsRefusedAsSuch(string path, int offset)
    {
        LogDriver driver = Begun();
        byte[] content = driver.Disk.Content(path);
        content[offset + 8] = 2;
        BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(offset), Crc32C.Compute(content.AsSpan(offset + 4, 60)));
        driver.Disk.SetContent(path, content);

        DataDirectoryException refusal = Refused(driver);
        Assert.Equal(path, refusal.Path);
        Assert.Contains("format 2", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Directory_OfAnotherCluster_IsRefused()
    {
        LogDriver driver = Begun();

        DataDirectoryException refusal = Assert.Throws<DataDirectoryException>(
            () => WriteAheadLog.Open(driver.Disk, LogDriver.Directory, new ClusterId(1), LogDriver.Small, default, out _));

        Assert.Contains("belongs to cluster 1122334455667788", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Segment_OfAnotherCluster_IsRefused()
    {
        LogDriver driver = Begun();
        byte[] content = driver.Disk.Content(Segment1);
        Assert.True(SegmentHeader.TryDecode(content, out SegmentHeader header, out _, out _));
        (header with { Cluster = new ClusterId(1) }).Encode(content);
        driver.Disk.SetContent(Segment1, content);

        Assert.Contains("belongs to cluster 0000000000000001", Refused(driver).Message, StringComparison.Ordinal);
    }
}
