using System.Collections.Immutable;
using RaftStore.Raft;

namespace RaftStore.Simulation;

/// <summary>When a leader may name an index that a linearizable read waits for (thesis §6.4), told from the messages alone: what a client would
/// notice only if a write of another leader fell into the same moment is noticed here at once.</summary>
internal sealed class ReadRules
{
    private readonly Dictionary<(NodeId From, long Id), Asked> _asked = [];
    private readonly HashSet<(NodeId From, long Id)> _ids = [];
    private readonly Dictionary<(NodeId Leader, long Term, long Round), long> _rounds = [];
    private readonly Dictionary<(NodeId Leader, long Term, NodeId Voter), long> _answered = [];
    private long _messages;
    private long _committed;

    /// <summary>Some node knows that so much is committed.</summary>
    public void Committed(long index) => _committed = Math.Max(_committed, index);

    /// <summary>A message leaves.</summary>
    public void Sent(SimulatedMachine sender, Message message)
    {
        _messages++;
        switch (message)
        {
            case ReadIndexRequest request:
                // A late answer to one question must not pass for one to another.
                ClusterInvariants.Check(_ids.Add((request.From, request.Id.Value)), $"{sender.Id} asks for a read index under the id {request.Id.Value}, under which it asked before");
                _asked.Add((request.From, request.Id.Value), new Asked(_messages, _committed));
                break;
            case Heartbeat heartbeat:
                _rounds.TryAdd((heartbeat.From, heartbeat.Term, heartbeat.ReadRound), _messages);
                break;
            case HeartbeatResponse response:
                (NodeId, long, NodeId) voter = (response.To, response.Term, response.From);
                _answered[voter] = Math.Max(_answered.GetValueOrDefault(voter), response.ReadRound);
                break;
            case ReadIndexResponse { Index: >= 0 } response when _asked.Remove((response.To, response.Id.Value), out Asked asked):
                Check(sender, response, asked);
                break;
        }
    }

    private void Check(SimulatedMachine leader, ReadIndexResponse response, Asked asked)
    {
        ClusterInvariants.Check(
            response.Index >= asked.Committed,
            $"{leader.Id} answers a read of {response.To} with index {response.Index}, though {asked.Committed} was committed when it was asked");
        Configuration configuration = leader.Node!.Core.Configuration;
        bool isConfirmed = HasMajority(configuration.VoterIds, response, asked.Message)
            && (!configuration.IsJoint || HasMajority(configuration.OutgoingIds, response, asked.Message));
        ClusterInvariants.Check(isConfirmed, $"{leader.Id} answers a read of {response.To} in term {response.Term} before a majority has answered a round that began after the read");
    }

    private bool HasMajority(ImmutableArray<NodeId> voters, ReadIndexResponse response, long askedAt)
    {
        int confirming = 0;
        foreach (NodeId voter in voters)
        {
            long round = _answered.GetValueOrDefault((response.From, response.Term, voter));
            confirming += voter == response.From || _rounds.GetValueOrDefault((response.From, response.Term, round)) > askedAt ? 1 : 0;
        }

        return 2 * confirming > voters.Length;
    }

    private readonly record struct Asked(long Message, long Committed);
}
