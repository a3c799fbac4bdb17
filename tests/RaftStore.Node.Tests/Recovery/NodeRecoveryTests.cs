using System.Buffers;
using RaftStore.Node.Tests.Harness;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node.Tests.Recovery;

public sealed class NodeRecoveryTests
{
    // Every checksum is right, so this is what a defect wrote, and not a disk that failed. Whoever is told of it must still find the file.
    [Fact]
    public void LoadSnapshot_OfSoundChecksumsAndContentThatIsNone_IsRefusedNamingItsPath()
    {
        MemoryFileSystem disk = new();
        disk.CreateDirectory("data");
        SnapshotStore snapshots = SnapshotStore.Open(disk, "data/snapshots", new ClusterId(77));
        Configuration members = new([new Member(new NodeId(1), "n1", "h:1", "u")]);
        using (SnapshotFileWriter writer = snapshots.Create(new SnapshotMetadata(new EntryId(42, 3), 777, members, LengthBytes: 0)))
        {
            BuffersExtensions.Write(writer, new byte[500]);
            writer.Commit();
        }

        DataDirectoryException refusal = Assert.Throws<DataDirectoryException>(() => NodeRecovery.LoadSnapshot(snapshots, snapshots.Latest!));

        Assert.Equal("data/snapshots/000000000000002a-0000000000000003.snap", refusal.Path);
        Assert.StartsWith(refusal.Path, refusal.Message, StringComparison.Ordinal);
    }
}
