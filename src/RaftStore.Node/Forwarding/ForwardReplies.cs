using System.Runtime.InteropServices;
using RaftStore.Kv;
using RaftStore.Node.Codec;
using RaftStore.Node.Pump;
using RaftStore.Raft;

namespace RaftStore.Node.Forwarding;

/// <summary>Gathers what became of other members' writes during a pass, and sends it in as few frames as possible. Pump thread.</summary>
internal sealed class ForwardReplies(Outbox outbox, RaftNode core)
{
    private readonly List<PeerReplies> _peers = [];

    public void Add(NodeId to, ulong id, ForwardOutcome outcome, in KvResult result = default)
    {
        ForwardedResult reply = new(id, outcome, result);
        PeerReplies peer = PeerOf(to);
        int bytes = ForwardCodec.BytesOf(reply);
        if (peer.Bytes > 0 && peer.Bytes + bytes > ForwardCodec.FrameBytes)
        {
            Flush(peer);
        }

        peer.Results.Add(reply);
        peer.Bytes += bytes;
    }

    /// <summary>Sends everything gathered. What cannot be sent is lost, and its caller learns that the outcome is unknown.</summary>
    public void Flush()
    {
        foreach (PeerReplies peer in _peers)
        {
            if (peer.Bytes > 0)
            {
                Flush(peer);
            }
        }
    }

    private void Flush(PeerReplies peer)
    {
        outbox.Send(peer.To, PeerChannel.Bulk, ForwardCodec.Encode(outbox.EnvelopeFor(core, peer.To), CollectionsMarshal.AsSpan(peer.Results)));
        peer.Results.Clear();
        peer.Bytes = 0;
    }

    private PeerReplies PeerOf(NodeId id)
    {
        foreach (PeerReplies peer in _peers)
        {
            if (peer.To == id)
            {
                return peer;
            }
        }

        PeerReplies added = new(id);
        _peers.Add(added);
        return added;
    }

    private sealed class PeerReplies(NodeId to)
    {
        public NodeId To { get; } = to;

        public List<ForwardedResult> Results { get; } = [];

        public int Bytes { get; set; }
    }
}
