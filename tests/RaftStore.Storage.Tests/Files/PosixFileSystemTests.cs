using System.Runtime.Versioning;
using RaftStore.Raft;

namespace RaftStore.Storage.Tests;

[SupportedOSPlatform("linux")]
public sealed class PosixFileSystemTests : IDisposable
{
    private readonly string _root = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "raftstore-storage-" + Guid.NewGuid().ToString("N"));
    private readonly PosixFileSystem _files = new();

    public PosixFileSystemTests() => _files.CreateDirectory(_root);

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void EverythingTogether_OnARealDisk_SurvivesARestart()
    {
        string path = _root + "/a/b";
        WalOptions options = new() { SegmentBytes = 1 << 20 };
        using (DataDirectory directory = DataDirectory.Open(_files, path))
        {
            directory.WriteIdentity(DataDirectoryTests.Identity());
            using WriteAheadLog log = WriteAheadLog.Open(_files, directory.WalPath, directory.Identity!.Cluster, options, EntryId.Zero, out _);
            log.Append(new PersistRequest { Token = new BatchToken(1), HardState = new HardState(1, new NodeId(2)), Batches = [LogDriver.Batch(1, 1, 3, 2 << 20)] });
            log.Sync();
            SnapshotStoreTests.Write(SnapshotStore.Open(_files, directory.SnapshotPath, directory.Identity.Cluster), SnapshotStoreTests.Metadata(3, 1), [1, 2, 3]);
        }

        using (DataDirectory directory = DataDirectory.Open(_files, path))
        {
            SnapshotStore snapshots = SnapshotStore.Open(_files, directory.SnapshotPath, directory.Identity!.Cluster);
            Assert.Equal(new byte[] { 1, 2, 3 }, SnapshotStoreTests.Read(snapshots, snapshots.Latest!));
            using WriteAheadLog log = WriteAheadLog.Open(_files, directory.WalPath, directory.Identity.Cluster, options, EntryId.Zero, out RecoveredLog recovered);
            Assert.Equal("[1..3]/1", LogDriver.Describe(recovered.Batches));
        }
    }

    [Fact]
    public void DataDirectory_ThatIsAFileOrBelowOne_IsRefused()
    {
        _files.Open(_root + "/f", FileOpenMode.CreateNew).Dispose();

        Assert.Equal(_root + "/f", Assert.Throws<DataDirectoryException>(() => DataDirectory.Open(_files, _root + "/f")).Path);
        Assert.Equal(_root + "/f/d", Assert.Throws<DataDirectoryException>(() => DataDirectory.Open(_files, _root + "/f/d")).Path);
    }

    [Fact]
    public void Modes_LetOnlyTheOwnerIn()
    {
        _files.CreateDirectory(_root + "/d/e");
        using IFile file = _files.Open(_root + "/d/e/f", FileOpenMode.CreateNew);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_root + "/d/e"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_root + "/d/e/f"));
    }

    [Fact]
    public void ReadAndWrite_AtAnyOffset_GiveBackWhatWasWritten()
    {
        using (IFile file = _files.Open(_root + "/f", FileOpenMode.CreateNew))
        {
            file.Write(10, [1, 2, 3]);
            file.Write(11, [9]);
            file.DataSync();
            Assert.Equal(13, file.LengthBytes);
        }

        using IFile read = _files.Open(_root + "/f", FileOpenMode.Read);
        byte[] target = new byte[20];
        Assert.Equal(4, read.Read(9, target));
        Assert.Equal(new byte[] { 0, 1, 9, 3 }, target[..4]);
        Assert.Equal(0, read.Read(13, target));
        Assert.Equal(0, read.Read(99, target));
        StorageIoException failure = Assert.Throws<StorageIoException>(() => read.Write(5, [1]));
        Assert.Equal(("pwrite", _root + "/f", 5L, 9), (failure.Operation, failure.Path, failure.OffsetBytes, failure.Errno));
    }

    [Fact]
    public void Errors_NameOperationPathAndErrno()
    {
        const int notFound = 2;
        const int exists = 17;
        const int isDirectory = 21;
        string missing = _root + "/missing";
        using IFile file = _files.Open(_root + "/f", FileOpenMode.CreateNew);

        Check("open", missing, notFound, () => _files.Open(missing, FileOpenMode.Read));
        Check("open", missing, notFound, () => _files.Open(missing, FileOpenMode.ReadWrite));
        Check("open", _root + "/f", exists, () => _files.Open(_root + "/f", FileOpenMode.CreateNew));
        Check("unlink", missing, notFound, () => _files.Delete(missing));
        Check("unlink", _root, isDirectory, () => _files.Delete(_root));
        Check("rename", missing, notFound, () => _files.Rename(missing, _root + "/g"));
        Check("mkdir", _root + "/f", exists, () => _files.CreateDirectory(_root + "/f"));
        Check("open", missing, notFound, () => _files.SyncDirectory(missing));
        Check("readdir", missing, 0, () => _files.ListFiles(missing));
    }

    [Fact]
    public void CreateDirectory_WhereNothingCanBeMadeThoughTheParentExists_Fails()
    {
        StorageIoException failure = Assert.Throws<StorageIoException>(() => _files.CreateDirectory("/proc/raftstore/deep"));

        Assert.Equal(("mkdir", "/proc/raftstore"), (failure.Operation, failure.Path));
    }

    [Fact]
    public void Names_AreListedInOrdinalOrderAndByKind()
    {
        foreach (string name in new[] { "b", "B", "a", "ä" })
        {
            _files.Open($"{_root}/{name}", FileOpenMode.CreateNew).Dispose();
        }

        _files.CreateDirectory(_root + "/dir");

        Assert.Equal(new[] { "B", "a", "b", "ä" }, _files.ListFiles(_root));
        Assert.Equal(new[] { "dir" }, _files.ListDirectories(_root));
        Assert.True(_files.FileExists(_root + "/a"));
        Assert.False(_files.FileExists(_root + "/dir"));
        Assert.False(_files.FileExists(_root + "/a/b"));
        Assert.True(_files.DirectoryExists(_root + "/dir"));
        Assert.False(_files.DirectoryExists(_root + "/a"));
        _files.Rename(_root + "/a", _root + "/b");
        _files.Delete(_root + "/B");
        Assert.Equal(new[] { "b", "ä" }, _files.ListFiles(_root));
    }

    [Fact]
    public void Lock_IsHeldOnceUntilItIsGivenBack()
    {
        IDisposable held = _files.TryLock(_root + "/LOCK")!;

        Assert.Null(_files.TryLock(_root + "/LOCK"));
        held.Dispose();
        using IDisposable? again = _files.TryLock(_root + "/LOCK");
        Assert.NotNull(again);
    }

    [Fact]
    public void File_AfterDispose_IsNotAnotherFilesDescriptor()
    {
        IFile closed = _files.Open(_root + "/f", FileOpenMode.CreateNew);
        closed.Dispose();
        closed.Dispose();
        using IFile other = _files.Open(_root + "/g", FileOpenMode.CreateNew);

        Assert.Throws<ObjectDisposedException>(() => closed.Write(0, [1]));
        Assert.Throws<ObjectDisposedException>(closed.DataSync);
        Assert.Equal(0, other.LengthBytes);
    }

    private static void Check(string operation, string path, int errno, Action action)
    {
        StorageIoException failure = Assert.Throws<StorageIoException>(action);
        Assert.Equal((operation, path, errno), (failure.Operation, failure.Path, failure.Errno));
        Assert.Contains(path, failure.Message, StringComparison.Ordinal);
    }
}
