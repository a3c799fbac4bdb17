namespace RaftStore.Server.Http;

/// <summary>The query parameters of the key-value requests.</summary>
[Flags]
internal enum KvParameters
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary><c>key</c> or <c>key64</c>.</summary>
    Key = 1 << 0,

    /// <summary><c>prefix</c> or <c>prefix64</c>.</summary>
    Prefix = 1 << 1,

    /// <summary><c>start</c> or <c>start64</c>.</summary>
    Start = 1 << 2,

    /// <summary><c>end</c> or <c>end64</c>.</summary>
    End = 1 << 3,

    /// <summary><c>limit</c>.</summary>
    Limit = 1 << 4,

    /// <summary><c>cursor</c>.</summary>
    Cursor = 1 << 5,

    /// <summary><c>reverse</c>.</summary>
    Reverse = 1 << 6,

    /// <summary><c>keys_only</c>.</summary>
    KeysOnly = 1 << 7,

    /// <summary><c>count_only</c>.</summary>
    CountOnly = 1 << 8,

    /// <summary><c>encoding</c>.</summary>
    Encoding = 1 << 9,

    /// <summary><c>consistency</c>.</summary>
    Consistency = 1 << 10,

    /// <summary><c>redirect</c>.</summary>
    Redirect = 1 << 11,

    /// <summary><c>prev</c>.</summary>
    Previous = 1 << 12,

    /// <summary><c>min_revision</c>.</summary>
    MinRevision = 1 << 14,

    /// <summary><c>max_staleness</c>.</summary>
    MaxStaleness = 1 << 15,

    /// <summary>How recent a read must be.</summary>
    Recency = Consistency | MinRevision | MaxStaleness,

    /// <summary><c>revision</c>.</summary>
    Revision = 1 << 16,

    /// <summary>What says which keys a range has.</summary>
    Bounds = Prefix | Start | End,
}

/// <summary>Names of the parameters, and which request takes which.</summary>
internal static class KvParameterNames
{
    /// <summary>What a read of one key takes.</summary>
    public const KvParameters ForGet = KvParameters.Key | KvParameters.Encoding | KvParameters.Revision | KvParameters.Recency | KvParameters.Redirect;

    /// <summary>What a write of one key takes.</summary>
    public const KvParameters ForWrite = KvParameters.Key | KvParameters.Encoding | KvParameters.Previous | KvParameters.Redirect;

    /// <summary>What a list takes.</summary>
    public const KvParameters ForList = KvParameters.Bounds | KvParameters.Limit | KvParameters.Cursor | KvParameters.Reverse | KvParameters.KeysOnly
        | KvParameters.CountOnly | KvParameters.Encoding | KvParameters.Revision | KvParameters.Recency | KvParameters.Redirect;

    /// <summary>What the deletion of a range takes.</summary>
    public const KvParameters ForDeleteRange = KvParameters.Bounds | KvParameters.Redirect;

    /// <summary>Parameters that the API will have: refused by name, since passing over one would do something else than was asked.</summary>
    private static readonly string[] Future = ["ttl", "lease", "from_revision", "filter", "progress", "explain", "force"];

    /// <summary>The parameter with that name.</summary>
    /// <param name="isBase64">True for a <c>…64</c> form.</param>
    /// <returns><see cref="KvParameters.None"/> where there is none.</returns>
    public static KvParameters Find(ReadOnlySpan<char> name, out bool isBase64)
    {
        isBase64 = name is "key64" or "prefix64" or "start64" or "end64";
        return name switch
        {
            "key" or "key64" => KvParameters.Key,
            "prefix" or "prefix64" => KvParameters.Prefix,
            "start" or "start64" => KvParameters.Start,
            "end" or "end64" => KvParameters.End,
            "limit" => KvParameters.Limit,
            "cursor" => KvParameters.Cursor,
            "reverse" => KvParameters.Reverse,
            "keys_only" => KvParameters.KeysOnly,
            "count_only" => KvParameters.CountOnly,
            "encoding" => KvParameters.Encoding,
            "consistency" => KvParameters.Consistency,
            "revision" => KvParameters.Revision,
            "min_revision" => KvParameters.MinRevision,
            "max_staleness" => KvParameters.MaxStaleness,
            "redirect" => KvParameters.Redirect,
            "prev" => KvParameters.Previous,
            _ => KvParameters.None,
        };
    }

    /// <summary>The name of a single parameter.</summary>
    public static string NameOf(KvParameters parameter) => parameter switch
    {
        KvParameters.Key => "key",
        KvParameters.Prefix => "prefix",
        KvParameters.Start => "start",
        KvParameters.End => "end",
        KvParameters.Limit => "limit",
        KvParameters.Cursor => "cursor",
        KvParameters.Reverse => "reverse",
        KvParameters.KeysOnly => "keys_only",
        KvParameters.CountOnly => "count_only",
        KvParameters.Encoding => "encoding",
        KvParameters.Consistency => "consistency",
        KvParameters.Revision => "revision",
        KvParameters.MinRevision => "min_revision",
        KvParameters.MaxStaleness => "max_staleness",
        KvParameters.Redirect => "redirect",
        KvParameters.Previous => "prev",
        _ => throw new ArgumentOutOfRangeException(nameof(parameter), parameter, "Not a single parameter."),
    };

    /// <summary>The refusal of a name that is no parameter here.</summary>
    public static Problem Unknown(ReadOnlySpan<char> name)
    {
        string shown = name.Length <= 64 ? name.ToString() : string.Concat(name[..64], "…");
        return Future.Contains(shown)
            ? new Problem(ProblemType.NotSupported, $"The parameter '{shown}' is not there yet; without it the request would do something else than was asked, so nothing was done.")
            : new Problem(ProblemType.InvalidParameter, $"'{shown}' is not a parameter of this request.");
    }
}
