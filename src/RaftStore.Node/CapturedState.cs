using RaftStore.Kv;
using RaftStore.Raft;

namespace RaftStore.Node;

/// <summary>The state at one applied entry, taken in constant time: what a snapshot is written from, now or later, on any thread.</summary>
/// <param name="View">The state; while it is held, nothing that it reaches is forgotten.</param>
/// <param name="Metadata">What it stands for; the length is not known.</param>
public sealed record CapturedState(KvView View, SnapshotMetadata Metadata);
