namespace RaftStore.Kv;

/// <summary>When a write may take place, decided when its entry is applied.</summary>
public enum KvConditionKind : byte
{
    /// <summary>Always.</summary>
    None = 0,

    /// <summary>Only where the key's mod revision is the one given; 0 stands for «does not exist».</summary>
    ModRevisionIs = 1,

    /// <summary>Only where the key exists.</summary>
    Exists = 2,

    /// <summary>Only where it does not.</summary>
    NotExists = 3,
}

/// <summary>A condition on a write.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Revision">For <see cref="KvConditionKind.ModRevisionIs"/>; 0 otherwise.</param>
public readonly record struct KvCondition(KvConditionKind Kind, long Revision)
{
    /// <summary>Always holds.</summary>
    public static readonly KvCondition None;

    /// <summary>True where a command may carry it.</summary>
    internal bool IsWellFormed =>
        Kind == KvConditionKind.ModRevisionIs ? Revision >= 0 : Kind <= KvConditionKind.NotExists && Revision == 0;
}
