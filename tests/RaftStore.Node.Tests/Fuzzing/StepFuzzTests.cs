using System.Globalization;
using RaftStore.Kv;
using RaftStore.Node.Codec;
using RaftStore.Node.Tests.Codec;
using RaftStore.Node.Tests.Harness;
using RaftStore.Raft;
using RaftStore.Raft.Tests.Fuzzing;

namespace RaftStore.Node.Tests.Fuzzing;

/// <summary>Messages that are well-formed and make no sense: of any term and index, from any member, at any time. A node may ignore them, follow
/// them, or stop itself with the error that says which rule they broke; nothing else.</summary>
[Trait("Category", "Fuzz")]
public sealed class StepFuzzTests
{
    private const int MessagesEach = 200;

    [Fact]
    public void Step_WhateverTheMessages_TakesThemOrStopsTheNode()
    {
        int count = int.TryParse(Environment.GetEnvironmentVariable("FUZZ_INPUTS"), NumberStyles.None, CultureInfo.InvariantCulture, out int wanted) ? wanted : Fuzzer.OrdinaryInputs;
        int stopped = 0;
        int taken = 0;
        for (int run = 0; run < Math.Max(1, count / MessagesEach); run++)
        {
            (int here, bool hasStopped) = RunOnce(run);
            taken += here;
            stopped += hasStopped ? 1 : 0;
        }

        // Members that lie break the rules now and then, and nodes notice; if every run ended so, little would have been tried.
        Assert.True(taken > count / 4, $"only {taken} of {count} messages were taken, and {stopped} runs ended early");
    }

    private static (int Taken, bool HasStopped) RunOnce(int run)
    {
        Random random = new(run);
        TestCluster cluster = new(3);
        TestNode victim = random.Next(2) == 0 ? cluster.RunUntilLeader() : cluster[2];
        cluster.Run(random.Next(400));
        int taken = 0;
        for (int number = 0; number < MessagesEach; number++)
        {
            NodeId from = new((uint)(1 + random.Next(3)));
            if (from == victim.Id)
            {
                continue;
            }

            Message message = Draw(random, from, victim);
            byte[] frame = FrameSamples.Bytes(MessageEncoder.Encode(TestCluster.ClusterId, message, out PeerChannel channel));
            try
            {
                victim.Node.Receive(from, channel, frame);
                cluster.Run(random.Next(3) * 10);
                taken++;
            }
            catch (Exception exception) when (exception is RaftInvariantException or UnknownCommandException)
            {
                return (taken, true);
            }
        }

        return (taken, false);
    }

    private static Message Draw(Random random, NodeId from, TestNode to)
    {
        long term = Number(random, to.Status.Term);
        EntryId entry = new(Number(random, to.Status.DurableIndex), Number(random, to.Status.Term));
        long commit = Number(random, to.Status.CommitIndex);
        return random.Next(12) switch
        {
            0 => new PreVoteRequest(from, to.Id, term, entry),
            1 => new PreVoteResponse(from, to.Id, term, random.Next(2) == 0),
            2 => new VoteRequest(from, to.Id, term, entry, random.Next(2) == 0),
            3 => new VoteResponse(from, to.Id, term, random.Next(2) == 0),
            4 => new AppendEntries(from, to.Id, term, entry, [], commit),
            5 => new AppendEntries(from, to.Id, term, entry, [Batch(entry.Index + 1, Math.Max(1, term), random)], commit),
            6 => new AppendEntriesResponse(from, to.Id, term, random.Next(2) == 0, commit, entry.Index, entry),
            7 => new Heartbeat(from, to.Id, term, commit, Number(random, 3), -1, 0, Number(random, 1000)),
            8 => new HeartbeatResponse(from, to.Id, term, Number(random, 3), Number(random, 1000), Number(random, 3)),
            9 => new ReadIndexRequest(from, to.Id, term, new ReadId(random.Next(5))),
            10 => new ReadIndexResponse(from, to.Id, term, new ReadId(random.Next(5)), commit),
            _ => new TimeoutNow(from, to.Id, term),
        };
    }

    /// <summary>Now and then a command that no version knows: committed, it must stop the node.</summary>
    private static EntryBatch Batch(long firstIndex, long term, Random random) =>
        EntryBatch.Seal(new EntryId(firstIndex, term), 1234, EntryKind.Command, [random.Next(50) == 0 ? new byte[] { 0xEE } : TestCluster.Put("a", "1"), TestCluster.Put("b", "2")]);

    /// <summary>Mostly near what is so, now and then far from it; never negative, which the gate refuses.</summary>
    private static long Number(Random random, long near) => random.Next(20) switch
    {
        0 => 0,
        1 => near + random.Next(1000),
        _ => Math.Max(0, near + random.Next(-2, 3)),
    };
}
