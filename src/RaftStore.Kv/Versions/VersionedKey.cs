namespace RaftStore.Kv.Versions;

/// <summary>What the index holds for one key: its newest version, and the older ones that are still retained. The default value
/// stands for a key that the index does not hold.</summary>
internal readonly struct VersionedKey(KeyVersion newest, VersionHistory? older)
{
    /// <summary>The newest version; a tombstone where the key was deleted and its end is still retained.</summary>
    internal KeyVersion Newest { get; } = newest;

    /// <summary>The versions before it; null for none.</summary>
    internal VersionHistory? Older { get; } = older;

    /// <summary>True where the index holds the key.</summary>
    internal bool IsPresent => Newest is not null;

    /// <summary>True where the key exists at the newest revision.</summary>
    internal bool IsLive => Newest is { IsTombstone: false };

    /// <summary>The newest version where the key exists, and null where it does not.</summary>
    internal KeyVersion? Live => IsLive ? Newest : null;

    /// <summary>The version that was newest at <paramref name="revision"/>; null where the key did not exist then.</summary>
    internal KeyVersion? LiveAt(long revision) => At(revision) is { IsTombstone: false } version ? version : null;

    /// <summary>The same, or the tombstone where the key had ended and its end is still retained.</summary>
    internal KeyVersion? At(long revision) => Newest.ModRevision <= revision ? Newest : Older?.At(revision);

    /// <summary>This key with a newer version; what was newest becomes history.</summary>
    internal VersionedKey With(KeyVersion version) =>
        IsPresent ? new VersionedKey(version, VersionHistory.Append(Older, Newest)) : new VersionedKey(version, null);
}
