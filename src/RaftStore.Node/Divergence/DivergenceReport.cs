namespace RaftStore.Node;

/// <summary>Why a node's state is known not to be that of the others.</summary>
/// <param name="Index">The applied index at which the hashes were compared.</param>
/// <param name="OwnHash">What this node's state came to.</param>
/// <param name="OtherHash">What most of the others' came to, or, without a majority, one of them.</param>
/// <param name="HasMajority">False where no majority agreed: then nobody knows which state is right.</param>
public sealed record DivergenceReport(long Index, string OwnHash, string OtherHash, bool HasMajority);
