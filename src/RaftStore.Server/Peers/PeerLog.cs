using RaftStore.Node;
using RaftStore.Raft;

namespace RaftStore.Server.Peers;

/// <summary>What the peer connections log: event ids 2000 to 2099.</summary>
internal static partial class PeerLog
{
    [LoggerMessage(2000, LogLevel.Information, "Listening for peers on {Address}")]
    public static partial void Listening(ILogger log, string address);

    [LoggerMessage(2001, LogLevel.Information, "Connected to {Peer} (id {PeerId}) for {Channel} at {Remote}")]
    public static partial void Connected(ILogger log, string peer, NodeId peerId, PeerChannel channel, string remote);

    [LoggerMessage(2002, LogLevel.Warning, "Lost the {Channel} connection to {Peer} (id {PeerId}): {Why}; {Dropped} queued frames were dropped")]
    public static partial void Lost(ILogger log, string peer, NodeId peerId, PeerChannel channel, string why, int dropped);

    [LoggerMessage(2003, LogLevel.Warning, "Cannot reach {Peer} (id {PeerId}) at {Address}: {Why}; going on to try")]
    public static partial void DialFailed(ILogger log, string peer, NodeId peerId, string address, string why);

    [LoggerMessage(2004, LogLevel.Information, "{Peer} (id {PeerId}) connected for {Channel} from {Remote}")]
    public static partial void Accepted(ILogger log, string peer, NodeId peerId, PeerChannel channel, string remote);

    [LoggerMessage(2005, LogLevel.Information, "The {Channel} connection from {Peer} (id {PeerId}) ended: {Why}")]
    public static partial void Ended(ILogger log, string peer, NodeId peerId, PeerChannel channel, string why);

    [LoggerMessage(2006, LogLevel.Warning, "Closed a connection from {Remote} on the peer port: {Why} ({Unlogged} like it since the last such line). If this is not a stranger, check --cluster and --peer-listen there")]
    public static partial void Refused(ILogger log, string remote, string why, int unlogged);

    [LoggerMessage(2007, LogLevel.Warning, "Closed the {Channel} connection from {Peer} (id {PeerId}) because of a frame that makes no sense: {Why}")]
    public static partial void BadFrame(ILogger log, string peer, NodeId peerId, PeerChannel channel, string why);

    [LoggerMessage(2008, LogLevel.Error, "Accepting peers failed: {Why}; trying again")]
    public static partial void AcceptFailed(ILogger log, string why);

    [LoggerMessage(2009, LogLevel.Error, "Serving the connection from {Remote} failed and it was closed. This is a defect: please report it with this trace")]
    public static partial void ServingFailed(ILogger log, string remote, Exception exception);

    [LoggerMessage(2010, LogLevel.Debug, "Not yet connected to {Peer} (id {PeerId}) for {Channel} at {Address}: {Why}")]
    public static partial void NotYetConnected(ILogger log, string peer, NodeId peerId, PeerChannel channel, string address, string why);
}
