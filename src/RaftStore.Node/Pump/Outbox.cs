using RaftStore.Node.Codec;
using RaftStore.Raft;

namespace RaftStore.Node.Pump;

/// <summary>Sends messages: now, or once the request that they speak for is durable. Pump thread.</summary>
internal sealed class Outbox(ClusterId cluster, IPeerTransport transport, Tallies tallies)
{
    private readonly Queue<(BatchToken Token, Message Message)> _held = new();

    /// <summary>Messages that wait for the disk; bounded by the requests on their way to it.</summary>
    public int HeldCount => _held.Count;

    /// <summary>Sends a message now.</summary>
    /// <returns>False where it certainly did not leave.</returns>
    public bool Send(Message message)
    {
        PeerFrame frame = MessageEncoder.Encode(cluster, message, out PeerChannel channel);
        return Send(message.To, channel, frame);
    }

    /// <summary>Sends a frame now.</summary>
    /// <returns>False where it certainly did not leave.</returns>
    public bool Send(NodeId to, PeerChannel channel, PeerFrame frame)
    {
        if (transport.Send(to, channel, frame))
        {
            tallies.FramesSent++;
            return true;
        }

        tallies.FramesDropped++;
        return false;
    }

    /// <summary>The configuration in force has changed.</summary>
    public void Follow(Configuration configuration) => transport.Follow(configuration);

    /// <summary>Sends a message once that request is durable. Requests come in the order of their tokens.</summary>
    public void SendAfter(BatchToken token, Message message) => _held.Enqueue((token, message));

    /// <summary>That request is durable, and every earlier one. An answer given in a term that ended meanwhile is void: what it acknowledges
    /// may have been replaced since.</summary>
    public void Persisted(BatchToken token, long currentTerm)
    {
        while (_held.TryPeek(out (BatchToken Token, Message Message) first) && first.Token.Value <= token.Value)
        {
            _held.Dequeue();
            if (first.Message.Term >= currentTerm)
            {
                Send(first.Message);
            }
        }
    }

    /// <summary>The envelope of a frame that is not made of a core's message.</summary>
    public Envelope EnvelopeFor(RaftNode core, NodeId to) => new(cluster, core.Id, to, core.Term);
}
