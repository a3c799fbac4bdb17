namespace RaftStore.Client.Http;

/// <summary>One request as every attempt sends it.</summary>
internal sealed class Call
{
    /// <summary>The verb.</summary>
    public required HttpMethod Method { get; init; }

    /// <summary>The request target, exactly as it goes on the wire.</summary>
    public required string Target { get; init; }

    /// <summary>Whether the request may change the store: then it is never sent twice unless the first is certain to have done nothing.</summary>
    public bool IsWrite { get; init; }

    /// <summary>Whether the leader answers this best; a hint only.</summary>
    public bool PrefersLeader { get; init; }

    /// <summary>The body; a write has one even where it is empty.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The media type of the body; null sends none.</summary>
    public string? ContentType { get; init; }

    /// <summary>A conditional header, if any.</summary>
    public (string Name, string Value)? Condition { get; init; }

    /// <summary>The only endpoint to ask, for questions about one node; null lets any node answer.</summary>
    public Uri? OnlyEndpoint { get; init; }
}
