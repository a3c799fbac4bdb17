using RaftStore.Raft;

namespace RaftStore.Server.Peers;

/// <summary>The connections with one other node: a place for each channel and direction. Written under the transport's lock.</summary>
internal sealed class PeerLink(Member peer, bool isGuest, OutgoingConnection[] outgoing)
{
    /// <summary>The node as its configuration, or for a guest its handshake, describes it.</summary>
    public Member Peer { get; } = peer;

    /// <summary>True for one that is no member as far as this node knows: it may have joined by entries that are still missing here.</summary>
    public bool IsGuest { get; } = isGuest;

    /// <summary>The connections that this node dials, by channel.</summary>
    public OutgoingConnection[] Outgoing { get; } = outgoing;

    /// <summary>The connections that the other side dialled, by channel.</summary>
    public PeerSocket?[] Incoming { get; init; } = new PeerSocket?[outgoing.Length];

    /// <summary>When it stopped being a member, on the clock of <see cref="Environment.TickCount64"/>; -1 while it is one.</summary>
    public long LeftMs { get; set; } = -1;

    /// <summary>Ends every connection.</summary>
    public void Close()
    {
        foreach (PeerSocket? socket in Incoming)
        {
            socket?.Dispose();
        }

        foreach (OutgoingConnection connection in Outgoing)
        {
            connection.Dispose();
        }
    }
}
