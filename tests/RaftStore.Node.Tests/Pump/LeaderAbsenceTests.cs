using RaftStore.Node.Tests.Harness;
using RaftStore.Raft;

namespace RaftStore.Node.Tests.Pump;

public sealed class LeaderAbsenceTests
{
    [Fact]
    public void Write_WhereNobodyHasLedForLong_IsRefusedAtOnceAndNotForEver()
    {
        TestCluster cluster = new(3);
        TestNode cut = cluster.RunUntilLeader();
        cluster.Isolate(cut);
        cluster.Run(3000);
        ValueTask<WriteOutcome> waiting = cluster.Write(cut, "a", "1", timeoutMs: 60_000);
        ValueTask<RefusalReason> reading = cut.Node.ConfirmReadAsync(cluster.NowMs + 60_000);
        cluster.Run(4000);

        Assert.Equal((WriteCertainty.NotApplied, RefusalReason.NoLeader), cluster.Await(waiting) is var early ? (early.Certainty, early.Reason) : default);
        Assert.Equal(RefusalReason.NoLeader, cluster.Await(reading));
        long begun = cluster.NowMs;
        WriteOutcome late = cluster.Await(cluster.Write(cut, "a", "2", timeoutMs: 60_000));
        Assert.Equal((WriteCertainty.NotApplied, RefusalReason.NoLeader), (late.Certainty, late.Reason));
        Assert.Equal(RefusalReason.NoLeader, cluster.Await(cut.Node.ConfirmReadAsync(cluster.NowMs + 60_000)));
        Assert.InRange(cluster.NowMs - begun, 0, 40);
        ValueTask<AdminOutcome> change = cut.Node.ChangeMembershipAsync(new RemoveMember(cluster.Followers[0].Id, Force: false), cluster.NowMs + 60_000);
        Assert.Equal(AdminResult.NoLeader, cluster.Await(change).Result);
        Assert.InRange(cluster.NowMs - begun, 0, 200);
        Assert.Equal(0, cut.Node.Counters.Waiters);

        cluster.Heal();
        cluster.RunUntil(() => !cut.Status.Leader.IsNone, "it hears the leader");
        Assert.Equal(WriteCertainty.Applied, cluster.Await(cluster.Write(cut, "a", "3")).Certainty);
        Assert.Equal(RefusalReason.None, cluster.Await(cut.Node.ConfirmReadAsync(cluster.NowMs + 5000)));
    }
}
