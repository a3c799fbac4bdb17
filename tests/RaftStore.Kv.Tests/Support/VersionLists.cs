using RaftStore.Kv.Versions;

namespace RaftStore.Kv.Tests.Support;

/// <summary>Histories as lists.</summary>
internal static class VersionLists
{
    internal static KeyVersion[] Of(VersionHistory? history) => [.. Enumerable.Range(0, history?.Count ?? 0).Select(place => history![place])];
}
