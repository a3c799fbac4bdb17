namespace RaftStore.Verification;

/// <summary>What must hold of a key, at the moment a write takes effect, for it to happen.</summary>
public readonly record struct Precondition
{
    private readonly Kinds _kind;

    private Precondition(Kinds kind, long revision = -1)
    {
        _kind = kind;
        Revision = revision;
    }

    private enum Kinds
    {
        None,
        Absent,
        Exists,
        Revision,
    }

    /// <summary>The write happens whatever the key holds.</summary>
    public static Precondition None => default;

    /// <summary>The key does not exist.</summary>
    public static Precondition IfAbsent => new(Kinds.Absent, 0);

    /// <summary>The key exists.</summary>
    public static Precondition IfExists => new(Kinds.Exists);

    /// <summary>The revision asked for; of «absent» 0, otherwise of no meaning.</summary>
    public long Revision { get; }

    /// <summary>Nothing is asked for.</summary>
    public bool IsNone => _kind == Kinds.None;

    /// <summary>The key must not exist.</summary>
    public bool IsAbsent => _kind == Kinds.Absent;

    /// <summary>The key must exist, whatever its revision.</summary>
    public bool IsExists => _kind == Kinds.Exists;

    /// <summary>The key must have been written last by <see cref="Revision"/>.</summary>
    public bool IsRevision => _kind == Kinds.Revision;

    /// <summary>The key was last written by this revision; 0 means that it does not exist.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The revision is negative.</exception>
    public static Precondition IfRevision(long revision)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(revision);
        return revision == 0 ? IfAbsent : new Precondition(Kinds.Revision, revision);
    }
}
