using RaftStore.Raft;

namespace RaftStore.Storage.Tests;

public sealed class DataDirectoryTests
{
    internal static NodeIdentity Identity(FormationState state = FormationState.Formed) => new(
        new ClusterId(0x0123456789ABCDEF), new NodeId(2), "n2", state,
        new Configuration([new Member(new NodeId(1), "n1", "127.0.0.1:7501", "http://127.0.0.1:7401"), new Member(new NodeId(2), "n2", "127.0.0.1:7502", "")]));

    [Fact]
    public void WriteIdentity_ThenReopen_GivesItBack()
    {
        CrashingFileSystem disk = new();
        using (DataDirectory directory = DataDirectory.Open(disk, "data/n2"))
        {
            Assert.Null(directory.Identity);
            directory.WriteIdentity(Identity(FormationState.Forming));
            directory.WriteIdentity(Identity());
        }

        using DataDirectory reopened = DataDirectory.Open(disk, "data/n2");
        Assert.Equal(Identity() with { Founders = reopened.Identity!.Founders }, reopened.Identity);
        Assert.Equal(Identity().Founders.Voters.ToArray(), reopened.Identity.Founders.Voters.ToArray());
        Assert.Equal("data/n2/wal", reopened.WalPath);
        Assert.Equal("data/n2/snapshots", reopened.SnapshotPath);
    }
}
