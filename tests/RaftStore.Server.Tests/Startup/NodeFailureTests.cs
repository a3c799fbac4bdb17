using RaftStore.Kv;
using RaftStore.Raft;
using RaftStore.Server.Startup;
using RaftStore.Storage;

namespace RaftStore.Server.Tests.Startup;

public sealed class NodeFailureTests
{
    public static TheoryData<Exception, int, string> Failures => new()
    {
        { new StorageIoException("fdatasync", "/data/wal/1.wal", 4096, 5, "Input/output error"), 4, "fdatasync of /data/wal/1.wal at offset 4096 failed: Input/output error (errno 5)" },
        { new StorageIoException("write", "/data/wal/1.wal", 0, 28, "No space left on device"), 4, "Make space" },
        { new DataDirectoryException("/data/wal/1.wal", 512, "the checksum does not match"), 3, "/data/wal/1.wal, offset 512: the checksum does not match" },
        { new RaftInvariantException("commit index 5 above last index 4"), 5, "commit index 5 above last index 4" },
        { new UnknownCommandException("kind 77"), 5, "newer version" },
        { new KvInvariantException("the 3 keys do not come to the hash"), 5, "it makes its state anew" },
        { new InsufficientMemoryException(), 5, "set a lower quota" },
        { new InvalidOperationException("odd"), 5, "InvalidOperationException" },
        { new IOException("Cannot listen for peers on a:1"), 2, "Cannot listen" },
    };

    [Theory]
    [MemberData(nameof(Failures), DisableDiscoveryEnumeration = true)]
    public void Failure_OfEachKind_HasTheContractsExitCodeAndSaysWhatToDo(Exception exception, int exitCode, string text)
    {
        NodeFailure failure = NodeFailure.From(exception);

        Assert.Equal(exitCode, failure.ExitCode);
        Assert.Contains(text, failure.Line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Line);
    }
}
