namespace RaftStore.Kvctl;

/// <summary>What a script can tell from how <c>kvctl</c> ended.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Ok = 0;

    /// <summary>The key does not exist; also a deletion of nothing.</summary>
    public const int NotFound = 1;

    /// <summary>The command line, or what it asks for, is not valid.</summary>
    public const int Usage = 2;

    /// <summary>The condition given did not hold; nothing was changed.</summary>
    public const int ConditionFailed = 3;

    /// <summary>The cluster could not serve this; certainly nothing was changed.</summary>
    public const int Unavailable = 4;

    /// <summary>A write may or may not have been applied.</summary>
    public const int Unknown = 5;

    /// <summary>A check found what may not be.</summary>
    public const int CheckFailed = 6;
}
