using RaftStore.Raft;

namespace RaftStore.Storage.Tests;

/// <summary>Crashes, cuts, flipped bits and bad chunks (catalogue 31 to 35 and 42).</summary>
public sealed class SnapshotDamageTests
{
    private const string Dir = SnapshotStoreTests.Directory;

    internal static SnapshotStore Open(IFileSystem disk) => SnapshotStore.Open(disk, Dir, SnapshotStoreTests.Cluster);

    internal static CrashingFileSystem Holding(long index, byte[] content, out SnapshotFile file)
    {
        CrashingFileSystem disk = new();
        file = SnapshotStoreTests.Write(Open(disk), SnapshotStoreTests.Metadata(index), content);
        return disk.Clone();
    }

    private static void OpenAndReadAll(CrashingFileSystem disk)
    {
        SnapshotStore store = Open(disk);
        SnapshotStoreTests.Read(store, store.Latest!);
    }

    [Fact]
    public void FlippedBit_InEveryByte_IsRefusedWithFileAndOffset()
    {
        CrashingFileSystem whole = Holding(42, SnapshotStoreTests.Content(500), out SnapshotFile file);
        string path = $"{Dir}/{file.FileName}";
        byte[] content = whole.Content(path);
        for (int place = 0; place < content.Length; place++)
        {
            CrashingFileSystem disk = whole.Clone();
            byte[] damaged = [.. content];
            damaged[place] ^= (byte)(1 << (place % 8));
            disk.SetContent(path, damaged);
            DataDirectoryException refusal = Assert.Throws<DataDirectoryException>(() => OpenAndReadAll(disk));
            Assert.Equal(path, refusal.Path);
            Assert.InRange(refusal.OffsetBytes, 0, content.Length);
        }
    }

    [Fact]
    public void Cut_AtEveryByte_IsRefused()
    {
        CrashingFileSystem disk = Holding(42, SnapshotStoreTests.Content(500), out SnapshotFile file);
        string path = $"{Dir}/{file.FileName}";
        byte[] content = disk.Content(path);
        for (int cut = 0; cut < content.Length; cut++)
        {
            disk.SetContent(path, content[..cut]);
            Assert.Equal(path, Assert.Throws<DataDirectoryException>(() => Open(disk)).Path);
        }

        disk.SetContent(path, [.. content, 0]);
        Assert.Throws<DataDirectoryException>(() => Open(disk));
    }

    [Fact]
    public void Blocks_InAnotherOrder_AreRefused()
    {
        byte[] block = SnapshotStoreTests.Content(SnapshotFormat.BlockBytesMax);
        CrashingFileSystem disk = Holding(42, [.. block, .. block.Select(value => (byte)(value ^ 0xFF))], out SnapshotFile file);
        string path = $"{Dir}/{file.FileName}";
        byte[] content = disk.Content(path);
        int blockBytes = SnapshotFormat.BlockHeaderBytes + SnapshotFormat.BlockBytesMax;
        int start = content.Length - SnapshotFormat.TrailerBytes - (2 * blockBytes);
        byte[] first = content[start..(start + blockBytes)];
        content.AsSpan(start + blockBytes, blockBytes).CopyTo(content.AsSpan(start));
        first.CopyTo(content.AsSpan(start + blockBytes));
        disk.SetContent(path, content);

        DataDirectoryException refusal = Assert.Throws<DataDirectoryException>(() => OpenAndReadAll(disk));
        Assert.Equal(start, refusal.OffsetBytes);
    }

    [Fact]
    public void File_OfAnotherClusterNameOrFormat_IsRefusedAsSuch()
    {
        CrashingFileSystem disk = Holding(42, [1, 2, 3], out SnapshotFile file);
        string path = $"{Dir}/{file.FileName}";
        Assert.Contains("belongs to cluster", Assert.Throws<DataDirectoryException>(() => SnapshotStore.Open(disk, Dir, new ClusterId(1))).Message, StringComparison.Ordinal);

        CrashingFileSystem renamed = disk.Clone();
        renamed.Rename(path, $"{Dir}/{SnapshotFormat.NameOf(new EntryId(43, 2))}");
        Assert.Contains("what its name says", Assert.Throws<DataDirectoryException>(() => Open(renamed)).Message, StringComparison.Ordinal);

        byte[] content = disk.Content(path);
        int headerBytes = content[8];
        content[4] = 3;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(headerBytes - 4), Crc32C.Compute(content.AsSpan(0, headerBytes - 4)));
        disk.SetContent(path, content);
        Assert.Contains("format 3", Assert.Throws<DataDirectoryException>(() => Open(disk)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PowerCut_AtEachStepOfACommit_LeavesTheOldSnapshotOrTheNew()
    {
        byte[] old = SnapshotStoreTests.Content(3000, 1);
        byte[] fresh = SnapshotStoreTests.Content(5000, 2);
        bool crashed = true;
        for (int step = 1; crashed; step++)
        {
            crashed = false;
            for (int seed = 0; seed < 8; seed++)
            {
                CrashingFileSystem disk = Holding(10, old, out _);
                bool committed = false;
                disk.CrashAt = disk.Operations + step;
                try
                {
                    SnapshotStore store = Open(disk);
                    SnapshotFileWriter writer = store.Create(SnapshotStoreTests.Metadata(20));
                    fresh.CopyTo(writer.GetSpan(fresh.Length));
                    writer.Advance(fresh.Length);
                    writer.Commit();
                    committed = true;
                    store.DeleteOlder();
                }
                catch (CrashException)
                {
                    crashed = true;
                }

                disk.PowerCut(new Random(seed));
                AssertOldOrNew(disk, old, fresh, committed);
            }
        }
    }

    [Fact]
    public void PowerCut_AtEachStepOfReceiving_LeavesTheOldSnapshotOrTheNew()
    {
        byte[] old = SnapshotStoreTests.Content(3000, 1);
        byte[] fresh = SnapshotStoreTests.Content(5000, 2);
        CrashingFileSystem senderDisk = Holding(20, fresh, out SnapshotFile sent);
        byte[] file = senderDisk.Content($"{Dir}/{sent.FileName}");
        bool crashed = true;
        for (int step = 1; crashed; step++)
        {
            crashed = false;
            for (int seed = 0; seed < 8; seed++)
            {
                CrashingFileSystem disk = Holding(10, old, out _);
                bool committed = false;
                disk.CrashAt = disk.Operations + step;
                try
                {
                    SnapshotStore store = Open(disk);
                    for (int offset = 0; offset < file.Length; offset += 1000)
                    {
                        store.Receive(sent.Metadata, offset, file.AsSpan(offset, Math.Min(1000, file.Length - offset)));
                    }

                    SnapshotStoreTests.Complete(store, sent.Metadata);
                    committed = true;
                    store.DeleteOlder();
                }
                catch (CrashException)
                {
                    crashed = true;
                }

                disk.PowerCut(new Random(seed));
                AssertOldOrNew(disk, old, fresh, committed);
            }
        }
    }

    [Theory]
    [InlineData(5)]
    [InlineData(28)]
    public void FailingOperation_OfEveryNumber_LeavesTheOldSnapshotInOffice(int errno)
    {
        byte[] old = SnapshotStoreTests.Content(3000, 1);
        byte[] fresh = SnapshotStoreTests.Content(400_000, 2);
        bool failed = true;
        for (int step = 1; failed; step++)
        {
            failed = false;
            CrashingFileSystem disk = Holding(10, old, out _);
            SnapshotStore store = Open(disk);
            disk.FailAt = disk.Operations + step;
            disk.Errno = errno;
            bool committed = false;
            try
            {
                SnapshotStoreTests.Write(store, SnapshotStoreTests.Metadata(20), fresh);
                committed = true;
            }
            catch (StorageIoException failure)
            {
                Assert.Equal(errno, failure.Errno);
                Assert.Equal(10, store.Latest!.Metadata.LastIncluded.Index);
                failed = true;
            }

            disk.Restart();
            AssertOldOrNew(disk, old, fresh, committed);
        }
    }

    [Fact]
    public void DeleteOlder_LeavesWhatIsReadOrSent()
    {
        CrashingFileSystem disk = new();
        SnapshotStore store = Open(disk);
        SnapshotFile read = SnapshotStoreTests.Write(store, SnapshotStoreTests.Metadata(1), [1]);
        SnapshotFile sent = SnapshotStoreTests.Write(store, SnapshotStoreTests.Metadata(2), [2]);
        SnapshotStoreTests.Write(store, SnapshotStoreTests.Metadata(3), [3]);
        SnapshotFile newest = SnapshotStoreTests.Write(store, SnapshotStoreTests.Metadata(4), [4]);
        byte[] chunk = new byte[(int)sent.Metadata.LengthBytes];
        using (SnapshotFileReader reader = store.OpenContent(read))
        {
            Assert.Equal(10, store.ReadRaw(sent, 0, chunk.AsSpan(0, 10)));
            store.DeleteOlder();
            Assert.Equal(new[] { read.FileName, sent.FileName, newest.FileName }, disk.ListFiles(Dir));
            Assert.Equal(1, reader.ReadBlock().Length);
            Assert.Equal(chunk.Length - 10, store.ReadRaw(sent, 10, chunk));
        }

        store.DeleteOlder();
        Assert.Equal(new[] { newest.FileName }, disk.ListFiles(Dir));
        Assert.Equal(newest, store.Latest);
    }

    [Fact]
    public void Commit_OfASnapshotThatIsThereAlready_KeepsTheFirst()
    {
        CrashingFileSystem disk = new();
        SnapshotStore store = Open(disk);
        SnapshotFile first = SnapshotStoreTests.Write(store, SnapshotStoreTests.Metadata(1), [1]);

        Assert.Equal(first, SnapshotStoreTests.Write(store, SnapshotStoreTests.Metadata(1), [1, 2]));
        Assert.Equal(new[] { first.FileName }, disk.ListFiles(Dir));
    }

    [Fact]
    public void Dispose_WithoutCommit_DropsTheFile()
    {
        CrashingFileSystem disk = new();
        SnapshotStore store = Open(disk);
        using (SnapshotFileWriter writer = store.Create(SnapshotStoreTests.Metadata(1)))
        {
            writer.GetSpan(10)[..10].Clear();
            writer.Advance(10);
        }

        Assert.Null(store.Latest);
        Assert.Empty(disk.ListFiles(Dir));
    }

    private static void AssertOldOrNew(CrashingFileSystem disk, byte[] old, byte[] fresh, bool committed)
    {
        SnapshotStore store = Open(disk);
        byte[] found = SnapshotStoreTests.Read(store, store.Latest!);
        Assert.Equal(store.Latest!.Metadata.LastIncluded.Index == 20 ? fresh : old, found);
        Assert.True(!committed || store.Latest.Metadata.LastIncluded.Index == 20);
        Assert.DoesNotContain(disk.ListFiles(Dir), name => name.EndsWith(".tmp", StringComparison.Ordinal) && name != "received.tmp");
    }

    [Fact]
    public void PowerCut_AtEachStepOfReplacing_LeavesTheOldSnapshotOfThatEntryOrTheNew()
    {
        byte[] wrong = SnapshotStoreTests.Content(5000, 1);
        byte[] right = SnapshotStoreTests.Content(5000, 2);
        CrashingFileSystem senderDisk = Holding(20, right, out SnapshotFile sent);
        byte[] file = senderDisk.Content($"{Dir}/{sent.FileName}");
        bool crashed = true;
        for (int step = 1; crashed; step++)
        {
            crashed = false;
            CrashingFileSystem disk = Holding(20, wrong, out _);
            bool committed = false;
            disk.CrashAt = disk.Operations + step;
            try
            {
                SnapshotStore store = Open(disk);
                store.Receive(sent.Metadata, 0, file);
                SnapshotStoreTests.Complete(store, sent.Metadata, replaces: true);
                committed = true;
            }
            catch (CrashException)
            {
                crashed = true;
            }

            disk.PowerCut(new Random(step));
            SnapshotStore reopened = Open(disk);
            byte[] found = SnapshotStoreTests.Read(reopened, reopened.Latest!);
            Assert.True(found.AsSpan().SequenceEqual(right) || (!committed && found.AsSpan().SequenceEqual(wrong)), $"step {step}");
        }
    }

    [Fact]
    public void CompleteReceived_OfOneThatIsThere_ReplacesItOnlyWhereItIsTold()
    {
        CrashingFileSystem senderDisk = Holding(20, SnapshotStoreTests.Content(5000, 2), out SnapshotFile sent);
        byte[] file = senderDisk.Content($"{Dir}/{sent.FileName}");
        SnapshotStore store = Open(Holding(20, SnapshotStoreTests.Content(5000, 1), out SnapshotFile old));
        byte[] buffer = new byte[100];
        store.ReadRaw(old, 0, buffer);

        store.Receive(sent.Metadata, 0, file);
        SnapshotStoreTests.Complete(store, sent.Metadata);
        Assert.Equal(SnapshotStoreTests.Content(5000, 1), SnapshotStoreTests.Read(store, store.Latest!));

        // Somebody was being sent the old one: it is not read on from, since its name means the new one now.
        store.Receive(sent.Metadata, 0, file);
        SnapshotStoreTests.Complete(store, sent.Metadata, replaces: true);
        Assert.Equal(SnapshotStoreTests.Content(5000, 2), SnapshotStoreTests.Read(store, store.Latest!));
        byte[] raw = new byte[file.Length];
        Assert.Equal(file.Length, store.ReadRaw(store.Latest!, 0, raw));
        Assert.Equal(file, raw);
    }
}
