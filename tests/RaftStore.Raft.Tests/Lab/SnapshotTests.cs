using RaftStore.Raft.Tests.Cluster;

namespace RaftStore.Raft.Tests.Lab;

/// <summary>The snapshot situations of the MIT 6.5840 Raft lab: snapshots are taken often, and applied entries leave memory at once,
/// so that whoever was away needs one.</summary>
public sealed class SnapshotTests
{
    private int _next;

    [Fact]
    public void SnapshotBasic_SnapshotsTakenWhileAgreeing_NothingChangesForAnyone()
    {
        InMemoryCluster cluster = Make(50);
        for (int i = 0; i < 60; i++)
        {
            cluster.Agree($"c{_next++}", 3);
        }

        Assert.All(cluster.Members, member => Assert.NotNull(member.Disk.Snapshot));
        Assert.Equal(60, cluster[1].Commands.Count);
        Assert.Equal(0, cluster.SnapshotsInstalled);
    }

    [Fact]
    public void SnapshotInstall_FollowerDisconnected_BroughtBackByASnapshot()
        => Run(Make(51), crash: false);

    [Fact]
    public void SnapshotInstallUnreliable_ChunksLostRepeatedAndReordered_WholeOrNothing()
    {
        InMemoryCluster cluster = Make(52);
        cluster.Network = new NetworkConditions(LossPercent: 10, DuplicatePercent: 20, LongDelayPercent: 10);
        Run(cluster, crash: false);
    }

    [Fact]
    public void SnapshotInstallCrash_FollowerCrashed_BroughtBackByASnapshot()
        => Run(Make(53), crash: true);

    [Fact]
    public void SnapshotAllCrash_EveryNodeAtOnce_StatesAreThoseBefore()
    {
        InMemoryCluster cluster = Make(54);
        for (int round = 0; round < 5; round++)
        {
            for (int i = 0; i < 25; i++)
            {
                cluster.Agree($"c{_next++}", 3);
            }

            List<string> before = [.. cluster[1].Commands];
            foreach (TestMember member in cluster.Members)
            {
                cluster.Crash(member);
            }

            foreach (TestMember member in cluster.Members)
            {
                cluster.Restart(member);
            }

            cluster.Agree($"c{_next++}", 3);
            Assert.Equal(before, cluster[1].Commands.Take(before.Count));
        }
    }

    // Catalogue 34: the leader that was sending it is gone.
    [Fact]
    public void SnapshotInstall_NewLeaderMidway_TheFollowerStillComesBack()
    {
        InMemoryCluster cluster = Make(55, size: 5);
        TestMember leader = cluster.WaitForLeader();
        TestMember away = cluster.Members.First(member => member != leader);
        cluster.Disconnect(away);
        for (int i = 0; i < 60; i++)
        {
            cluster.Agree($"c{_next++}", 4);
        }

        // The chunks begin to arrive, and the sender is cut off.
        int chunks = 0;
        cluster.Filter = message =>
        {
            if (message is InstallSnapshot && ++chunks == 3)
            {
                cluster.Disconnect(cluster[(int)message.From.Value]);
            }

            return true;
        };
        cluster.Connect(away);
        cluster.RunUntil(() => chunks >= 3, 10_000);
        cluster.RunUntil(() => cluster.SnapshotsInstalled > 0 && away.Commands.Count >= 60, 30_000);
        cluster.Filter = null;
        cluster.Heal();
        cluster.Agree("end", 5);
    }

    private void Run(InMemoryCluster cluster, bool crash)
    {
        cluster.Agree($"c{_next++}", 3);
        for (int round = 0; round < 5; round++)
        {
            TestMember leader = cluster.WaitForLeader();
            TestMember victim = cluster.Members.First(member => member != leader);
            if (crash)
            {
                cluster.Crash(victim);
            }
            else
            {
                cluster.Disconnect(victim);
            }

            for (int i = 0; i < 40; i++)
            {
                cluster.Agree($"c{_next++}", 2, withinMs: 60_000);
            }

            cluster.Heal();
            if (crash)
            {
                cluster.Restart(victim);
            }

            cluster.Agree($"c{_next++}", 3, withinMs: 60_000);
        }

        Assert.InRange(cluster.SnapshotsInstalled, 4, 20);
        cluster.RunUntil(() => cluster.HaveConverged(206), 10_000);
    }

    private static InMemoryCluster Make(ulong seed, int size = 3)
        => new(size, seed, new RaftOptions { Id = new NodeId(1), Seed = 0, CatchUpBytes = 0 }) { SnapshotEvery = 10 };
}
