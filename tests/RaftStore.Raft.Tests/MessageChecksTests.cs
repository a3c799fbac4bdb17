using RaftStore.Raft.Tests.Cluster;
using static RaftStore.Raft.Tests.Cluster.Driver;

namespace RaftStore.Raft.Tests;

/// <summary>Peers may be wrong: whatever they send, nothing is thrown, and what makes no sense changes nothing.</summary>
public sealed class MessageChecksTests
{
    private const long Huge = long.MaxValue;

    public static TheoryData<Message> Nonsense()
    {
        SnapshotMetadata snapshot = new(new EntryId(5, 1), 0, ConfigurationOf(3), 10);
        return
        [
            new HeartbeatResponse(Node(9), Node(1), 1, 0, 0, 0),
            new Heartbeat(Node(1), Node(1), 1, 0, 0, -1, 0, 0),
            new Heartbeat(NodeId.None, Node(1), 1, 0, 0, -1, 0, 0),
            new Heartbeat(Node(2), Node(3), 1, 0, 0, -1, 0, 0),
            new Heartbeat(Node(2), Node(1), 0, 0, 0, -1, 0, 0),
            new Heartbeat(Node(2), Node(1), -1, 0, 0, -1, 0, 0),
            new Heartbeat(Node(2), Node(1), Huge, 0, 0, -1, 0, 0),
            new Heartbeat(Node(2), Node(1), 1, -1, 0, -1, 0, 0),
            new Heartbeat(Node(2), Node(1), 1, Huge, 0, -1, 0, 0),
            new Heartbeat(Node(2), Node(1), 1, 0, -1, -1, 0, 0),
            new Heartbeat(Node(2), Node(1), 1, 0, 0, -2, 0, 0),
            new Heartbeat(Node(2), Node(1), 1, 0, 0, -1, -1, 0),
            new Heartbeat(Node(2), Node(1), 1, 0, 0, -1, 0, -1),
            new HeartbeatResponse(Node(2), Node(1), 1, -1, 0, 0),
            new HeartbeatResponse(Node(2), Node(1), 1, 0, Huge, 0),
            new HeartbeatResponse(Node(2), Node(1), 1, 0, 0, -5),
            new VoteRequest(Node(2), Node(1), 1, new EntryId(0, 1)),
            new VoteRequest(Node(2), Node(1), 1, new EntryId(1, 0)),
            new VoteRequest(Node(2), Node(1), 1, new EntryId(-1, -1)),
            new PreVoteRequest(Node(2), Node(1), Huge, EntryId.Zero),
            new PreVoteRequest(Node(2), Node(1), 1, new EntryId(Huge, Huge)),
            new PreVoteResponse(Node(2), Node(1), -1, true),
            new VoteResponse(Node(2), Node(1), 0, true),
            Append(2, 1, 1, new EntryId(-1, 0), 0),
            Append(2, 1, 1, new EntryId(1, 2), 0),
            Append(2, 1, 1, EntryId.Zero, -1),
            Append(2, 1, 1, EntryId.Zero, 0, Batch(2, 1)),
            Append(2, 1, 1, EntryId.Zero, 0, Batch(1, 2)),
            Append(2, 1, 1, EntryId.Zero, 0, Batch(1, 1), Batch(3, 1)),
            Append(2, 1, 1, EntryId.Zero, 0, Batch(1, 1), Batch(1, 1)),
            Append(2, 1, 2, EntryId.Zero, 0, Batch(1, 2), Batch(2, 1)),
            Append(2, 1, 1, EntryId.Zero, 0, Batch(1, 1, clusterTimeMs: 5), Batch(2, 1, clusterTimeMs: 4)),
            Append(2, 1, 9, new EntryId(Huge - 5, 1), 0),
            new AppendEntriesResponse(Node(2), Node(1), 1, true, -1, 0, EntryId.Zero),
            new AppendEntriesResponse(Node(2), Node(1), 1, true, 0, Huge, EntryId.Zero),
            new AppendEntriesResponse(Node(2), Node(1), 1, false, 0, 0, new EntryId(-9, 3)),
            new ReadIndexResponse(Node(2), Node(1), 1, new ReadId(1), -2),
            new InstallSnapshot(Node(2), Node(1), 1, snapshot, -1, new byte[1]),
            new InstallSnapshot(Node(2), Node(1), 1, snapshot, 5, new byte[6]),
            new InstallSnapshot(Node(2), Node(1), 1, snapshot, Huge, new byte[6]),
            new InstallSnapshot(Node(2), Node(1), 1, snapshot with { LastIncluded = EntryId.Zero }, 0, new byte[1]),
            new InstallSnapshot(Node(2), Node(1), 1, snapshot with { LastIncluded = new EntryId(5, 2) }, 0, new byte[1]),
            new InstallSnapshot(Node(2), Node(1), 1, snapshot with { LengthBytes = -1 }, 0, new byte[1]),
            new InstallSnapshotResponse(Node(2), Node(1), 1, new EntryId(5, 1), -1),
        ];
    }

    [Theory]
    [MemberData(nameof(Nonsense), DisableDiscoveryEnumeration = true)]
    public void Step_MessageThatMakesNoSense_DroppedCountedAndWithoutEffect(Message message)
    {
        var node = new Driver();

        node.Step(message);

        Assert.Equal(1, node.Raft.DroppedMessages);
        Assert.Equal((0L, RaftRole.Follower, EntryId.Zero), (node.Raft.Term, node.Raft.Role, node.Raft.LastEntry));
        Assert.Empty(node.Sent);
        Assert.Empty(node.Writes);
    }

    // Catalogue I8 from the other side: a message that would replace a committed entry.
    [Fact]
    public void Step_AppendEntriesAgainstACommittedEntry_DroppedAndCounted()
    {
        Driver node = new Driver(logTerms: [1, 1, 1], commitIndex: 2).Following(2, 5);

        node.Step(Append(2, 1, 5, new EntryId(1, 1), 0, Batch(2, 4)));

        Assert.Equal(1, node.Raft.DroppedMessages);
        Assert.Equal(new EntryId(3, 1), node.Raft.LastEntry);
        Assert.Empty(node.Sent);
    }

    [Fact]
    public void Step_BatchThatCrossesTheSnapshotOrDiffersInLength_DroppedAndCounted()
    {
        Driver node = new Driver().Following(2, 4);
        node.Raft.InstallSnapshot(new SnapshotMetadata(new EntryId(4, 3), 100, ConfigurationOf(3), 1));
        node.Step(Append(2, 1, 4, new EntryId(4, 3), 4, Batch(5, 4, clusterTimeMs: 100)));
        ReadOnlyMemory<byte>[] two = [new byte[1], new byte[1]];

        node.Step(Append(2, 1, 4, new EntryId(3, 3), 4, EntryBatch.Seal(new EntryId(4, 3), 100, EntryKind.Command, two)));
        node.Step(Append(2, 1, 4, new EntryId(4, 3), 4, EntryBatch.Seal(new EntryId(5, 4), 100, EntryKind.Command, two)));
        node.Step(Append(2, 1, 4, new EntryId(5, 4), 4, Batch(6, 4, clusterTimeMs: 99)));
        node.Step(Append(2, 1, 4, new EntryId(2, 1), 4, Batch(3, 1), Batch(4, 1), Batch(5, 1), Batch(6, 2)));

        Assert.Equal(4, node.Raft.DroppedMessages);
        Assert.Equal(new EntryId(5, 4), node.Raft.LastEntry);
    }

    [Fact]
    public void Step_SecondLeaderInOneTerm_DroppedAndCounted()
    {
        Driver node = new Driver().Following(2, 1);

        node.Step(Append(3, 1, 1, EntryId.Zero, 0, Batch(1, 1)));

        Assert.Equal((1L, Node(2), EntryId.Zero), (node.Raft.DroppedMessages, node.Raft.Leader, node.Raft.LastEntry));
    }

    // Whatever numbers: nothing throws, in any role, and the node's own promises hold.
    [Fact]
    public void Step_RandomMessages_NeverThrow()
    {
        for (ulong seed = 1; seed <= 60; seed++)
        {
            var prng = new Prng(seed);
            var node = new Driver(size: 3, logTerms: [1, 1, 2, 3, 3], commitIndex: (long)(seed % 4));
            for (int step = 0; step < 400; step++)
            {
                long term = node.Raft.Term;
                long commitIndex = node.Raft.CommitIndex;
                node.Step(RandomMessage(prng, node));
                Assert.True(node.Raft.Term >= term && node.Raft.CommitIndex >= commitIndex);
                switch (prng.NextBetween(0, 9))
                {
                    case 0:
                        node.Elapse(prng.NextBetween(0, 3000));
                        break;
                    case 1:
                        node.Sync();
                        break;
                    case 2:
                        node.Propose("a");
                        node.ReadIndex();
                        break;
                    case 3:
                        node.Raft.PeerUnreachable(Node((uint)prng.NextBetween(0, 4)));
                        node.Raft.SnapshotAbandoned(Node((uint)prng.NextBetween(0, 4)));
                        break;
                }
            }
        }
    }

    private static Message RandomMessage(Prng prng, Driver node)
    {
        NodeId from = Node((uint)prng.NextBetween(0, 4));
        NodeId to = Node((uint)Math.Min(prng.NextBetween(1, 10), 2) == 2 && prng.NextBetween(0, 9) == 0 ? 2u : 1u);
        long term = node.Raft.Term + Math.Max(-2, prng.NextBetween(-12, 1));
        EntryId entry = RandomEntry(prng);
        return prng.NextBetween(0, 11) switch
        {
            0 => new PreVoteRequest(from, to, term, entry),
            1 => new PreVoteResponse(from, to, term + 1, prng.NextBetween(0, 1) == 0),
            2 => new VoteRequest(from, to, term, entry),
            3 => new VoteResponse(from, to, term, prng.NextBetween(0, 1) == 0),
            4 or 5 => new AppendEntries(from, to, term, entry, RandomBatches(prng, entry), Number(prng)),
            6 => new AppendEntriesResponse(from, to, term, prng.NextBetween(0, 1) == 0, Number(prng), Number(prng), entry),

            // No more than was acknowledged: beyond that a node stops, as Figure2AppendEntriesTests shows.
            7 => new Heartbeat(from, to, term, Math.Min(Number(prng), node.Raft.DurableIndex), Number(prng), Number(prng), Number(prng), Number(prng)),
            8 => new HeartbeatResponse(from, to, term, Number(prng), Number(prng), Number(prng)),
            9 => new ReadIndexRequest(from, to, term, new ReadId(Number(prng))),
            10 => new ReadIndexResponse(from, to, term, new ReadId(Number(prng)), Number(prng)),
            _ => new InstallSnapshot(from, to, term, new SnapshotMetadata(entry, 0, ConfigurationOf(3), Number(prng)), Number(prng), new byte[prng.NextBetween(0, 9)]),
        };
    }

    private static System.Collections.Immutable.ImmutableArray<EntryBatch> RandomBatches(Prng prng, EntryId prev)
    {
        long first = prev.Index is >= 0 and < 1000 ? prev.Index + 1 : 1;
        long term = prev.Term is > 0 and < 1000 ? prev.Term : 1;
        return [.. Enumerable.Range(0, prng.NextBetween(0, 3)).Select(i => Batch(first + i, term + prng.NextBetween(0, 1)))];
    }

    private static EntryId RandomEntry(Prng prng) => prng.NextBetween(0, 5) == 0
        ? new EntryId(Number(prng), Number(prng))
        : new EntryId(prng.NextBetween(0, 7), prng.NextBetween(0, 4));

    private static long Number(Prng prng) => prng.NextBetween(0, 19) switch
    {
        0 => long.MaxValue,
        1 => long.MinValue,
        2 => -1,
        3 => unchecked((long)(prng.Next() >> prng.NextBetween(0, 63))),
        _ => prng.NextBetween(0, 9),
    };
}
