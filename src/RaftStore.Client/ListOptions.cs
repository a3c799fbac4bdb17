namespace RaftStore.Client;

/// <summary>What a listing brings, and how.</summary>
public sealed class ListOptions
{
    /// <summary>The most items in one page, 1 to <see cref="PageSizeMax"/>.</summary>
    public int PageSize { get; init; } = PageSizeMax;

    /// <summary>The largest page a server gives.</summary>
    public const int PageSizeMax = 1000;

    /// <summary>Whether the values are left out.</summary>
    public bool KeysOnly { get; init; }

    /// <summary>Whether the keys come in descending order.</summary>
    public bool Reverse { get; init; }

    /// <summary>The revision of the store to list; null for the present one. All pages show the same.</summary>
    public long? Revision { get; init; }

    /// <summary>How recent the first page must be; the further pages are of the same revision.</summary>
    public ReadConsistency Consistency { get; init; }
}
