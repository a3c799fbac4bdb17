using RaftStore.Raft;

namespace RaftStore.Node.Codec;

/// <summary>What the body of every frame begins with.</summary>
/// <param name="Cluster">The sender's cluster.</param>
/// <param name="From">The sender.</param>
/// <param name="To">The receiver.</param>
/// <param name="Term">The sender's term, or what the message type says.</param>
internal readonly record struct Envelope(ClusterId Cluster, NodeId From, NodeId To, long Term)
{
    /// <summary>Bytes of an envelope.</summary>
    public const int Bytes = 24;

    /// <summary>Where the message's own fields begin.</summary>
    public const int MessageOffset = PeerFrames.HeaderBytes + Bytes;
}
