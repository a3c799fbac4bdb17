using System.Globalization;

namespace RaftStore.Client;

/// <summary>What must hold of a key, at the moment the write is applied, for the write to happen.</summary>
public readonly record struct WriteCondition
{
    private enum Kind
    {
        None,
        Revision,
        Exists,
        Absent,
    }

    private readonly Kind _kind;
    private readonly long _modRevision;

    private WriteCondition(Kind kind, long modRevision = 0)
    {
        _kind = kind;
        _modRevision = modRevision;
    }

    /// <summary>The write happens whatever the key holds.</summary>
    public static WriteCondition None => default;

    /// <summary>The key exists.</summary>
    public static WriteCondition IfExists => new(Kind.Exists);

    /// <summary>The key does not exist.</summary>
    public static WriteCondition IfAbsent => new(Kind.Absent);

    /// <summary>The key was last changed by <paramref name="modRevision"/>; 0 means that it does not exist.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The revision is negative.</exception>
    public static WriteCondition IfRevision(long modRevision)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(modRevision);
        return new WriteCondition(Kind.Revision, modRevision);
    }

    internal (string Name, string Value)? Header => _kind switch
    {
        Kind.None => null,
        Kind.Revision => ("If-Match", $"\"{_modRevision.ToString(CultureInfo.InvariantCulture)}\""),
        Kind.Exists => ("If-Match", "*"),
        Kind.Absent => ("If-None-Match", "*"),
        _ => throw new InvalidOperationException($"unknown condition {_kind}"),
    };
}
