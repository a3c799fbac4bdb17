namespace RaftStore.Kv.Versions;

/// <summary>Where a version stands in time.</summary>
/// <param name="CreateRevision">The revision that made the key; 0 in a tombstone.</param>
/// <param name="ModRevision">The revision that made this version.</param>
/// <param name="Version">1 for the first version of a key since it was made; 0 marks a tombstone.</param>
/// <param name="Lease">The lease the key hangs on; 0 for none.</param>
/// <param name="ClusterTimeMs">Cluster time of the entry that made this version: what the age of history is counted from.</param>
internal readonly record struct VersionStamp(long CreateRevision, long ModRevision, long Version, long Lease, long ClusterTimeMs);

/// <summary>One version of one key, or the tombstone that ended it. Immutable, so that any number of readers may hold it.</summary>
/// <remarks>Key and value lie in one array, one after the other, and this type alone knows where: when they move out of the
/// garbage-collected heap, only this file changes.</remarks>
internal sealed class KeyVersion
{
    private readonly byte[] _keyAndValue;
    private readonly int _keyBytes;
    private readonly VersionStamp _stamp;

    /// <summary>Keeps <paramref name="keyAndValue"/>, which nobody may change afterwards.</summary>
    internal KeyVersion(byte[] keyAndValue, int keyBytes, VersionStamp stamp)
    {
        _keyAndValue = keyAndValue;
        _keyBytes = keyBytes;
        _stamp = stamp;
    }

    /// <summary>Copies key and value.</summary>
    internal KeyVersion(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, VersionStamp stamp)
        : this(GC.AllocateUninitializedArray<byte>(key.Length + value.Length), key.Length, stamp)
    {
        key.CopyTo(_keyAndValue);
        value.CopyTo(_keyAndValue.AsSpan(key.Length));
    }

    internal ReadOnlySpan<byte> Key => _keyAndValue.AsSpan(0, _keyBytes);

    internal ReadOnlySpan<byte> Value => _keyAndValue.AsSpan(_keyBytes);

    /// <summary>The key and right after it the value.</summary>
    internal ReadOnlySpan<byte> KeyAndValue => _keyAndValue;

    internal int KeyBytes => _keyBytes;

    internal int ValueBytes => _keyAndValue.Length - _keyBytes;

    /// <summary>What the version adds to the store's size: its key and its value.</summary>
    internal int StoredBytes => _keyAndValue.Length;

    internal VersionStamp Stamp => _stamp;

    internal long CreateRevision => _stamp.CreateRevision;

    internal long ModRevision => _stamp.ModRevision;

    internal long Version => _stamp.Version;

    internal long ClusterTimeMs => _stamp.ClusterTimeMs;

    /// <summary>True where this says that the key ended here.</summary>
    internal bool IsTombstone => _stamp.Version == 0;

    /// <summary>The version as readers see it; the memory is this version's own.</summary>
    internal KvItem ToItem() =>
        new(_keyAndValue.AsMemory(0, _keyBytes), _keyAndValue.AsMemory(_keyBytes), _stamp.CreateRevision, _stamp.ModRevision, _stamp.Version, _stamp.Lease);
}
