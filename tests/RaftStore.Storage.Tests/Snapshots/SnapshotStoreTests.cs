using System.Buffers;
using RaftStore.Raft;

namespace RaftStore.Storage.Tests;

public sealed class SnapshotStoreTests
{
    internal const string Directory = "snapshots";
    internal static readonly ClusterId Cluster = new(0x1122334455667788);

    internal static SnapshotMetadata Metadata(long index, long term = 2) => new(
        new EntryId(index, term), 777, new Configuration([new Member(new NodeId(1), "n1", "h1:1", "http://h1:2"), new Member(new NodeId(2), "nö", "h2:1", "")]), 0);

    internal static byte[] Content(int length, int seed = 1)
    {
        byte[] content = new byte[length];
        new Random(seed).NextBytes(content);
        return content;
    }

    internal static SnapshotFile Write(SnapshotStore store, SnapshotMetadata metadata, byte[] content)
    {
        using SnapshotFileWriter writer = store.Create(metadata);
        writer.Write(content);
        return writer.Commit();
    }

    /// <summary>Verifies and completes what was received, as a node does.</summary>
    internal static SnapshotFile Complete(SnapshotStore store, SnapshotMetadata metadata, bool replaces = false)
    {
        try
        {
            using SnapshotFileReader reader = store.OpenReceived(metadata);
            while (!reader.ReadBlock().IsEmpty)
            {
                // Reading verifies.
            }
        }
        catch (DataDirectoryException)
        {
            store.DropReceived();
            throw;
        }

        return store.CompleteReceived(metadata, replaces);
    }

    internal static byte[] Read(SnapshotStore store, SnapshotFile snapshot)
    {
        using SnapshotFileReader reader = store.OpenContent(snapshot);
        ArrayBufferWriter<byte> content = new();
        for (ReadOnlyMemory<byte> block = reader.ReadBlock(); !block.IsEmpty; block = reader.ReadBlock())
        {
            content.Write(block.Span);
        }

        return content.WrittenSpan.ToArray();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(262_144)]
    [InlineData(262_145)]
    [InlineData(1_500_000)]
    public void Commit_OfAnyLength_GivesTheContentBackAfterARestart(int length)
    {
        CrashingFileSystem disk = new();
        byte[] content = Content(length);
        SnapshotFile written = Write(SnapshotStore.Open(disk, Directory, Cluster), Metadata(42), content);

        SnapshotStore store = SnapshotStore.Open(disk, Directory, Cluster);
        SnapshotFile latest = store.Latest!;

        Assert.Equal(written.FileName, latest.FileName);
        Assert.Equal(new EntryId(42, 2), latest.Metadata.LastIncluded);
        Assert.Equal(777, latest.Metadata.ClusterTimeMs);
        Assert.Equal(Metadata(42).Configuration.Voters.ToArray(), latest.Metadata.Configuration.Voters.ToArray());
        Assert.Equal(disk.Content($"{Directory}/{latest.FileName}").Length, latest.Metadata.LengthBytes);
        Assert.Equal(content, Read(store, latest));
    }

    [Fact]
    public void Distrust_TheNewest_TheOneBeforeIsTheLatestAndTheFileStaysUntilANewerComes()
    {
        CrashingFileSystem disk = new();
        SnapshotStore store = SnapshotStore.Open(disk, Directory, Cluster);
        SnapshotFile older = Write(store, Metadata(5), Content(100));
        SnapshotFile damaged = Write(store, Metadata(9), Content(200));

        store.Distrust(damaged);
        store.DeleteOlder();
        Assert.Equal(older, store.Latest);
        Assert.Equal([older.FileName, damaged.FileName], disk.ListFiles(Directory).Order(StringComparer.Ordinal));

        SnapshotFile newer = Write(store, Metadata(12), Content(300));
        store.DeleteOlder();
        Assert.Equal(newer, store.Latest);
        Assert.Equal([newer.FileName], disk.ListFiles(Directory));
    }

    [Fact]
    public void Distrust_AndTakenAnewUpToTheSameEntry_TheNewOneTakesItsPlace()
    {
        SnapshotStore store = SnapshotStore.Open(new CrashingFileSystem(), Directory, Cluster);
        SnapshotFile damaged = Write(store, Metadata(9), Content(200));
        store.Distrust(damaged);
        Assert.Null(store.Latest);

        Write(store, Metadata(9), Content(300, seed: 2));

        Assert.Equal(damaged.FileName, store.Latest!.FileName);
        Assert.Equal(Content(300, seed: 2), Read(store, store.Latest));
    }

    [Fact]
    public void Receive_OfAllChunks_GivesTheSendersFile()
    {
        CrashingFileSystem disk = new();
        SnapshotStore sender = SnapshotStore.Open(new CrashingFileSystem(), Directory, Cluster);
        byte[] content = Content(700_000);
        SnapshotFile sent = Write(sender, Metadata(42), content);
        SnapshotStore receiver = SnapshotStore.Open(disk, Directory, Cluster);

        byte[] chunk = new byte[100_000];
        long held = 0;
        while (held < sent.Metadata.LengthBytes)
        {
            int count = sender.ReadRaw(sent, held, chunk);
            held = receiver.Receive(sent.Metadata, held, chunk.AsSpan(0, count));
        }

        SnapshotFile received = Complete(receiver, sent.Metadata);
        Assert.Equal(received, receiver.Latest);
        Assert.Equal(content, Read(receiver, received));
        Assert.Equal(content, Read(SnapshotStore.Open(disk, Directory, Cluster), received));
    }
}
