namespace RaftStore.Client;

/// <summary>A snapshot that was received to its end. Whether its bytes are right, its own checksums say.</summary>
/// <param name="Revision">The store's revision that it holds.</param>
/// <param name="LengthBytes">How many bytes were written.</param>
/// <param name="Node">The name of the node that sent it, where it gave one.</param>
public sealed record SnapshotResult(long Revision, long LengthBytes, string? Node);
