using System.Text;
using RaftStore.Kv;
using RaftStore.Node.Tests.Harness;
using RaftStore.Storage;

namespace RaftStore.Node.Tests.Recovery;

public sealed class SurvivingStateTests
{
    [Fact]
    public void Read_AFollowerOfADeadCluster_HoldsWhatWasAcknowledgedAndSaysWhatItKnows()
    {
        TestCluster cluster = new(3);
        cluster.RunUntilLeader();
        for (int i = 1; i <= 30; i++)
        {
            cluster.Await(cluster.Write(cluster.Leader, "a", $"{i}"));
        }

        cluster.Run(1000);
        TestNode follower = cluster.Followers[0];
        long lastIndex = follower.Status.DurableIndex;
        foreach (TestNode node in cluster.Nodes)
        {
            node.Kill();
        }

        string[] before = Contents(follower.Disk);
        using DataDirectory directory = DataDirectory.Open(follower.Disk, "data");
        SurvivingState state = SurvivingState.Read(follower.Disk, directory);

        Assert.Equal(before, Contents(follower.Disk));
        Assert.Equal((follower.Id, lastIndex, 3), (state.Identity.Node, state.Last.Index, state.Members.Voters.Length));
        Assert.InRange(state.CommitIndex, 1, state.Last.Index);
        KvView view = state.Store.Current;
        Assert.Equal((30L, lastIndex), (view.Revision, view.AppliedIndex));
        Assert.InRange(state.CommittedRevision, 0, view.Revision);
        Assert.True(view.TryGet("a"u8, 30, out KvItem item));
        Assert.Equal("30", Encoding.UTF8.GetString(item.Value.Span));
    }

    [Fact]
    public void Read_ALeaderCutOff_KeepsWhatNobodyElseHasAndCallsItUncertain()
    {
        TestCluster cluster = new(3);
        TestNode leader = cluster.RunUntilLeader();
        cluster.Await(cluster.Write(leader, "a", "acknowledged"));
        cluster.Isolate(leader);
        ValueTask<WriteOutcome> write = cluster.Write(leader, "a", "never acknowledged");
        cluster.Run(200);
        Assert.False(write.IsCompleted);
        leader.Kill();

        using DataDirectory directory = DataDirectory.Open(leader.Disk, "data");
        SurvivingState state = SurvivingState.Read(leader.Disk, directory);

        Assert.True(state.CommitIndex < state.Last.Index);
        Assert.Equal((2L, true), (state.Store.Current.Revision, state.CommittedRevision <= 1));
    }

    [Fact]
    public void Read_ADirectoryThatWasNeverFormed_IsRefused()
    {
        MemoryFileSystem disk = new();
        using DataDirectory directory = DataDirectory.Open(disk, "empty");

        Assert.Throws<DataDirectoryException>(() => SurvivingState.Read(disk, directory));
    }

    private static string[] Contents(MemoryFileSystem disk) => [.. disk.Paths.Where(path => !path.EndsWith("LOCK", StringComparison.Ordinal)).Select(path =>
    {
        using IFile file = disk.Open(path, FileOpenMode.Read);
        byte[] bytes = new byte[file.LengthBytes];
        file.Read(0, bytes);
        return $"{path} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(bytes))}";
    })];
}
