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
            byte[] frame = Encode(message, out PeerChannel channel);
            try
            {
                taken += victim.Node.Receive(from, channel, frame) is null ? 1 : 0;
                cluster.Run(random.Next(3) * 10);
            }
            catch (Exception exception) when (exception is RaftInvariantException or LostEntriesException or UnknownCommandException)
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
        return random.Next(16) switch
        {
            0 => new PreVoteRequest(from, to.Id, term, entry),
            1 => new PreVoteResponse(from, to.Id, term, random.Next(2) == 0),
            2 => new VoteRequest(from, to.Id, term, entry, random.Next(2) == 0),
            3 => new VoteResponse(from, to.Id, term, random.Next(2) == 0),
            4 => new AppendEntries(from, to.Id, term, entry, [], commit),
            5 => new AppendEntries(from, to.Id, term, entry, [Batch(entry.Index + 1, Math.Max(1, term), random)], commit),
            6 => new AppendEntriesResponse(from, to.Id, term, random.Next(2) == 0, commit, entry.Index, entry),
            7 => new Heartbeat(from, to.Id, term, random.Next(30) == 0 ? commit : Math.Min(commit, to.Status.DurableIndex), Number(random, 3), -1, 0, Number(random, 1000)),
            8 => new HeartbeatResponse(from, to.Id, term, Number(random, 3), Number(random, 1000), Number(random, 3)),
            9 => new ReadIndexRequest(from, to.Id, term, new ReadId(random.Next(5))),
            10 => new ReadIndexResponse(from, to.Id, term, new ReadId(random.Next(5)), commit),
            11 => new AppendEntries(from, to.Id, term, entry, [Change(entry.Index + 1, Math.Max(1, term), random, to)], commit),
            12 => new InstallSnapshotResponse(from, to.Id, term, entry, Number(random, 400)),
            13 or 14 => Chunk(random, from, to, term, entry),
            _ => new TimeoutNow(from, to.Id, term),
        };
    }

    /// <summary>Any part of any snapshot: mostly of a few that are the same, so that some are put together to their end, and never one that a node
    /// could have saved.</summary>
    private static InstallSnapshot Chunk(Random random, NodeId from, TestNode to, long term, EntryId entry)
    {
        long length = random.Next(10) == 0 ? Number(random, 1L << 40) : 400;
        int offset = random.Next(5) * 100;
        byte[] data = new byte[random.Next(4) == 0 ? random.Next(1, 500) : 100];
        random.NextBytes(data);
        SnapshotMetadata snapshot = new(entry, random.Next(10_000), Members(random, to), length);
        return new InstallSnapshot(from, to.Id, term, snapshot, offset, data);
    }

    private static byte[] Encode(Message message, out PeerChannel channel)
    {
        if (message is not InstallSnapshot chunk)
        {
            return FrameSamples.Bytes(MessageEncoder.Encode(TestCluster.ClusterId, message, out channel));
        }

        channel = PeerChannel.Snapshot;
        Envelope envelope = new(TestCluster.ClusterId, chunk.From, chunk.To, chunk.Term);
        byte[] metadata = SnapshotChunkCodec.EncodeMetadata(chunk.Snapshot);
        return FrameSamples.Bytes(SnapshotChunkCodec.Encode(envelope, metadata, chunk.OffsetBytes, chunk.Data.Length, target => chunk.Data.Span.CopyTo(target)));
    }

    /// <summary>A configuration as an entry; now and then bytes that are none.</summary>
    private static EntryBatch Change(long firstIndex, long term, Random random, TestNode to) =>
        EntryBatch.Seal(new EntryId(firstIndex, term), 1234, EntryKind.Configuration, [random.Next(20) == 0 ? new byte[random.Next(40)] : ConfigurationCodec.Encode(Members(random, to))]);

    /// <summary>The members as they are, or some of them with some others: as voters, as learners, or on their way from one to the other.</summary>
    private static Configuration Members(Random random, TestNode to)
    {
        Configuration present = to.Status.Configuration;
        if (random.Next(2) == 0)
        {
            return present;
        }

        Member[] all = [.. Enumerable.Range(1, 5).Select(id => new Member(new NodeId((uint)id), $"n{id}", $"n{id}:1", ""))];
        Member[] voters = [.. all.Where(_ => random.Next(2) == 0)];
        Member[] learners = [.. all.Except(voters).Where(_ => random.Next(3) == 0)];
        Member[] outgoing = random.Next(2) == 0 ? [] : [.. all.Except(learners).Where(_ => random.Next(2) == 0)];
        return voters.Length == 0 ? present : new Configuration(voters, outgoing, learners, new NodeId((uint)random.Next(8)));
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
