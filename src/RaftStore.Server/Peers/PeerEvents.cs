using RaftStore.Node;
using RaftStore.Raft;

namespace RaftStore.Server.Peers;

/// <summary>Where the transport hands over what happens: the node's own methods.</summary>
/// <param name="Receive">A whole frame came; what is wrong with it, or null.</param>
/// <param name="Connected">A channel to a peer can be sent on.</param>
/// <param name="Lost">It cannot any more; what was queued is gone.</param>
/// <param name="Removed">A member says that this node was removed from the cluster; the text says who and what.</param>
internal sealed record PeerEvents(
    Func<NodeId, PeerChannel, ReadOnlyMemory<byte>, string?> Receive,
    Action<NodeId, PeerChannel> Connected,
    Action<NodeId, PeerChannel> Lost,
    Action<string> Removed);
