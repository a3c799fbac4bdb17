using RaftStore.Raft.Tests.Cluster;

namespace RaftStore.Raft.Tests.Lab;

/// <summary>The agreement situations of the MIT 6.5840 Raft lab.</summary>
public sealed class AgreementTests
{
    [Fact]
    public void BasicAgree_ThreeCommands_AppliedByAllInOrder()
    {
        var cluster = new InMemoryCluster(5, seed: 10);
        TestMember leader = cluster.WaitForLeader();
        for (int i = 1; i <= 3; i++)
        {
            Assert.Equal(0, cluster.CountApplied($"c{i}"));
            Assert.True(cluster.Propose(leader, $"c{i}"));
            cluster.RunUntil(() => cluster.CountApplied($"c{i}") == 5, 2000);
        }

        Assert.All(cluster.Members, member => Assert.Equal(["c1", "c2", "c3"], member.Commands));
    }

    // Each command travels to each follower once.
    [Fact]
    public void RpcBytes_LargeCommands_EachIsSentToEachPeerOnce()
    {
        var cluster = new InMemoryCluster(3, seed: 11);
        TestMember leader = cluster.WaitForLeader();
        cluster.Agree("first", 3);
        long before = cluster.EntryBytesSent;
        long payload = 0;
        for (int i = 0; i < 10; i++)
        {
            string command = new string((char)('a' + i), 5000);
            payload += EntryBatch.HeaderBytes + EntryBatch.EntryHeaderBytes + command.Length;
            Assert.True(cluster.Propose(leader, command));
            cluster.RunUntil(() => cluster.CountApplied(command) == 3, 2000);
        }

        Assert.Equal(2 * payload, cluster.EntryBytesSent - before);
    }

    [Fact]
    public void FailAgree_FollowerDisconnectedAndBack_CatchesUp()
    {
        var cluster = new InMemoryCluster(3, seed: 12);
        TestMember leader = cluster.WaitForLeader();
        cluster.Agree("101", 3);
        TestMember follower = cluster.Members.First(member => member != leader);

        cluster.Disconnect(follower);
        foreach (string command in new[] { "102", "103", "104", "105" })
        {
            cluster.Agree(command, 2);
        }

        cluster.Run(5000);
        cluster.Connect(follower);
        cluster.Agree("106", 3);
        Assert.Equal(["101", "102", "103", "104", "105", "106"], follower.Commands);
    }

    [Fact]
    public void FailNoAgree_ThreeOfFiveGone_NothingCommitsUntilTheyAreBack()
    {
        var cluster = new InMemoryCluster(5, seed: 13);
        TestMember leader = cluster.WaitForLeader();
        cluster.Agree("10", 5);
        foreach (TestMember member in cluster.Members.Where(member => member != leader).Take(3))
        {
            cluster.Disconnect(member);
        }

        Assert.True(cluster.Propose(leader, "20"));
        cluster.Run(10_000);
        Assert.Equal(0, cluster.CountApplied("20"));

        cluster.Heal();
        cluster.Agree("30", 5);
        Assert.True(cluster.HaveConverged(2));
    }

    [Fact]
    public void ConcurrentStarts_ManyProposalsInOneTerm_AllAreAppliedOnce()
    {
        var cluster = new InMemoryCluster(3, seed: 14);
        TestMember leader = cluster.WaitForLeader();
        for (int i = 0; i < 50; i++)
        {
            Assert.True(cluster.Propose(leader, $"c{i}"));
        }

        cluster.RunUntil(() => cluster.HaveConverged(50), 5000);
        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"c{i}"), cluster[1].Commands);
    }

    [Fact]
    public void Rejoin_LeadersOfOlderTermsReturn_WhatOnlyTheyHadIsGone()
    {
        var cluster = new InMemoryCluster(3, seed: 15);
        TestMember first = cluster.WaitForLeader();
        cluster.Agree("101", 3);

        // The first leader goes on alone.
        cluster.Disconnect(first);
        foreach (string lost in new[] { "102", "103", "104" })
        {
            cluster.Propose(first, lost);
        }

        cluster.Agree("103b", 2);

        // The second leader too, and the first comes back.
        TestMember second = cluster.WaitForLeader();
        cluster.Disconnect(second);
        cluster.Propose(second, "lost2");
        cluster.Connect(first);
        cluster.Disconnect(second);
        cluster.Agree("104b", 2);

        cluster.Heal();
        cluster.Agree("105", 3);
        Assert.All(cluster.Members, member => Assert.Equal(["101", "103b", "104b", "105"], member.Commands));
    }

    [Fact]
    public void Backup_FollowersWithManyConflictingEntries_AreBackedUpQuickly()
    {
        var cluster = new InMemoryCluster(5, seed: 16);
        TestMember leader = cluster.WaitForLeader();
        cluster.Agree("start", 5);
        List<TestMember> others = [.. cluster.Members.Where(member => member != leader)];

        // Fifty entries that a minority of two alone holds.
        cluster.Partition([leader, others[0]]);
        for (int i = 0; i < 50; i++)
        {
            cluster.Propose(leader, $"minority{i}");
            cluster.Run(1);
        }

        // The other three elect a leader and commit fifty of their own; then again, with one of the three away.
        cluster.Run(3000);
        for (int i = 0; i < 50; i++)
        {
            cluster.Agree($"majority{i}", 3);
        }

        TestMember next = cluster.WaitForLeader();
        TestMember away = others.Skip(1).First(member => member != next);
        cluster.Partition([away]);
        for (int i = 0; i < 50; i++)
        {
            cluster.Propose(next, $"uncommitted{i}");
            cluster.Run(1);
        }

        cluster.Run(500);
        foreach (TestMember member in cluster.Members)
        {
            cluster.Partition([member]);
        }

        // Now those who lost so far, with the one that was away.
        cluster.Heal();
        cluster.Partition([leader, others[0], away]);
        cluster.Agree("end", 3);
        cluster.Heal();

        long sent = cluster.MessagesSent;
        cluster.Agree("all", 5);
        cluster.RunUntil(() => cluster.HaveConverged(53), 5000);
        Assert.InRange(cluster.MessagesSent - sent, 1, 400);
        Assert.DoesNotContain(cluster[1].Commands, command => command.StartsWith("minority", StringComparison.Ordinal));
    }

    [Fact]
    public void Count_MessagesOfAnIdleOrBusyCluster_StayFew()
    {
        var cluster = new InMemoryCluster(3, seed: 17);
        TestMember leader = cluster.WaitForLeader();
        cluster.Run(1000);

        // Idle: a heartbeat and an answer per follower and interval.
        long before = cluster.MessagesSent;
        cluster.Run(10_000);
        Assert.InRange(cluster.MessagesSent - before, 380, 420);

        // Busy: about one message and one answer per follower and proposal, and the heartbeats.
        before = cluster.MessagesSent;
        for (int i = 0; i < 100; i++)
        {
            cluster.Propose(leader, $"c{i}");
            cluster.Run(5);
        }

        Assert.InRange(cluster.MessagesSent - before, 300, 450);
    }

    // Catalogue 12: whoever is no member is not heard, whatever it says.
    [Fact]
    public void Stranger_HighTerm_ChangesNothing()
    {
        var cluster = new InMemoryCluster(3, seed: 18);
        TestMember leader = cluster.WaitForLeader();

        leader.Raft!.Step(new AppendEntriesResponse(new NodeId(9), leader.Id, 99, false, 0, 0, EntryId.Zero));
        cluster.Pump(leader);

        Assert.Equal(RaftRole.Leader, leader.Raft.Role);
        Assert.Equal(1, leader.Raft.DroppedMessages);
    }
}
