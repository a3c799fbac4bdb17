using RaftStore.Raft;

namespace RaftStore.Storage.Tests;

[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class PosixFileSystemTests : IDisposable
{
    private readonly string _root = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "raftstore-storage-" + Guid.NewGuid().ToString("N"));

    public void Dispose()
    {
        if (Directory.Exists(_root))
        {
            Directory.Delete(_root, recursive: true);
        }
    }

    [Fact]
    public void EverythingTogether_OnARealDisk_SurvivesARestart()
    {
        PosixFileSystem files = new();
        string path = _root + "/a/b";
        using (DataDirectory directory = DataDirectory.Open(files, path))
        {
            directory.WriteIdentity(DataDirectoryTests.Identity());
            using WriteAheadLog log = WriteAheadLog.Open(files, directory.WalPath, directory.Identity!.Cluster, new WalOptions { SegmentBytes = 1 << 20 }, EntryId.Zero, out _);
            log.Append(new PersistRequest { Token = new BatchToken(1), HardState = new HardState(1, new NodeId(2)), Batches = [LogDriver.Batch(1, 1, 3, 2 << 20)] });
            log.Sync();
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path + "/identity.json"));
        }

        using (DataDirectory directory = DataDirectory.Open(files, path))
        {
            using WriteAheadLog log = WriteAheadLog.Open(files, directory.WalPath, directory.Identity!.Cluster, new WalOptions { SegmentBytes = 1 << 20 }, EntryId.Zero, out RecoveredLog recovered);
            Assert.Equal("[1..3]/1", LogDriver.Describe(recovered.Batches));
        }
    }
}
