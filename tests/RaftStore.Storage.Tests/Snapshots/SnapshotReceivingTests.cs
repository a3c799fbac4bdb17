using RaftStore.Raft;
using static RaftStore.Storage.Tests.SnapshotDamageTests;

namespace RaftStore.Storage.Tests;

/// <summary>Snapshots that come from another node in chunks: loss, disorder, damage, and a process that ends midway.</summary>
public sealed class SnapshotReceivingTests
{
    private const string Dir = SnapshotStoreTests.Directory;

    [Fact]
    public void Receive_WithLossDuplicationAndDisorder_HoldsOnlyWhatIsContiguous()
    {
        CrashingFileSystem senderDisk = Holding(20, SnapshotStoreTests.Content(5000), out SnapshotFile sent);
        byte[] file = senderDisk.Content($"{Dir}/{sent.FileName}");
        SnapshotStore store = Open(new CrashingFileSystem());
        Random random = new(4);
        long held = 0;
        while (held < file.Length)
        {
            int offset = Math.Max(0, (int)held + random.Next(-700, 300));
            int count = Math.Min(random.Next(900), file.Length - Math.Min(offset, file.Length));
            long before = held;
            held = offset >= file.Length ? held : store.Receive(sent.Metadata, offset, file.AsSpan(offset, count));
            Assert.Equal(offset <= before ? Math.Max(before, offset + count) : before, held);
        }

        Assert.Equal(SnapshotStoreTests.Content(5000), SnapshotStoreTests.Read(store, SnapshotStoreTests.Complete(store, sent.Metadata)));
    }

    [Fact]
    public void Receive_OfAnotherSnapshot_DropsTheFirst()
    {
        CrashingFileSystem senderDisk = Holding(20, SnapshotStoreTests.Content(5000), out SnapshotFile sent);
        byte[] file = senderDisk.Content($"{Dir}/{sent.FileName}");
        SnapshotStore store = Open(new CrashingFileSystem());
        Assert.Equal(1000, store.Receive(SnapshotStoreTests.Metadata(15) with { LengthBytes = 9999 }, 0, new byte[1000]));

        Assert.Equal(0, store.Receive(sent.Metadata, 1000, file.AsSpan(1000, 10)));
        Assert.Equal(file.Length, store.Receive(sent.Metadata, 0, file));
        Assert.Equal(sent.FileName, SnapshotStoreTests.Complete(store, sent.Metadata).FileName);
    }

    [Fact]
    public void Receive_AfterTheProcessDied_GoesOnWhereItWas()
    {
        CrashingFileSystem senderDisk = Holding(20, SnapshotStoreTests.Content(50_000), out SnapshotFile sent);
        byte[] file = senderDisk.Content($"{Dir}/{sent.FileName}");
        CrashingFileSystem disk = new();
        Assert.Equal(30_000, Open(disk).Receive(sent.Metadata, 0, file.AsSpan(0, 30_000)));

        SnapshotStore store = Open(disk);
        Assert.Equal(30_000, store.Receive(sent.Metadata, 0, file.AsSpan(0, 1000)));
        Assert.Equal(file.Length, store.Receive(sent.Metadata, 30_000, file.AsSpan(30_000)));
        Assert.Equal(SnapshotStoreTests.Content(50_000), SnapshotStoreTests.Read(store, SnapshotStoreTests.Complete(store, sent.Metadata)));

        // Of another snapshot, or of none, it begins anew.
        Open(disk).Receive(sent.Metadata, 0, file.AsSpan(0, 30_000));
        Assert.Equal(0, Open(disk).Receive(sent.Metadata with { LastIncluded = new EntryId(21, 2) }, 30_000, file.AsSpan(0, 10)));
    }

    [Fact]
    public void Receive_AfterAPowerCut_EndsWithTheWholeFileOrBeginsAnew()
    {
        CrashingFileSystem senderDisk = Holding(20, SnapshotStoreTests.Content(50_000), out SnapshotFile sent);
        byte[] file = senderDisk.Content($"{Dir}/{sent.FileName}");
        int resumed = 0, refused = 0;
        for (int seed = 0; seed < 60; seed++)
        {
            CrashingFileSystem disk = new();
            SnapshotStore before = Open(disk);
            for (int offset = 0; offset < 40_000; offset += 1000)
            {
                before.Receive(sent.Metadata, offset, file.AsSpan(offset, 1000));
            }

            if (seed % 2 == 0)
            {
                disk.SyncDirectory(Dir);
            }

            disk.PowerCut(new Random(seed));
            SnapshotStore store = Open(disk);
            int held = (int)store.Receive(sent.Metadata, 0, []);
            resumed += held > 0 ? 1 : 0;
            store.Receive(sent.Metadata, held, file.AsSpan(held));
            try
            {
                SnapshotStoreTests.Complete(store, sent.Metadata);
            }
            catch (DataDirectoryException)
            {
                refused++;
                Assert.Equal(file.Length, store.Receive(sent.Metadata, 0, file));
                SnapshotStoreTests.Complete(store, sent.Metadata);
            }

            Assert.Equal(SnapshotStoreTests.Content(50_000), SnapshotStoreTests.Read(store, store.Latest!));
        }

        Assert.True(resumed > 0 && refused > 0, $"{resumed} went on, {refused} of them with what the disk had lost");
    }

    [Fact]
    public void OwnSnapshot_RemovesWhatNobodyWentOnReceiving()
    {
        CrashingFileSystem senderDisk = Holding(20, SnapshotStoreTests.Content(5000), out SnapshotFile sent);
        CrashingFileSystem disk = new();
        Open(disk).Receive(sent.Metadata, 0, senderDisk.Content($"{Dir}/{sent.FileName}").AsSpan(0, 1000));
        Assert.Single(disk.ListFiles(Dir));

        SnapshotStore store = Open(disk);
        SnapshotFile own = SnapshotStoreTests.Write(store, SnapshotStoreTests.Metadata(25), [1]);
        Assert.Equal([own.FileName], disk.ListFiles(Dir));
    }

    [Fact]
    public void Receive_BeyondTheAnnouncedLength_ChangesNothing()
    {
        SnapshotStore store = Open(new CrashingFileSystem());
        SnapshotMetadata metadata = SnapshotStoreTests.Metadata(15) with { LengthBytes = 100 };

        Assert.Equal(0, store.Receive(metadata, 0, new byte[101]));
        Assert.Equal(0, store.Receive(metadata, long.MaxValue, new byte[1]));
        Assert.Equal(0, store.Receive(metadata, -1, new byte[1]));
        Assert.Equal(50, store.Receive(metadata, 0, new byte[50]));
        Assert.Equal(50, store.Receive(metadata, 50, new byte[51]));
    }

    [Fact]
    public void OpenReceived_OfADamagedFile_RefusesItAndCanBeginAnew()
    {
        CrashingFileSystem senderDisk = Holding(20, SnapshotStoreTests.Content(5000), out SnapshotFile sent);
        byte[] file = senderDisk.Content($"{Dir}/{sent.FileName}");
        CrashingFileSystem disk = new();
        SnapshotStore store = Open(disk);
        foreach (int place in new[] { 3, 30, 200, file.Length - 40, file.Length - 1 })
        {
            byte[] damaged = [.. file];
            damaged[place] ^= 0x10;
            store.Receive(sent.Metadata, 0, damaged);
            Assert.Throws<DataDirectoryException>(() => SnapshotStoreTests.Complete(store, sent.Metadata));
            Assert.Null(store.Latest);
            Assert.Empty(disk.ListFiles(Dir));
        }

        store.Receive(sent.Metadata, 0, file);
        Assert.Equal(sent.FileName, SnapshotStoreTests.Complete(store, sent.Metadata).FileName);
    }

    [Fact]
    public void CompleteReceived_OfAFileThatWasNotReadToItsEnd_IsRefused()
    {
        CrashingFileSystem senderDisk = Holding(20, SnapshotStoreTests.Content(400_000), out SnapshotFile sent);
        SnapshotStore store = Open(new CrashingFileSystem());
        store.Receive(sent.Metadata, 0, senderDisk.Content($"{Dir}/{sent.FileName}"));
        using (SnapshotFileReader reader = store.OpenReceived(sent.Metadata))
        {
            Assert.False(reader.ReadBlock().IsEmpty);
        }

        Assert.Throws<RaftInvariantException>(() => store.CompleteReceived(sent.Metadata));
        Assert.Null(store.Latest);
    }

    [Fact]
    public void OpenReceived_OfAFileThatIsNotWhatWasAnnounced_DropsIt()
    {
        CrashingFileSystem senderDisk = Holding(20, SnapshotStoreTests.Content(50), out SnapshotFile sent);
        byte[] file = senderDisk.Content($"{Dir}/{sent.FileName}");
        SnapshotStore store = Open(new CrashingFileSystem());
        SnapshotMetadata announced = sent.Metadata with { LastIncluded = new EntryId(21, 2) };
        store.Receive(announced, 0, file);

        Assert.Throws<DataDirectoryException>(() => SnapshotStoreTests.Complete(store, announced));
        Assert.Null(store.Latest);
    }
}
