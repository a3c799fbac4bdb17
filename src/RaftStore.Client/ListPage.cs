namespace RaftStore.Client;

/// <summary>One page of a listing.</summary>
public sealed class ListPage
{
    /// <summary>The store's revision that all pages of the listing show.</summary>
    public required long Revision { get; init; }

    /// <summary>The items in the order asked for.</summary>
    public required IReadOnlyList<KvItem> Items { get; init; }

    /// <summary>Where the next page begins; null after the last page.</summary>
    public string? Cursor { get; init; }
}
