using System.Text;
using RaftStore.Kv;
using RaftStore.Node.Tests.Harness;
using RaftStore.Raft;
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
    public void Read_ALogThatHoldsAConfiguration_KnowsTheMembersItMade()
    {
        MemoryFileSystem disk = new();
        ClusterId id = new(7);
        Member founder = new(new NodeId(1), "n1", "127.0.0.1:7501", "");
        using DataDirectory directory = DataDirectory.Open(disk, "grown");
        directory.WriteIdentity(new NodeIdentity(id, founder.Id, founder.Name, FormationState.Formed, new Configuration([founder])));
        Configuration grown = new([founder, new Member(new NodeId(2), "n2", "127.0.0.1:7502", "")], [], [new Member(new NodeId(3), "n3", "127.0.0.1:7503", "")], NodeId.None);
        using (WriteAheadLog log = WriteAheadLog.Open(disk, directory.WalPath, id, new WalOptions { SegmentBytes = 64 << 10 }, EntryId.Zero, out _))
        {
            EntryBatch[] batches =
            [
                EntryBatch.Seal(new EntryId(1, 1), clusterTimeMs: 0, EntryKind.Configuration, [ConfigurationCodec.Encode(grown)]),
                EntryBatch.Seal(new EntryId(2, 1), clusterTimeMs: 5, EntryKind.Command, [KvCommand.Put("a"u8, "1"u8)]),
            ];
            log.Append(new PersistRequest { Token = new BatchToken(1), HardState = new HardState(1, founder.Id), Batches = batches, CommitIndex = 1 });
            log.Sync();
        }

        SurvivingState state = SurvivingState.Read(disk, directory);

        Assert.Equal(["n1", "n2", "n3"], state.Members.Members.Select(member => member.Name));
        Assert.False(state.Members.IsSoleVoter(founder.Id));
        Assert.Equal((new EntryId(2, 1), 1L, 0L, 1L), (state.Last, state.CommitIndex, state.CommittedRevision, state.Store.Current.Revision));
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
