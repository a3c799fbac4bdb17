using RaftStore.Kv.Versions;

namespace RaftStore.Kv.State;

/// <summary>The hashes of a set of versions, added up modulo 2^128: adding or taking away one version is O(1), and the order
/// does not matter.</summary>
internal struct VersionSum
{
    /// <summary>The sum.</summary>
    internal UInt128 Value { get; private set; }

    internal void Add(KeyVersion version) => Value = unchecked(Value + Hash(version));

    internal void Remove(KeyVersion version) => Value = unchecked(Value - Hash(version));

    /// <summary>The hash of everything that is replicated of one version.</summary>
    private static UInt128 Hash(KeyVersion version)
    {
        VersionStamp stamp = version.Stamp;
        ReadOnlySpan<ulong> words =
        [
            (ulong)version.KeyBytes,
            (ulong)version.ValueBytes,
            (ulong)stamp.CreateRevision,
            (ulong)stamp.ModRevision,
            (ulong)stamp.Version,
            (ulong)stamp.Lease,
            (ulong)stamp.ClusterTimeMs,
        ];
        return Hash128.Compute(words, version.KeyAndValue);
    }
}
