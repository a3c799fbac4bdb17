using RaftStore.Kv;
using RaftStore.Raft;

namespace RaftStore.Node.Divergence;

/// <summary>A member says what its state came to at an applied index.</summary>
/// <param name="State">The index and the hash.</param>
/// <param name="HashFormat">How its version makes hashes; those of another format cannot be compared.</param>
/// <param name="WantsAnswer">True where the sender asks for the receiver's hash at that index.</param>
internal sealed record StateHashReport(NodeId From, NodeId To, long Term, StateHash State, uint HashFormat, bool WantsAnswer) : Message(From, To, Term);
