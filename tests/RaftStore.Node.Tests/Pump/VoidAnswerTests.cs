using RaftStore.Kv;
using RaftStore.Node.Codec;
using RaftStore.Node.Tests.Codec;
using RaftStore.Node.Tests.Harness;
using RaftStore.Raft;
using RaftStore.Storage;

namespace RaftStore.Node.Tests.Pump;

public sealed class VoidAnswerTests
{
    private static readonly NodeId FirstLeader = new(1);
    private static readonly NodeId SecondLeader = new(3);
    private readonly TestCluster _cluster = new(3);
    private readonly List<AppendEntriesResponse> _acknowledged = [];

    public VoidAnswerTests() => _cluster.Filter = (from, to, channel, frame) =>
    {
        Assert.Null(new FrameDecoder(TestCluster.ClusterId, to).TryDecode(from, channel, frame, out Message? message));
        if (message is AppendEntriesResponse { Success: true } response)
        {
            _acknowledged.Add(response);
        }

        return true;
    };

    // The simulator's seed 30427: the entries had become durable, but a leader of a later term had replaced them by then.
    [Fact]
    public void Acknowledgement_OfEntriesThatANewLeaderReplacedBeforeTheyWereDurable_IsNotSent()
    {
        Node follower = _cluster[2].Node;
        LogWriter log = _cluster[2].Log;
        Append(follower, FirstLeader, new EntryId(1, 1), new EntryId(2, 1));
        LogCompletion late = log.RunOnce() ?? throw new InvalidOperationException("Nothing was written.");

        Append(follower, SecondLeader, new EntryId(1, 2));
        follower.LogCompleted(late);
        follower.RunOnce(_cluster.NowMs);
        Assert.Empty(_acknowledged);

        _cluster[2].Step();
        _cluster[2].Step();
        AppendEntriesResponse answer = Assert.Single(_acknowledged);
        Assert.Equal((2, 1, SecondLeader), (answer.Term, answer.MatchIndex, answer.To));
    }

    [Fact]
    public void Acknowledgement_OfTheTermThatStillRuns_LeavesOnceItsEntriesAreDurable()
    {
        Node follower = _cluster[2].Node;
        Append(follower, FirstLeader, new EntryId(1, 1), new EntryId(2, 1));
        Assert.Empty(_acknowledged);

        _cluster[2].Step();
        _cluster[2].Step();
        AppendEntriesResponse answer = Assert.Single(_acknowledged);
        Assert.Equal((1, 2, FirstLeader), (answer.Term, answer.MatchIndex, answer.To));
    }

    private void Append(Node follower, NodeId leader, params EntryId[] entries)
    {
        EntryBatch[] batches = [.. entries.Select(entry => EntryBatch.Seal(entry, clusterTimeMs: 0, EntryKind.Command, [KvCommand.Put("key"u8, "value"u8)]))];
        AppendEntries append = new(leader, _cluster[2].Id, entries[^1].Term, EntryId.Zero, [.. batches], LeaderCommit: 0);
        PeerFrame frame = MessageEncoder.Encode(TestCluster.ClusterId, append, out PeerChannel channel);
        Assert.Null(follower.Receive(leader, channel, FrameSamples.Bytes(frame)));
        follower.RunOnce(_cluster.NowMs);
    }
}
