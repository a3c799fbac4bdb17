namespace RaftStore.Kv;

/// <summary>The hash over all live and retained versions at one applied index.</summary>
/// <param name="Index">The applied index.</param>
/// <param name="Hash">32 lower-case hexadecimal digits.</param>
public readonly record struct StateHash(long Index, string Hash)
{
    /// <summary>How the hash is made; another number for every change of what goes into it. Hashes of two formats cannot be compared.</summary>
    public const uint Format = 2;
}
